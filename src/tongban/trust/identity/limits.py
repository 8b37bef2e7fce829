"""Rate limits in PostgreSQL, shared by all processes (R24)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import F
from django.http import HttpRequest

from tongban.base.kernel.api import now

from .models import Limit
from .personal import keyed

# One row per key: a window that is over starts again at one. The row lock makes parallel callers count one
# by one.
_COUNT = """
INSERT INTO identity_limit AS l (key, n, until) VALUES (%(key)s, 1, %(until)s)
ON CONFLICT (key) DO UPDATE SET
    n = CASE WHEN l.until <= %(now)s THEN 1 ELSE l.n + 1 END,
    until = CASE WHEN l.until <= %(now)s THEN excluded.until ELSE l.until END
RETURNING n
"""


# Uses counted inside the present view, to be counted again should its transaction be rolled back.
_counted: ContextVar[tuple[int, list[tuple[str, int]]] | None] = ContextVar("counted_uses", default=None)


def limited(key: str, n: int, per_seconds: int) -> bool:
    """Count one use of `key`; true when it is more than `n` within `per_seconds`.

    Name what is limited in the key (`query:` + network). Keys are hashed, so they may hold a phone or an
    address. A view that is refused afterwards still counts; elsewhere a rollback forgets the use, so call it
    before the transaction.
    """
    around = _counted.get()
    if around is not None and _depth() > around[0]:
        around[1].append((key, per_seconds))
    return _count(key, per_seconds) > n


def _depth() -> int:
    """How many transactions and savepoints are open."""
    return len(connection.savepoint_ids) + connection.in_atomic_block


def _count(key: str, per_seconds: int) -> int:
    moment = now()
    until = moment + timedelta(seconds=per_seconds)
    values: dict[str, Any] = {"key": keyed("limit", key), "until": until, "now": moment}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        return int(cursor.fetchone()[0])


@contextmanager
def kept() -> Iterator[None]:
    """Around a transaction: if it is rolled back, what was counted in it is counted again."""
    uses: list[tuple[str, int]] = []
    token = _counted.set((_depth(), uses))
    try:
        yield
    except Exception:
        for key, per_seconds in uses:
            _count(key, per_seconds)
        raise
    finally:
        _counted.reset(token)


def forgive(key: str) -> None:
    """Take one use of `key` back: it turned out to be a right one."""
    Limit.objects.filter(key=keyed("limit", key), n__gt=0).update(n=F("n") - 1)


def network(request: HttpRequest) -> str:
    """The network a request comes from: an IPv4 address, or the first 64 bits of an IPv6 address."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    return ":".join(address.split(":")[:4]) if address.count(":") > 1 else address


def forget_old() -> int:
    """Delete counters whose window is over; gives their number."""
    gone, _kinds = Limit.objects.filter(until__lte=now()).delete()
    return gone
