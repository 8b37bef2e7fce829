"""The centre is told how often our answers were used under each grant: it sees the batches, and no question."""

from __future__ import annotations

import json

from django.db import connection, transaction

from tongban.data.transport import api as transport
from tongban.data.transport.data import CENTRE, Business, Kind, language

MOST = 10_000  # questions told at a time

_COUNTED = """
WITH counted AS (
    UPDATE node_asked SET counted = true WHERE message IN
        (SELECT message FROM node_asked WHERE NOT counted LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING "grant", node, code, rows
)
SELECT "grant", count(*), sum(rows) FROM counted WHERE code = '' AND node <> %s GROUP BY "grant" ORDER BY "grant"
"""


def tell_uses() -> int:
    """Tell what has been answered since the last time, once each; how many uses. What the centre asked it counts
    itself."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_COUNTED, [MOST, CENTRE])
            uses = [language.Use(grant=grant, uses=n, rows=int(rows)) for grant, n, rows in cursor.fetchall()]
        if uses:
            transport.send(
                CENTRE, Kind.CONTROL, Business.USED, json.dumps(language.Used(uses=uses)).encode(), priority=7
            )
    return sum(one["uses"] for one in uses)
