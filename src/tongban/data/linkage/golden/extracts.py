"""The rows a source delivered last, kept with their key and digest: what is new, changed, the same, withdrawn. What is
new is linked by its official numbers while it still lies in temporary tables, so that each row is written once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from psycopg import DataError

from tongban.base.kernel.api import Invalid, now, system

from ..models import Delivery
from .numbers import ask, link_numbers
from .registries import Registry
from .sets import over

_CHUNK = 1 << 20
_STAGE = """
CREATE TEMP TABLE arriving (place bigserial, key text, gone boolean, v jsonb, f jsonb, u jsonb, keys text, face text,
    digest text) ON COMMIT DROP
"""
_REPEATED = """
DELETE FROM arriving WHERE place IN (SELECT place FROM (
    SELECT place, row_number() OVER (PARTITION BY key ORDER BY place DESC) AS n FROM arriving) a WHERE n > 1)
"""
# What is new or has changed. A row whose official numbers changed, or that waited alone for its record, is linked anew.
_PENDING = """
CREATE TEMP TABLE pending ON COMMIT DROP AS
SELECT a.place, r.id IS NOT NULL AS known, r.cluster_id AS former, coalesce(r.id, nextval('linkage_row_id_seq')) AS id,
       coalesce(a.keys, '') <> array_to_string(r.keys, '|') OR c.id IS NULL OR (c.number = '' AND c.rows <= 1) AS anew
FROM arriving a LEFT JOIN linkage_row r ON r.source_id = %(source)s AND r.key = a.key
LEFT JOIN linkage_cluster c ON c.id = r.cluster_id
WHERE NOT a.gone AND (r.id IS NULL OR r.digest <> a.digest OR r.state = 'gone')
"""
# Rows that stay where they are; the others find their cluster by number, by likeness, or found one.
_PLACED = """
CREATE TEMP TABLE placed ON COMMIT DROP AS SELECT id, former AS cluster_id FROM pending WHERE NOT anew
"""
_GONE = """
CREATE TEMP TABLE leaving ON COMMIT DROP AS
SELECT r.id, r.cluster_id AS former FROM linkage_row r LEFT JOIN arriving a ON a.key = r.key
WHERE r.source_id = %(source)s AND r.state <> 'gone' AND (a.gone OR %(whole)s AND a.key IS NULL)
"""
_LEAVE = """
UPDATE linkage_row r SET state = 'gone', cluster_id = NULL, changed_at = %(now)s, delivery_id = %(delivery)s
FROM leaving l WHERE l.id = r.id
"""
_CLOSE = """
UPDATE linkage_difference d SET closed_at = %(now)s FROM leaving l WHERE l.id = d.row_id AND d.closed_at IS NULL
"""
_LOOSEN = "UPDATE linkage_row r SET cluster_id = NULL, state = 'new' FROM pending p WHERE p.id = r.id AND p.anew"
# What a cluster has lost: its numbers are free again unless another of its rows has them; so is its founder's place.
_LOST = """
CREATE TEMP TABLE lost ON COMMIT DROP AS
SELECT former AS id FROM leaving WHERE former IS NOT NULL
UNION SELECT former FROM pending WHERE anew AND former IS NOT NULL
"""
_RELEASE = """
DELETE FROM linkage_identifier i USING lost l WHERE i.cluster_id = l.id
AND NOT EXISTS (SELECT 1 FROM linkage_row r WHERE r.cluster_id = i.cluster_id AND i.value = ANY (r.keys))
"""
# Who was held because another had the number first gets it now.
_HEIR = """
WITH heir AS (
    SELECT DISTINCT ON (c.number) c.id, c.number FROM lost l JOIN linkage_cluster o ON o.id = l.id AND o.number <> ''
    JOIN linkage_cluster c ON c.number = o.number AND c.held AND c.rows > 0 AND c.registry = o.registry
    WHERE NOT EXISTS (SELECT 1 FROM linkage_identifier i WHERE i.registry = c.registry AND i.value = 'n:' || c.number)
    ORDER BY c.number, c.id
), freed AS (
    UPDATE linkage_cluster c SET held = false, stale = true FROM heir h WHERE c.id = h.id)
