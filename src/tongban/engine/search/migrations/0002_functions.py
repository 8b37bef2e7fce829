"""Functions that index expressions lean on, and the everyday words to begin with."""

import csv
from pathlib import Path

from django.db import migrations

FORWARD = r"""
CREATE OR REPLACE FUNCTION search_plain(t text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT lower(normalize(regexp_replace(t, '\s+', '', 'g'), NFKC))
$$;

-- Every pair of neighbouring characters: what an index needs to find any part of a text.
CREATE OR REPLACE FUNCTION search_grams(t text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT coalesce(array_agg(DISTINCT substr(p, i, 2)), '{}')
  FROM public.search_plain(t) p, generate_series(1, char_length(p) - 1) i
$$;
"""
BACKWARD = "DROP FUNCTION search_grams(text); DROP FUNCTION search_plain(text)"


def seed(apps, schema_editor):
    Synonym = apps.get_model("search", "Synonym")
    with (Path(__file__).parents[1] / "seed" / "synonyms.csv").open(encoding="utf-8") as file:
        rows = {row["word"]: row["targets"].split() for row in csv.DictReader(file)}
    Synonym.objects.bulk_create(
        [Synonym(word=word, targets=targets) for word, targets in rows.items()], ignore_conflicts=True
    )


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
