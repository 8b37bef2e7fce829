"""Counting leaves: how often something happened lately, by whom or to what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from .queries import head_before

_GROUPS = {"": "''", "by": '"by"', "subject": "subject_kind || ':' || subject_id"}


@dataclass(frozen=True)
class Count:
    """How often, and when first and last."""

    key: str
    n: int
    first: datetime
    last: datetime


def counted(kinds: Sequence[str], since: datetime, group: str = "", least: int = 1) -> list[Count]:
    """Leaves of these kinds from a moment on, by whom (`by`), to what (`subject`) or all together; the most first.
    Leaves that nobody did are not counted by whom."""
    key = _GROUPS[group]
    named = f"AND {key} <> ''" if group else ""
    query = (
        f"SELECT {key}, count(*), min(at), max(at) FROM ledger_leaf "  # noqa: S608 - expressions of this module
        f"WHERE kind = ANY(%s) AND seq > %s AND at >= %s {named} "
        f"GROUP BY 1 HAVING count(*) >= %s ORDER BY 2 DESC, 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [list(kinds), _before(since), since, least])
        return [Count(*row) for row in cursor.fetchall()]


def by_hour(kinds: Sequence[str], since: datetime) -> dict[tuple[str, datetime], int]:
    """How often each of these kinds happened in each hour from a moment on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, date_trunc('hour', at), count(*) FROM ledger_leaf "
            "WHERE kind = ANY(%s) AND seq > %s AND at >= %s GROUP BY 1, 2",
            [list(kinds), _before(since), since],
        )
        return {(kind, hour): count for kind, hour, count in cursor.fetchall()}


def _before(since: datetime) -> int:
    """A number below all leaves since then, from the heads: there is no index on time."""
    head = head_before(since)
    return int(json.loads(head.body)["complete"]) if head else 0
