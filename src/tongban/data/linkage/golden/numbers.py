"""Linking by official numbers: one number, one record; what contradicts goes before a person, never together."""

from __future__ import annotations

from typing import Any

from ..data import Why
from .registries import Registry

# Rows without a place, with each of their numbers; `own` is the number of their own, where they bring one.
_ASKING = """
CREATE TEMP TABLE asking ON COMMIT DROP AS
SELECT p.id, p.place, k AS value, split_part(k, ':', 1) AS kind,
       CASE WHEN starts_with(a.keys, 'n:') THEN split_part(a.keys, '|', 1) END AS own
FROM pending p JOIN arriving a ON a.place = p.place, unnest(string_to_array(a.keys, '|')) k WHERE p.anew AND k <> ''
"""
# A row that brings another number of its own stays out: it gets a record of its own, and the two go before a person.
_JOINING = """
CREATE TEMP TABLE joining ON COMMIT DROP AS
SELECT a.id, i.cluster_id, a.own, c.number,
       linkage_contradicts(v.v, v.f, coalesce(fa.v, f.values), coalesce(fa.f, f.forms)) AS clash
FROM asking a JOIN linkage_identifier i ON i.registry = %(registry)s AND i.value = a.value
JOIN linkage_cluster c ON c.id = i.cluster_id JOIN arriving v ON v.place = a.place
LEFT JOIN linkage_row f ON f.id = c.founder
LEFT JOIN pending fp ON fp.id = c.founder LEFT JOIN arriving fa ON fa.place = fp.place
WHERE a.kind = %(kind)s AND NOT EXISTS (SELECT 1 FROM placed p WHERE p.id = a.id)
  AND NOT (a.own IS NOT NULL AND c.number <> '' AND a.own <> 'n:' || c.number)
"""
_JOIN = "INSERT INTO placed (id, cluster_id) SELECT id, cluster_id FROM joining WHERE NOT clash"
_ADOPT = """
UPDATE linkage_cluster c SET number = j.number, stale = true FROM (
    SELECT cluster_id, min(substr(own, 3)) AS number FROM joining
    WHERE NOT clash AND number = '' AND own IS NOT NULL GROUP BY cluster_id) j
WHERE c.id = j.cluster_id
"""
_FOUNDED = """
CREATE TEMP TABLE founded ON COMMIT DROP AS
SELECT id, value, nextval('linkage_cluster_id_seq') AS cluster_id FROM (
    SELECT * FROM (
        SELECT DISTINCT ON (a.value) a.value, a.id FROM asking a
        LEFT JOIN linkage_identifier i ON i.registry = %(registry)s AND i.value = a.value
        WHERE a.kind = %(kind)s AND i.id IS NULL AND NOT EXISTS (SELECT 1 FROM placed p WHERE p.id = a.id)
        ORDER BY a.value, a.id) d
    ORDER BY id) f
"""
_FOUND = """
INSERT INTO linkage_cluster (id, registry, number, founder, "values", lineage, rows, held, written, stale)
SELECT cluster_id, %(registry)s, CASE WHEN %(kind)s = 'n' THEN substr(value, 3) ELSE '' END, id, '{}', '{}', 0, false,
       false, true FROM founded
"""
_SETTLE = "INSERT INTO placed (id, cluster_id) SELECT id, cluster_id FROM founded"
_KNOWN = """
INSERT INTO linkage_identifier (registry, value, cluster_id)
SELECT %(registry)s, value, cluster_id FROM founded ORDER BY value ON CONFLICT (registry, value) DO NOTHING
"""
_OTHERS = """
INSERT INTO linkage_identifier (registry, value, cluster_id)
SELECT DISTINCT ON (a.value) %(registry)s, a.value, p.cluster_id FROM asking a JOIN placed p ON p.id = a.id
JOIN linkage_cluster c ON c.id = p.cluster_id AND NOT c.held WHERE a.kind <> %(kind)s
ORDER BY a.value, p.cluster_id ON CONFLICT (registry, value) DO NOTHING
"""
_HOLD = """
WITH made AS (
    INSERT INTO linkage_cluster (registry, number, founder, "values", lineage, rows, held, written, stale)
    SELECT %(registry)s, number, id, '{}', '{}', 0, true, false, true FROM joining WHERE clash RETURNING id, founder
), moved AS (
    INSERT INTO placed (id, cluster_id) SELECT founder, id FROM made)
INSERT INTO linkage_review (public_id, registry, why, left_id, right_id, probability, gain, state, asked_at, moved)
SELECT registers.new_id(), %(registry)s, 'one_number', j.cluster_id, m.id, 0.5, 2, 'open', %(now)s, '{}'
FROM made m JOIN joining j ON j.id = m.founder
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
WHERE i.cluster_id <> r.cluster_id AND cardinality(r.keys) > 1 ON CONFLICT DO NOTHING
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


def link_numbers(cursor: Any, registry: Registry, names: dict[str, Any]) -> dict[str, int]:
    """The rows of `pending` with an official number into their clusters: fills `placed`."""
    counts = {"by_number": 0, "founded": 0, "contradicted": 0}
    cursor.execute(_ASKING)
    cursor.execute("ANALYZE asking")
    for found in (False, True):
        for kind in registry.identifiers:
            _one_kind(cursor, names | {"kind": kind}, found, counts)
    cursor.execute("DROP TABLE asking")
    return counts


def ask(cursor: Any, registry: Registry, names: dict[str, Any]) -> int:
    """Questions about records that may be one although their numbers differ; how many."""
    count = 0
    for sql in (_SHARED, _TWICE.format(proof=_proof(registry))):
        cursor.execute(sql, names | {"why": Why.TWO_NUMBERS.value})
        count += cursor.rowcount
    return count


def _one_kind(cursor: Any, names: dict[str, Any], found: bool, counts: dict[str, int]) -> None:
    if found:
        cursor.execute(_FOUNDED, names)
        counts["founded"] += cursor.rowcount
        for sql in (_FOUND, _SETTLE, _KNOWN, "DROP TABLE founded"):
            cursor.execute(sql, names)
    cursor.execute(_JOINING, names)
    cursor.execute(_JOIN)
    counts["by_number"] += cursor.rowcount
    cursor.execute(_HOLD, names)
    counts["contradicted"] += cursor.rowcount
    for sql in (_ADOPT, _OTHERS, "DROP TABLE joining"):
        cursor.execute(sql, names)


def _proof(registry: Registry) -> str:
    side = "coalesce({0}.forms ->> '{1}', {0}.values ->> '{1}')"
    return " OR ".join(f"{side.format('n', item)} = {side.format('r', item)}" for item in registry.proof)
