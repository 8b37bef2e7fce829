import django.contrib.postgres.fields
from django.db import migrations, models

import tongban.base.kernel.api


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.CharField(default=tongban.base.kernel.api.new_id, editable=False, max_length=26, unique=True)),
                ("title", models.CharField(max_length=200)),
                ("body", models.TextField()),
                ("published_at", models.DateTimeField(default=tongban.base.kernel.api.now)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "portal_notice",
                "ordering": ["-published_at"],
                "indexes": [models.Index(condition=models.Q(("withdrawn_at", None)), fields=["-published_at"], name="portal_notice_shown")],
            },
        ),
        migrations.CreateModel(
            name="NoticeDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.CharField(default=tongban.base.kernel.api.new_id, editable=False, max_length=26, unique=True)),
                ("title", models.CharField(max_length=200)),
                ("body", models.TextField()),
                ("editors", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), size=None)),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
                ("returned", models.TextField(blank=True)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("updated_at", models.DateTimeField(default=tongban.base.kernel.api.now)),
            ],
            options={"db_table": "portal_noticedraft", "ordering": ["-updated_at"]},
        ),
    ]
