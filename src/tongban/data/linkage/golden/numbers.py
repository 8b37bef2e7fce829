"""Linking by official numbers: one number, one record; what contradicts goes before a person, never together."""

from __future__ import annotations

from typing import Any

from django.db import connection

from tongban.base.kernel.api import now, system

from ..data import Why
from .registries import Registry

_ASKING = """
CREATE TEMP TABLE asking ON COMMIT DROP AS
SELECT r.id, k AS value, starts_with(r.keys[1], 'n:') AS numbered, r.keys[1] AS first,
       CASE WHEN s.role = %(authority)s THEN 0 ELSE s.rank END AS rank
FROM linkage_row r JOIN linkage_source s ON s.id = r.source_id AND s.registry = %(registry)s, unnest(r.keys) k
WHERE r.state = 'new' AND r.cluster_id IS NULL AND starts_with(k, %(kind)s)
"""
# A row that brings another number of its own stays out: it gets a record of its own, and the two go before a person.
_JOINING = """
CREATE TEMP TABLE joining ON COMMIT DROP AS
SELECT a.id, i.cluster_id, c.number, linkage_contradicts(r.values, r.forms, f.values, f.forms) AS clash
FROM asking a JOIN linkage_identifier i ON i.registry = %(registry)s AND i.value = a.value
JOIN linkage_cluster c ON c.id = i.cluster_id JOIN linkage_row r ON r.id = a.id JOIN linkage_row f ON f.id = c.founder
WHERE r.cluster_id IS NULL AND NOT (a.numbered AND c.number <> '' AND a.first <> 'n:' || c.number)
"""
_JOIN = """
UPDATE linkage_row r SET cluster_id = j.cluster_id, state = 'linked' FROM joining j WHERE j.id = r.id AND NOT j.clash
"""
_FOUND = """
WITH founder AS (
    SELECT DISTINCT ON (a.value) a.value, a.id FROM asking a JOIN linkage_row r ON r.id = a.id AND r.cluster_id IS NULL
    LEFT JOIN linkage_identifier i ON i.registry = %(registry)s AND i.value = a.value
    WHERE i.id IS NULL ORDER BY a.value, a.rank, a.id
), made AS (
    INSERT INTO linkage_cluster (registry, number, founder, "values", lineage, rows, held, written, stale)
    SELECT %(registry)s, CASE WHEN %(kind)s = 'n:' THEN substr(value, 3) ELSE '' END, id, '{}', '{}', 0, false, false,
           true FROM founder RETURNING id, founder)
UPDATE linkage_row r SET cluster_id = m.id, state = 'linked' FROM made m WHERE m.founder = r.id
"""
_HOLD = """
WITH made AS (
    INSERT INTO linkage_cluster (registry, number, founder, "values", lineage, rows, held, written, stale)
    SELECT %(registry)s, number, id, '{}', '{}', 0, true, false, true FROM joining WHERE clash RETURNING id, founder
), moved AS (
    UPDATE linkage_row r SET cluster_id = m.id, state = 'linked' FROM made m WHERE m.founder = r.id)
INSERT INTO linkage_review (public_id, registry, why, left_id, right_id, probability, gain, state, asked_at, moved)
SELECT registers.new_id(), %(registry)s, 'one_number', j.cluster_id, m.id, 0.5, 2, 'open', %(now)s, '{}'
FROM made m JOIN joining j ON j.id = m.founder
"""
_KNOWN = """
INSERT INTO linkage_identifier (registry, value, cluster_id)
SELECT DISTINCT ON (k) %(registry)s, k, r.cluster_id FROM asking a JOIN linkage_row r ON r.id = a.id
JOIN linkage_cluster c ON c.id = r.cluster_id AND NOT c.held, unnest(r.keys) k
WHERE k <> '' ORDER BY k, r.cluster_id ON CONFLICT (registry, value) DO NOTHING
"""
_SETTLED = "DELETE FROM asking a USING linkage_row r WHERE r.id = a.id AND r.cluster_id IS NOT NULL"
_ADOPT = """
UPDATE linkage_cluster c SET number = n.number, stale = true FROM (
    SELECT r.cluster_id, min(substr(a.first, 3)) AS number FROM asking a JOIN linkage_row r ON r.id = a.id
    WHERE a.numbered AND r.cluster_id IS NOT NULL GROUP BY r.cluster_id) n
WHERE c.id = n.cluster_id AND c.number = ''
"""
_TOUCH = """
UPDATE linkage_cluster c SET stale = true FROM asking a JOIN linkage_row r ON r.id = a.id
WHERE c.id = r.cluster_id AND NOT c.stale
"""
# One organisation code or registration number, two credit codes.
_SHARED = """
INSERT INTO linkage_review (public_id, registry, why, left_id, right_id, probability, gain, state, asked_at, moved)
SELECT DISTINCT ON (least(r.cluster_id, i.cluster_id), greatest(r.cluster_id, i.cluster_id))
       registers.new_id(), %(registry)s, %(why)s, least(r.cluster_id, i.cluster_id),
       greatest(r.cluster_id, i.cluster_id), 0.7, 2, 'open', %(now)s, '{}'
FROM linkage_row r
JOIN linkage_cluster c ON c.id = r.cluster_id AND c.stale AND c.registry = %(registry)s AND NOT c.held,
     unnest(r.keys) k JOIN linkage_identifier i ON i.registry = %(registry)s AND i.value = k
WHERE i.cluster_id <> r.cluster_id AND r.state = 'linked' ON CONFLICT DO NOTHING
"""
# One person with two numbers: the same name and birth date, and an address or telephone besides.
_TWICE = """
INSERT INTO linkage_review (public_id, registry, why, left_id, right_id, probability, gain, state, asked_at, moved)
SELECT DISTINCT ON (least(n.cluster_id, r.cluster_id), greatest(n.cluster_id, r.cluster_id))
       registers.new_id(), %(registry)s, %(why)s, least(n.cluster_id, r.cluster_id),
       greatest(n.cluster_id, r.cluster_id), 0.8, 2, 'open', %(now)s, '{{}}'
FROM linkage_cluster c JOIN linkage_row n ON n.id = c.founder AND n.cluster_id = c.id
JOIN linkage_row r ON r.face = n.face AND r.cluster_id <> c.id AND r.state = 'linked'
JOIN linkage_cluster o ON o.id = r.cluster_id AND o.registry = %(registry)s
WHERE c.registry = %(registry)s AND c.stale AND NOT c.written AND NOT c.held AND NOT o.held AND n.face <> ''
  AND c.number <> '' AND o.number <> '' AND c.number <> o.number AND ({proof})
ON CONFLICT DO NOTHING
"""


