"""What row security asks (rule 8, R2): who is acting, and is there a live reason to see this subject?"""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION tongban_person() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('tongban.person_id', true), '');

CREATE FUNCTION tongban_acting_for() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('tongban.acting_for', true), '');

CREATE FUNCTION tongban_offices() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
RETURN string_to_array(coalesce(current_setting('tongban.offices', true), ''), ',');

CREATE FUNCTION tongban_system() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(current_setting('tongban.system', true), '') = 'on';

-- Security definer: a process that may not list the grants may still be judged by them.
CREATE FUNCTION tongban_may_see(kind text, id text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp
RETURN EXISTS (
    SELECT 1 FROM public.identity_purpose_grant g
    WHERE g.officer_id = nullif(current_setting('tongban.person_id', true), '')
      AND g.subject_id = tongban_may_see.id AND g.subject_kind = tongban_may_see.kind
      AND g.valid_from <= statement_timestamp() AND g.until > statement_timestamp()
      AND coalesce(current_setting('tongban.purpose', true), '') IN ('', g.purpose)
);
"""
UNDO = """
DROP FUNCTION tongban_may_see(text, text);
DROP FUNCTION tongban_system();
DROP FUNCTION tongban_offices();
DROP FUNCTION tongban_acting_for();
DROP FUNCTION tongban_person();
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial")]
    operations = [migrations.RunSQL(FUNCTIONS, UNDO)]
