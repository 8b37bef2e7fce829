"""Difference lists: what a source sent, what the golden record holds, whose value won and why."""

from __future__ import annotations

from typing import Any

from tongban.base.kernel.api import emit, now

from ..data import DifferenceFound
from .registries import Registry

_DIFFERING = """
CREATE TEMP TABLE differing ON COMMIT DROP AS
SELECT r.id AS row_id, r.source_id, g.id AS cluster_id, e.key AS item, e.value AS theirs,
       coalesce(g.v ->> e.key, '') AS ours,
       w.source_id AS winner_id, CASE WHEN s.role = f.role AND o.role <> f.role THEN 'authority'
       WHEN s.rank <> o.rank THEN 'order' ELSE 'newer' END AS why
FROM golden g JOIN linkage_row r ON r.cluster_id = g.id AND r.state = 'linked'
JOIN linkage_source o ON o.id = r.source_id
CROSS JOIN jsonb_each_text(r.values) e JOIN linkage_row w ON w.id = (g.l ->> e.key)::bigint
JOIN linkage_source s ON s.id = w.source_id
JOIN unnest(%(items)s::text[], %(roles)s::text[]) AS f(item, role) ON f.item = e.key
WHERE g.n > 1 AND NOT g.v @> r.values AND w.id <> r.id AND e.value <> ''
  AND coalesce(r.forms ->> e.key, e.value) <> coalesce(w.forms ->> e.key, w.values ->> e.key)
UNION ALL
SELECT r.id, r.source_id, g.id, e.key, e.value, coalesce(g.v ->> e.key, ''),
       coalesce(w.source_id, r.source_id), 'unreadable'
FROM golden g JOIN linkage_row r ON r.cluster_id = g.id AND r.state = 'linked' AND r.unread <> '{}'
CROSS JOIN jsonb_each_text(r.unread) e LEFT JOIN linkage_row w ON w.id = (g.l ->> e.key)::bigint
"""
_FOUND = """
INSERT INTO linkage_difference (row_id, source_id, cluster_id, item, theirs, ours, winner_id, why, found_at)
SELECT row_id, source_id, cluster_id, item, theirs, ours, winner_id, why, %(now)s FROM differing
ON CONFLICT (row_id, item) DO UPDATE SET cluster_id = excluded.cluster_id, theirs = excluded.theirs,
    ours = excluded.ours, winner_id = excluded.winner_id, why = excluded.why, closed_at = NULL,
    found_at = CASE WHEN linkage_difference.closed_at IS NULL THEN linkage_difference.found_at
                    ELSE excluded.found_at END
WHERE (linkage_difference.theirs, linkage_difference.ours, linkage_difference.winner_id, linkage_difference.why)
    IS DISTINCT FROM (excluded.theirs, excluded.ours, excluded.winner_id, excluded.why)
    OR linkage_difference.closed_at IS NOT NULL
"""
_CLOSED = """
UPDATE linkage_difference d SET closed_at = %(now)s FROM linkage_row r JOIN golden g ON g.id = r.cluster_id
WHERE r.id = d.row_id AND d.closed_at IS NULL AND d.why <> 'another'
  AND NOT EXISTS (SELECT 1 FROM differing x WHERE x.row_id = d.row_id AND x.item = d.item)
"""
_NEW = """
SELECT s.resource, count(*) FROM linkage_difference d JOIN linkage_source s ON s.id = d.source_id
WHERE s.registry = %(registry)s AND d.closed_at IS NULL AND d.found_at = %(now)s GROUP BY s.resource
"""


def compare(cursor: Any, registry: Registry) -> dict[str, int]:
    """The clusters of `golden` against their rows: new differences are kept, those that a delivery settled close."""
    fields = [(column, field.source) for field in registry.definition.live for column in field.columns]
    names = {
        "registry": registry.key,
        "now": now(),
        "items": [column for column, _role in fields if column != registry.number],
        "roles": [role for column, role in fields if column != registry.number],
    }
    cursor.execute(_DIFFERING, names)
    cursor.execute("ANALYZE differing (row_id, item)")
    cursor.execute(_CLOSED, names)
    closed = cursor.rowcount
    cursor.execute(_FOUND, names)
    cursor.execute(_NEW, names)
    found = dict(cursor.fetchall())
    for resource, count in found.items():
        emit(DifferenceFound(registry.key, resource, count))
    cursor.execute("DROP TABLE differing")
    return {"differences": sum(found.values()), "closed": closed}