def link_numbers(registry: Registry) -> dict[str, int]:
    """Every new row with an official number into its cluster. One transaction; does what is left to do."""
    number = registry.definition.field(registry.number)
    names: dict[str, Any] = {"registry": registry.key, "authority": number.source, "now": now()}
    counts = {"by_number": 0, "founded": 0, "contradicted": 0, "two_numbers": 0}
    with system(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '192MB'; SET LOCAL synchronous_commit = off")
        for found in (False, True):
            for kind in registry.identifiers:
                _one_kind(cursor, names | {"kind": f"{kind}:"}, found, counts)
        for sql, why in ((_SHARED, Why.TWO_NUMBERS), (_TWICE.format(proof=_proof(registry)), Why.TWO_NUMBERS)):
            cursor.execute(sql, names | {"why": why.value})
            counts["two_numbers"] += cursor.rowcount
    return counts


def _one_kind(cursor: Any, names: dict[str, Any], found: bool, counts: dict[str, int]) -> None:
    cursor.execute("DROP TABLE IF EXISTS pg_temp.asking, pg_temp.joining")
    cursor.execute(_ASKING, names)
    if not cursor.rowcount:
        return
    cursor.execute("ANALYZE asking")
    if found:
        cursor.execute(_FOUND, names)
        counts["founded"] += cursor.rowcount
        cursor.execute(_KNOWN, names)
        cursor.execute(_SETTLED)
        cursor.execute("ANALYZE linkage_identifier, linkage_cluster")
    cursor.execute(_JOINING, names)
    cursor.execute(_JOIN)
    counts["by_number"] += cursor.rowcount
    cursor.execute(_HOLD, names)
    counts["contradicted"] += cursor.rowcount
    for sql in (_KNOWN, _ADOPT, _TOUCH):
        cursor.execute(sql, names)


def _proof(registry: Registry) -> str:
    side = "coalesce({0}.forms ->> '{1}', {0}.values ->> '{1}')"
    return " OR ".join(f"{side.format('n', item)} = {side.format('r', item)}" for item in registry.proof)
