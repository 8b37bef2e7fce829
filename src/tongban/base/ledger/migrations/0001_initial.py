import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

# A leaf is written once, also by the owner.
ONCE = """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is written once'; END $$;
CREATE TRIGGER ledger_leaf_once BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_leaf
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
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
    initial = True
    operations = [
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=models.Func(function="clock_timestamp"))),
                ("kind", models.CharField(max_length=100)),
                ("subject_kind", models.CharField(max_length=60)),
                ("subject_id", models.CharField(max_length=80)),
                ("by", models.CharField(blank=True, max_length=140)),
                ("facts", models.JSONField()),
            ],
            options={
                "db_table": "ledger_leaf",
                "indexes": [
                    models.Index(fields=["subject_id", "seq"], name="ledger_leaf_subject"),
                    django.contrib.postgres.indexes.BrinIndex(
                        autosummarize=True,
                        fields=["kind", "by"],
                        name="ledger_leaf_rare",
                        opclasses=["text_bloom_ops", "text_bloom_ops"],
                    ),
                ],
            },
        ),
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
        migrations.RunSQL(ONCE, "DROP FUNCTION ledger_refuse CASCADE"),
        migrations.RunSQL(TRIGGERS, "DROP INDEX ledger_tile_span; DROP FUNCTION ledger_tile_grows CASCADE"),
    ]
