from django.db import migrations, models

TRIGGER = """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is written once'; END $$;
CREATE TRIGGER ledger_leaf_once BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_leaf
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
"""


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("kind", models.CharField(max_length=100)),
                ("subject_kind", models.CharField(max_length=60)),
                ("subject_id", models.CharField(max_length=80)),
                ("by", models.CharField(blank=True, max_length=140)),
                ("facts", models.JSONField()),
                ("leaf", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "ledger_leaf",
                "indexes": [models.Index(fields=["subject_id", "seq"], name="ledger_leaf_subject")],
            },
        ),
        migrations.RunSQL(TRIGGER, "DROP TABLE ledger_leaf; DROP FUNCTION ledger_refuse"),
    ]
