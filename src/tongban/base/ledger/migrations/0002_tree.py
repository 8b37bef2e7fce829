import django.contrib.postgres.fields
from django.db import migrations, models

# The moment is the database's (T3); head and tail are the canonical event around it.
WRITE = """
CREATE FUNCTION ledger_write(a_kind text, a_subject_kind text, a_subject_id text, a_by text, head text, tail text,
    a_facts jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE moment timestamptz := clock_timestamp();
BEGIN
    INSERT INTO ledger_leaf (at, kind, subject_kind, subject_id, "by", facts, leaf)
    VALUES (moment, a_kind, a_subject_kind, a_subject_id, a_by, a_facts, sha256('\\x00'::bytea || convert_to(
        head || to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || tail, 'UTF8')));
END $$;
"""

# A tile only grows at its end, a head is never changed; only the log's row moves.
TRIGGERS = """
CREATE FUNCTION ledger_tile_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.level, NEW.index) IS DISTINCT FROM (OLD.level, OLD.index)
       OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes
       OR NEW.seqs[1:cardinality(OLD.seqs)] IS DISTINCT FROM OLD.seqs
    THEN RAISE EXCEPTION 'a sealed hash is never changed'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_tile_grows BEFORE UPDATE ON ledger_tile FOR EACH ROW EXECUTE FUNCTION ledger_tile_grows();
CREATE TRIGGER ledger_tile_once BEFORE DELETE OR TRUNCATE ON ledger_tile
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_head_once BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_head
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
ALTER TABLE ledger_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
CREATE INDEX ledger_tile_span ON ledger_tile USING gist (int8range(first, last, '[]')) WHERE level = 0;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Log",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("algorithm", models.CharField(max_length=10)),
                ("size", models.BigIntegerField(default=0)),
                ("complete", models.BigIntegerField(default=0)),
                ("mark", models.BigIntegerField(default=0)),
                ("writers", models.JSONField(default=list)),
            ],
            options={"db_table": "ledger_log"},
        ),
        migrations.CreateModel(
            name="Tile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.SmallIntegerField()),
                ("index", models.BigIntegerField()),
                ("hashes", models.BinaryField()),
                ("first", models.BigIntegerField(null=True)),
                ("last", models.BigIntegerField(null=True)),
                (
                    "seqs",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), null=True, size=None
                    ),
                ),
            ],
            options={
                "db_table": "ledger_tile",
                "constraints": [models.UniqueConstraint(fields=("level", "index"), name="ledger_tile_place")],
            },
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("key", models.CharField(max_length=40)),
                ("body", models.TextField()),
                ("signature", models.BinaryField()),
                ("hash_name", models.CharField(blank=True, max_length=10)),
            ],
            options={
                "db_table": "ledger_head",
                "indexes": [models.Index(fields=["at"], name="ledger_head_at")],
            },
        ),
        migrations.AddIndex("leaf", models.Index(fields=["by", "seq"], name="ledger_leaf_by")),
        migrations.AddIndex("leaf", models.Index(fields=["kind", "seq"], name="ledger_leaf_kind")),
        migrations.RunSQL(WRITE, "DROP FUNCTION ledger_write"),
        migrations.RunSQL(TRIGGERS, "DROP INDEX ledger_tile_span; DROP FUNCTION ledger_tile_grows CASCADE"),
    ]
