"""What the conditions of `apps.personal_tables` ask about cases (R1)."""

from django.db import migrations, models

FUNCTIONS = """
-- Does an office of the person at work have, or had it, to do with this case? Security definer: the condition of cases
-- asks for tasks, the condition of tasks for cases, and somebody has to begin.
CREATE FUNCTION hall_works_on(one bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  found boolean;
  before text := coalesce(current_setting('tongban.system', true), '');
BEGIN
  PERFORM set_config('tongban.system', 'on', true);
  found := EXISTS (
    SELECT 1 FROM hall_work w WHERE w.case_id = one
      AND (w.office = ANY (tongban_offices()) OR tongban_covers('hall', w.office)));
  PERFORM set_config('tongban.system', before, true);
  RETURN found;
END $$;

-- Does the person at work see this case? With their own eyes: the condition of hall_case decides.
CREATE FUNCTION hall_sees(one bigint) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT 1 FROM hall_case WHERE id = one);
END $$;

-- The case with this number and this keyed hash of its query code, for somebody who is not signed in (T13, T15).
CREATE FUNCTION hall_case_with(number text, hash text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  found text;
  before text := coalesce(current_setting('tongban.system', true), '');
BEGIN
  PERFORM set_config('tongban.system', 'on', true);
  found := (SELECT public_id FROM hall_case WHERE case_no = number AND query_hash = hash);
  PERFORM set_config('tongban.system', before, true);
  RETURN found;
END $$;
"""
UNDO = "DROP FUNCTION hall_case_with(text, text); DROP FUNCTION hall_sees(bigint); DROP FUNCTION hall_works_on(bigint);"


class Migration(migrations.Migration):
    dependencies = [("hall", "0002_serials"), ("identity", "0002_row_settings")]
    operations = [
        migrations.RunSQL(FUNCTIONS, UNDO),
        migrations.AddIndex(
            "paper", models.Index(fields=["file"], condition=~models.Q(file=""), name="hall_paper_file")
        ),
    ]
