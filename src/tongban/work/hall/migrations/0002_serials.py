from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("hall", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE hall_case_serial; CREATE SEQUENCE hall_org_serial",
            "DROP SEQUENCE hall_case_serial; DROP SEQUENCE hall_org_serial",
        ),
    ]
