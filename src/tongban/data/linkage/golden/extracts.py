"""The rows a source delivered last, kept with their key and digest: what is new, changed, the same, gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from psycopg import DataError

from tongban.base.kernel.api import Invalid, now, system

from ..models import Delivery

_CHUNK = 1 << 20
_STAGE = """
CREATE TEMP TABLE arriving (place bigserial, key text, v jsonb, f jsonb, u jsonb, keys text, face text, digest text)
"""
_REPEATED = """
DELETE FROM arriving WHERE place IN (SELECT place FROM (
    SELECT place, row_number() OVER (PARTITION BY key ORDER BY place DESC) AS n FROM arriving) a WHERE n > 1)
"""
# A row whose official numbers changed, or that waited alone for its record, is linked anew.
_CHANGED = """
CREATE TEMP TABLE changed ON COMMIT DROP AS
SELECT r.id, r.cluster_id AS former, a.*, coalesce(a.keys, '') <> array_to_string(r.keys, '|')
       OR c.id IS NULL OR (c.number = '' AND c.rows <= 1) AS anew
FROM arriving a JOIN linkage_row r ON r.source_id = %(source)s AND r.key = a.key
LEFT JOIN linkage_cluster c ON c.id = r.cluster_id
WHERE r.digest <> a.digest OR r.state = 'gone'
"""
_UPDATE = """
UPDATE linkage_row r SET values = jsonb_strip_nulls(c.v), forms = jsonb_strip_nulls(c.f),
    unread = jsonb_strip_nulls(c.u), keys = string_to_array(coalesce(c.keys, ''), '|'), face = coalesce(c.face, ''),
    digest = c.digest, state = CASE WHEN c.anew THEN 'new' ELSE 'linked' END,
    cluster_id = CASE WHEN c.anew THEN NULL ELSE r.cluster_id END, changed_at = %(now)s, delivery_id = %(delivery)s
FROM changed c WHERE c.id = r.id
"""
_INSERT = """
INSERT INTO linkage_row (source_id, key, values, forms, unread, keys, face, digest, state, changed_at, delivery_id)
SELECT %(source)s, a.key, jsonb_strip_nulls(a.v), jsonb_strip_nulls(a.f), jsonb_strip_nulls(a.u),
       string_to_array(coalesce(a.keys, ''), '|'), coalesce(a.face, ''), a.digest, 'new', %(now)s, %(delivery)s
FROM arriving a LEFT JOIN linkage_row r ON r.source_id = %(source)s AND r.key = a.key WHERE r.id IS NULL
"""
_GONE = """
UPDATE linkage_row r SET state = 'gone', changed_at = %(now)s, delivery_id = %(delivery)s
WHERE r.source_id = %(source)s AND r.state <> 'gone' AND NOT EXISTS (SELECT 1 FROM arriving a WHERE a.key = r.key)
"""
_STALE = """
UPDATE linkage_cluster c SET stale = true FROM (
    SELECT former AS id FROM changed WHERE former IS NOT NULL
    UNION SELECT cluster_id FROM linkage_row WHERE delivery_id = %(delivery)s AND cluster_id IS NOT NULL) t
WHERE c.id = t.id
"""
_RELEASED = """
DELETE FROM linkage_identifier i USING changed c WHERE c.anew AND i.cluster_id = c.former
AND NOT EXISTS (SELECT 1 FROM linkage_row r WHERE r.cluster_id = i.cluster_id AND i.value = ANY (r.keys))
"""
_FOUNDER = """
UPDATE linkage_cluster k SET founder = n.id FROM (
    SELECT r.cluster_id, min(r.id) AS id FROM linkage_row r JOIN changed c ON c.former = r.cluster_id AND c.anew
    GROUP BY r.cluster_id) n
WHERE k.id = n.cluster_id AND NOT EXISTS (SELECT 1 FROM linkage_row f WHERE f.id = k.founder AND f.cluster_id = k.id)
"""


def stored(delivery: Delivery, file: Path) -> dict[str, int]:
    """One transaction: the staged rows become the source's rows. The same delivery again finds everything the same."""
    with system(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '192MB'; SET LOCAL synchronous_commit = off")
        cursor.execute("DROP TABLE IF EXISTS pg_temp.arriving, pg_temp.changed")
        cursor.execute(_STAGE)
        arrived = _copy(cursor, file)
        cursor.execute(_REPEATED)
        counts = {"repeated": cursor.rowcount}
        cursor.execute("ANALYZE arriving")
        names: dict[str, Any] = {"source": delivery.source_id, "delivery": delivery.pk, "now": now()}
        cursor.execute(_CHANGED, names)
        cursor.execute(_UPDATE, names)
        counts["changed"] = cursor.rowcount
        cursor.execute(_INSERT, names)
        counts["new"] = cursor.rowcount
        counts["gone"] = 0
        if delivery.whole:
            cursor.execute(_GONE, names)
            counts["gone"] = cursor.rowcount
        cursor.execute(_STALE, names)
        cursor.execute(_RELEASED)
        cursor.execute(_FOUNDER)
        cursor.execute("DROP TABLE pg_temp.arriving")
    counts["same"] = arrived - counts["repeated"] - counts["changed"] - counts["new"]
    return counts


def _copy(cursor: Any, file: Path) -> int:
    try:
        with (
            cursor.copy("COPY pg_temp.arriving (key, v, f, u, keys, face, digest) FROM STDIN (FORMAT csv)") as copy,
            file.open("rb") as stream,
        ):
            while piece := stream.read(_CHUNK):
                copy.write(piece)
    except DataError as error:
        place = (error.diag.context or "").split(":")[0]
        raise Invalid({"rows": _("The delivery cannot be read: {place}.").format(place=place)}) from None
    return int(cursor.rowcount)