INSERT INTO linkage_identifier (registry, value, cluster_id) SELECT %(registry)s, 'n:' || number, id FROM heir
"""
_FOUNDER = """
UPDATE linkage_cluster k SET founder = n.id FROM (
    SELECT r.cluster_id, min(r.id) AS id FROM linkage_row r JOIN lost l ON l.id = r.cluster_id GROUP BY r.cluster_id) n
WHERE k.id = n.cluster_id AND NOT EXISTS (SELECT 1 FROM linkage_row f WHERE f.id = k.founder AND f.cluster_id = k.id)
"""
_STALE = """
UPDATE linkage_cluster c SET stale = true FROM (
    SELECT id FROM lost UNION SELECT cluster_id FROM placed) t
WHERE c.id = t.id AND NOT c.stale
"""
_UPDATE = """
UPDATE linkage_row r SET values = jsonb_strip_nulls(a.v), forms = jsonb_strip_nulls(a.f),
    unread = jsonb_strip_nulls(a.u), keys = string_to_array(coalesce(a.keys, ''), '|'), face = coalesce(a.face, ''),
    digest = a.digest, state = CASE WHEN l.id IS NULL THEN 'new' ELSE 'linked' END, cluster_id = l.cluster_id,
    changed_at = %(now)s, delivery_id = %(delivery)s
FROM pending p JOIN arriving a ON a.place = p.place LEFT JOIN placed l ON l.id = p.id WHERE p.known AND r.id = p.id
"""
_INSERT = """
INSERT INTO linkage_row
    (id, source_id, key, values, forms, unread, keys, face, digest, state, cluster_id, changed_at, delivery_id)
SELECT p.id, %(source)s, a.key, jsonb_strip_nulls(a.v), jsonb_strip_nulls(a.f), jsonb_strip_nulls(a.u),
       string_to_array(coalesce(a.keys, ''), '|'), coalesce(a.face, ''), a.digest,
       CASE WHEN l.id IS NULL THEN 'new' ELSE 'linked' END, l.cluster_id, %(now)s, %(delivery)s
FROM pending p JOIN arriving a ON a.place = p.place LEFT JOIN placed l ON l.id = p.id WHERE NOT p.known
"""


def stored(registry: Registry, delivery: Delivery, file: Path) -> dict[str, int]:
    """One transaction: the staged rows become the source's rows, each in its cluster if it has an official number. The
    same delivery again finds everything the same."""
    names: dict[str, Any] = {
        "source": delivery.source_id, "delivery": delivery.pk, "whole": delivery.whole, "now": now(),
        "registry": registry.key,
    }  # fmt: skip
    with system(), connection.cursor() as cursor:
        cursor.execute(_STAGE)
        arrived = _copy(cursor, file)
        over(cursor, arrived)
        cursor.execute(_REPEATED)
        counts = {"repeated": cursor.rowcount}
        cursor.execute("ANALYZE arriving (place, key, keys, gone)")
        cursor.execute(_PENDING, names)
        cursor.execute(_PLACED)
        cursor.execute(_GONE, names)
        for sql in (_LEAVE, _CLOSE, _LOOSEN, _LOST, _RELEASE, _HEIR, _FOUNDER, "ANALYZE pending"):
            cursor.execute(sql, names)
        counts |= link_numbers(cursor, registry, names)
        cursor.execute(_STALE)
        cursor.execute(_UPDATE, names)
        counts["changed"] = cursor.rowcount
        cursor.execute(_INSERT, names)
        counts["new"] = cursor.rowcount
        counts["two_numbers"] = ask(cursor, registry, names)
        cursor.execute("SELECT (SELECT count(*) FROM leaving), (SELECT count(*) FROM arriving WHERE gone)")
        counts["gone"], withdrawn = cursor.fetchone()
        cursor.execute("DROP TABLE arriving, pending, placed, leaving, lost")
    counts["same"] = arrived - counts["repeated"] - counts["changed"] - counts["new"] - withdrawn
    return counts


def _copy(cursor: Any, file: Path) -> int:
    try:
        with (
            cursor.copy("COPY arriving (key, gone, v, f, u, keys, face, digest) FROM STDIN (FORMAT csv)") as copy,
            file.open("rb") as stream,
        ):
            while piece := stream.read(_CHUNK):
                copy.write(piece)
    except DataError as error:
        place = (error.diag.context or "").split(":")[0]
        raise Invalid({"rows": _("The delivery cannot be read: {place}.").format(place=place)}) from None
    return int(cursor.rowcount)
