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

-- In whose name somebody applies: the party they act for, or themselves.
CREATE FUNCTION tongban_applicant() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('tongban.acting_for', true), ''),
                'identity.person:' || nullif(current_setting('tongban.person_id', true), ''));

-- The one subject that somebody who is not signed in may see, because they knew its code.
CREATE FUNCTION tongban_subject() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('tongban.subject', true), '');

-- Whether a member of staff is at work, and whether they hold any right of a room.
CREATE FUNCTION tongban_staff() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(current_setting('tongban.offices', true), '') <> ''
    OR coalesce(current_setting('tongban.rooms', true), '') <> '';

CREATE FUNCTION tongban_works(room text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN room = ANY (string_to_array(coalesce(current_setting('tongban.rooms', true), ''), ','));

-- Whether a right of this room reaches the office from above: `tongban.reach` is a list of room:path.
CREATE FUNCTION tongban_covers(room text, office text) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  reach text := coalesce(current_setting('tongban.reach', true), '');
BEGIN
  IF reach = '' THEN RETURN false; END IF;
  RETURN EXISTS (
    SELECT 1 FROM public.identity_office o, unnest(string_to_array(reach, ',')) AS reached
    WHERE o.public_id = office AND starts_with(room || ':' || o.path, reached));
END $$;

-- Security definer: a process that may not list the grants may still be judged by them.
-- It opens row security for its one question: an owner of tables need not be able to pass it.
CREATE FUNCTION tongban_may_see(kind text, id text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  found boolean;
  before text := coalesce(current_setting('tongban.system', true), '');
BEGIN
  PERFORM set_config('tongban.system', 'on', true);
  found := EXISTS (
    SELECT 1 FROM identity_purpose_grant g
    WHERE g.officer_id = tongban_person()
      AND g.subject_id = tongban_may_see.id AND g.subject_kind = tongban_may_see.kind
      AND g.valid_from <= statement_timestamp() AND g.until > statement_timestamp()
      AND coalesce(current_setting('tongban.purpose', true), '') IN ('', g.purpose));
  PERFORM set_config('tongban.system', before, true);
  RETURN found;
END $$;

-- A live session and its account, for whoever holds its key: what every request begins with, when nobody is known yet.
CREATE FUNCTION identity_session_of(key text, which text, moment timestamptz)
RETURNS TABLE (session identity_session, account identity_person)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  before text := coalesce(current_setting('tongban.system', true), '');
BEGIN
  PERFORM set_config('tongban.system', 'on', true);
  RETURN QUERY SELECT s, p FROM identity_session s LEFT JOIN identity_person p ON p.id = s.account_id
    WHERE s.session_key = key AND s.site = which AND s.expire_date > moment;
  PERFORM set_config('tongban.system', before, true);
END $$;
"""
UNDO = """
DROP FUNCTION identity_session_of(text, text, timestamptz);
DROP FUNCTION tongban_covers(text, text);
DROP FUNCTION tongban_works(text);
DROP FUNCTION tongban_staff();
DROP FUNCTION tongban_subject();
DROP FUNCTION tongban_applicant();
DROP FUNCTION tongban_may_see(text, text);
DROP FUNCTION tongban_system();
DROP FUNCTION tongban_offices();
DROP FUNCTION tongban_acting_for();
DROP FUNCTION tongban_person();
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial")]
    operations = [migrations.RunSQL(FUNCTIONS, UNDO)]
