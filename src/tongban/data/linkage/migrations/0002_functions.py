"""What linking asks of two rows, and how values of several sources lie over each other."""

from django.db import migrations

FUNCTIONS = """
CREATE AGGREGATE linkage_overlay(jsonb) (sfunc = jsonb_concat, stype = jsonb, initcond = '{}', parallel = safe);

-- Whether two rows with one official number cannot mean the same: names that share no more than half their syllables,
-- none of which was the other's former name; of organisations also different representatives, for firms are renamed.
CREATE FUNCTION linkage_contradicts(a jsonb, af jsonb, b jsonb, bf jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  one text := coalesce(af ->> 'name', a ->> 'name');
  two text := coalesce(bf ->> 'name', b ->> 'name');
  x text[]; y text[]; shared integer;
BEGIN
  IF one IS NULL OR two IS NULL OR one = two OR af ->> 'name~' = bf ->> 'name~' THEN RETURN false; END IF;
  IF coalesce(af ->> 'former_name', a ->> 'former_name') = two
     OR coalesce(bf ->> 'former_name', b ->> 'former_name') = one THEN RETURN false; END IF;
  IF coalesce(af ->> 'representative', a ->> 'representative')
     = coalesce(bf ->> 'representative', b ->> 'representative') THEN RETURN false; END IF;
  x := string_to_array(af ->> 'name~', ' ');
  y := string_to_array(bf ->> 'name~', ' ');
  SELECT count(*) INTO shared FROM (SELECT DISTINCT unnest(x) INTERSECT SELECT unnest(y)) s;
  RETURN shared * 2 <= greatest(cardinality(x), cardinality(y));
END $$;
"""
UNDO = "DROP FUNCTION linkage_contradicts(jsonb, jsonb, jsonb, jsonb); DROP AGGREGATE linkage_overlay(jsonb);"


class Migration(migrations.Migration):
    dependencies = [("linkage", "0001_initial"), ("registers", "0002_schema")]
    operations = [migrations.RunSQL(FUNCTIONS, UNDO)]
