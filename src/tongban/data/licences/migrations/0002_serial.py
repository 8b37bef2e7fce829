"""Serial numbers of licence identifiers: taken without waiting for each other."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("licences", "0001_initial")]
    operations = [migrations.RunSQL("CREATE SEQUENCE licences_serial", "DROP SEQUENCE licences_serial")]
