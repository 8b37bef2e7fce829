"""A message is seen by its recipient, by holders of a post in the recipient office, and by the product's own jobs."""

from django.db import migrations

SECURITY = """
ALTER TABLE notify_message ENABLE ROW LEVEL SECURITY;
ALTER TABLE notify_message FORCE ROW LEVEL SECURITY;
CREATE POLICY tell ON notify_message FOR INSERT WITH CHECK (true);
CREATE POLICY own ON notify_message FOR SELECT USING (
    recipient_id = tongban_person() OR recipient_id = ANY (tongban_offices()) OR tongban_system());
CREATE POLICY mark ON notify_message FOR UPDATE USING (
    recipient_id = tongban_person() OR recipient_id = ANY (tongban_offices()) OR tongban_system());
"""
UNDO = """
DROP POLICY tell ON notify_message;
DROP POLICY own ON notify_message;
DROP POLICY mark ON notify_message;
ALTER TABLE notify_message NO FORCE ROW LEVEL SECURITY;
ALTER TABLE notify_message DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("notify", "0001_initial"), ("identity", "0002_row_settings")]
    operations = [migrations.RunSQL(SECURITY, UNDO)]
