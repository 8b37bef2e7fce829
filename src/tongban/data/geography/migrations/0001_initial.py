"""The boxes of features and their index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.CreateModel(
            name="Extent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("register", models.CharField(max_length=60)),
                ("row", models.CharField(db_collation="C", max_length=40)),
                ("west", models.FloatField()),
                ("south", models.FloatField()),
                ("east", models.FloatField()),
                ("north", models.FloatField()),
            ],
            options={"db_table": "geography_extent"},
        ),
        migrations.AddConstraint(
            model_name="extent",
            constraint=models.UniqueConstraint(fields=("register", "row"), name="geography_extent_once"),
        ),
        migrations.RunSQL(
            "CREATE INDEX geography_extent_box ON geography_extent "
            "USING gist (box(point(west, south), point(east, north)))",
            "DROP INDEX geography_extent_box",
        ),
    ]
