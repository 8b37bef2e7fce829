"""The schema of the registers' tables and the four functions their definitions lean on."""

from django.db import migrations

FORWARD = r"""

CREATE SCHEMA IF NOT EXISTS registers;

-- A public id made by the database, for bulk deliveries: 26 characters that are Crockford base32 too, 104 random bits.
-- (Thirty-two symbols would take nine microseconds a row in SQL, sixteen take one.)
CREATE OR REPLACE FUNCTION registers.new_id() RETURNS text LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT left(encode(sha256(uuid_send(gen_random_uuid())), 'hex'), 26)
$$;

-- The part of an enterprise name that tells it from others: no spaces or punctuation, no legal form.
CREATE OR REPLACE FUNCTION registers.name_core(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT regexp_replace(
    regexp_replace(lower(normalize(name, NFKC)), '[[:space:][:punct:]·、。，；：“”‘’《》〈〉【】「」—…]+', '', 'g'),
    '(普通合伙|有限合伙|特殊普通合伙)?(股份有限公司|有限责任公司|集团有限公司|有限公司|集团公司|公司|集团)?(普通合伙|有限合伙)?$', '')
$$;

-- Whose personal rows the person at work may see: their own, and those under a live purpose grant (rule 8, T1). People
-- are named by the look-up hash of their number, which accounts and registers have in common; numbers are sealed.
CREATE OR REPLACE FUNCTION registers.visible_subjects() RETURNS bytea[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  me text := tongban_person();
  found bytea[];
  before text := coalesce(current_setting('tongban.system', true), '');
BEGIN
  IF me IS NULL THEN RETURN ARRAY[]::bytea[]; END IF;
  PERFORM set_config('tongban.system', 'on', true);
  found := ARRAY(
    SELECT decode(p.id_index, 'hex') FROM identity_person p
      WHERE p.public_id = me AND p.id_index <> '' AND p.level >= 2 AND p.is_active
    UNION
    SELECT decode(p.id_index, 'hex') FROM identity_purpose_grant g JOIN identity_person p ON p.public_id = g.subject_id
      WHERE g.officer_id = me AND g.subject_kind = 'identity.person' AND p.id_index <> ''
        AND g.valid_from <= statement_timestamp() AND g.until > statement_timestamp()
        AND coalesce(current_setting('tongban.purpose', true), '') IN ('', g.purpose));
  PERFORM set_config('tongban.system', before, true);
  RETURN found;
END $$;

-- Rows granted one by one, for subjects who have no account.
CREATE OR REPLACE FUNCTION registers.granted_rows(kind text) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  me text := tongban_person();
  found text[];
  before text := coalesce(current_setting('tongban.system', true), '');
BEGIN
  IF me IS NULL THEN RETURN ARRAY[]::text[]; END IF;
  PERFORM set_config('tongban.system', 'on', true);
  found := ARRAY(
    SELECT g.subject_id FROM identity_purpose_grant g
      WHERE g.officer_id = me AND g.subject_kind = kind
        AND g.valid_from <= statement_timestamp() AND g.until > statement_timestamp()
        AND coalesce(current_setting('tongban.purpose', true), '') IN ('', g.purpose));
  PERFORM set_config('tongban.system', before, true);
  RETURN found;
END $$;

-- Do this name and number belong together? Yes or no, nothing else: for real-name accounts (TRUST-04, T2).
CREATE OR REPLACE FUNCTION registers.person_known(number bytea, name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  found boolean := false;
  before text := coalesce(current_setting('tongban.system', true), '');
BEGIN
  IF to_regclass('registers.population') IS NOT NULL THEN
    -- Opened for this one question only. A SET clause would need a right that owners do not have by default.
    PERFORM set_config('tongban.system', 'on', true);
    EXECUTE 'SELECT EXISTS (SELECT 1 FROM registers.population '
      'WHERE id_number_index = $1 AND name = $2 AND valid_to IS NULL)'
      INTO found USING number, name;
    PERFORM set_config('tongban.system', before, true);
  END IF;
  RETURN found;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("registers", "0001_initial"),
        ("search", "0002_functions"),
        ("identity", "0002_row_settings"),
    ]
    operations = [migrations.RunSQL(FORWARD, "DROP SCHEMA registers CASCADE")]
