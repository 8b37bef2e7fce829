"""The only source of time (rule 6 of the house; security R13)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_shift: ContextVar[timedelta] = ContextVar("clock_shift", default=timedelta())


def now() -> datetime:
    """The present moment, aware, in UTC. Stored moments are UTC."""
    return datetime.now(UTC) + _shift.get()


def today() -> date:
    """Today's date where the law is read: Asia/Shanghai."""
    return now().astimezone(SHANGHAI).date()


def local(moment: datetime) -> datetime:
    """A stored moment as the clock on the wall in Asia/Shanghai shows it."""
    return moment.astimezone(SHANGHAI)


@contextmanager
def travelled(by: timedelta) -> Iterator[None]:
    """Shift the clock inside the block: acceptance cases of packs and tests live through weeks in a second."""
    token = _shift.set(_shift.get() + by)
    try:
        yield
    finally:
        _shift.reset(token)
