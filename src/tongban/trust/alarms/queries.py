"""Reading: alarms, and the figures of the security console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from tongban.base.kernel.api import Ref, local, now
from tongban.base.ledger import api as ledger
from tongban.trust.keys import api as keys
from tongban.trust.keys.data import Certificate
from tongban.trust.witness import api as witness
from tongban.trust.witness.data import Standing

from . import models
from .data import Alarm
from .rules import rules

SIGNED_IN, FAILED, REFUSED = "identity.signed_in", "identity.sign_in_failed", "site.refused"


@dataclass(frozen=True)
class Hour:
    """One hour's sign-ins, failed sign-ins and refusals."""

    at: datetime
    signed_in: int
    failed: int
    refused: int


@dataclass(frozen=True)
class Situation:
    """The last 24 hours, oldest hour first; what is open; what runs out; how the ledger stands."""

    hours: tuple[Hour, ...]
    alarms: tuple[Alarm, ...]
    ending: tuple[tuple[str, Certificate], ...]
    ledger: Standing

    @property
    def signed_in(self) -> int:
        return sum(hour.signed_in for hour in self.hours)

    @property
    def failed(self) -> int:
        return sum(hour.failed for hour in self.hours)

    @property
    def refused(self) -> int:
        return sum(hour.refused for hour in self.hours)

    @property
    def most(self) -> int:
        """The tallest bar."""
        return max((max(hour.signed_in, hour.failed, hour.refused) for hour in self.hours), default=0) or 1


def situation() -> Situation:
    """Everything the security console shows."""
    this = local(now()).replace(minute=0, second=0, microsecond=0)
    start = this - timedelta(hours=23)
    found = ledger.by_hour((SIGNED_IN, FAILED, REFUSED), start)
    hours = [start + timedelta(hours=n) for n in range(24)]
    rows = tuple(Hour(at, *(found.get((kind, at), 0) for kind in (SIGNED_IN, FAILED, REFUSED))) for at in hours)
    return Situation(rows, tuple(open_alarms()), tuple(keys.ending_certificates()), witness.standing())


def open_alarms() -> list[Alarm]:
    """What nobody has closed, grave ones first."""
    found = [as_data(row) for row in models.Alarm.objects.filter(closed_at=None).order_by("-last", "id")[:100]]
    return sorted(found, key=lambda alarm: not alarm.grave)


def closed_alarms(after: str = "", size: int = 50) -> tuple[list[Alarm], str]:
    """What was closed, newest first; a page by keyset, and the key of the next."""
    rows = models.Alarm.objects.exclude(closed_at=None).order_by("-last", "-id")
    last = models.Alarm.objects.filter(id=after).first() if after else None
    if last is not None:
        rows = rows.filter(Q(last__lt=last.last) | Q(last=last.last, id__lt=last.id))
    found = list(rows[: size + 1])
    return [as_data(row) for row in found[:size]], found[size - 1].id if len(found) > size else ""


def as_data(row: models.Alarm) -> Alarm:
    """A row outside this room."""
    rule = rules.get(row.rule)
    closed_by = Ref.parse(row.closed_by) if row.closed_by else None
    return Alarm(
        row.id, row.rule, rule.title, rule.advice, rule.grave, row.subject, row.count, row.first, row.last,
        row.note, closed_by, row.closed_at,
    )  # fmt: skip
