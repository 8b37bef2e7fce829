"""The public process may use the status responder's keys and see no other (security T45); who holds which half of an
act is only for those who work with keys."""

from django.db import migrations

SECURITY = """
ALTER TABLE keys_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE keys_key FORCE ROW LEVEL SECURITY;
CREATE POLICY inside ON keys_key USING (current_user <> 'tongban_public' OR purpose = 'ocsp');
"""
UNDO = """
DROP POLICY inside ON keys_key;
ALTER TABLE keys_key NO FORCE ROW LEVEL SECURITY;
ALTER TABLE keys_key DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("keys", "0001_initial")]
    operations = [migrations.RunSQL(SECURITY, UNDO)]
