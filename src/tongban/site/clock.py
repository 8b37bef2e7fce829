"""The program's clock held against the database's: more than five seconds between them is an alarm (T46).

Times of the record are the database's, deadlines are counted by the program's. Where both agree, nobody has moved one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from tongban.base.kernel.api import Ref, now
from tongban.base.ledger import api as ledger

from .production import CLOCKS_APART

KIND, CLOCK = "kernel.clock_skew", Ref("kernel.clock", "program")


@dataclass(frozen=True)
class Skew:
    """How far the program's clock was ahead of the database's (behind: negative), and since when that is known."""

    seconds: int
    since: datetime


def skew() -> timedelta:
    """How far the program is ahead of the database now."""
    with connection.cursor() as cursor:
        before = now()
        cursor.execute("SELECT clock_timestamp()")
        told: datetime = cursor.fetchone()[0]
        return before + (now() - before) / 2 - told


def watch() -> None:
    """Write down that the clocks have parted, that they stand otherwise than last known, or that they agree again."""
    found = skew()
    with transaction.atomic():
        last = alarm()
        was = timedelta(seconds=last.seconds) if last else timedelta()
        if (abs(found) > CLOCKS_APART) != (last is not None) or (last and abs(found - was) > CLOCKS_APART):
            ledger.write(KIND, CLOCK, seconds=round(found.total_seconds()))


def alarm() -> Skew | None:
    """What was last written down, while the clocks disagree."""
    for entry in ledger.history(CLOCK)[-1:]:
        if abs(entry.facts["seconds"]) > CLOCKS_APART.total_seconds():
            return Skew(entry.facts["seconds"], entry.at)
    return None
