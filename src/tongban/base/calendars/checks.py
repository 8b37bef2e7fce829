"""Nightly checks: stored deadlines agree with their events (security R14), and the calendar reaches far
enough."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from tongban.base.kernel.api import Ref, local, today
from tongban.base.ledger.api import history

from . import models
from .arithmetic import Suspension
from .counting import current, default_jurisdiction, recount, stood_still
from .data import Difference, Status

log = logging.getLogger(__name__)
HORIZON = timedelta(days=400)


def recompute_check() -> tuple[Difference, ...]:
    """Build every running deadline anew from the ledger alone and compare it with its row.

    An empty answer is the good one; each difference is logged as an error.
    """
    found = tuple(_differences())
    for one in found:
        log.error(
            "deadline %s of %s: %s is %s, by its events %s",
            one.deadline,
            one.subject,
            one.field,
            one.stored,
            one.recomputed,
        )
    return found


def _differences() -> Iterator[Difference]:
    rows = models.Deadline.objects.filter(status__in=[Status.OPEN, Status.SUSPENDED])
    for row in rows.order_by("id").prefetch_related("suspensions").iterator(chunk_size=500):
        subject = Ref(row.subject_kind, row.subject_id)
        told, suspensions = _from_events(row, subject)
        calendar, rules = current(told.jurisdiction)
        told.start, due = recount(calendar, rules, told, suspensions)
        told.due = due.date
        for field in ("received_on", "start", "n", "unit", "extension", "due", "status"):
            stored, recomputed = str(getattr(row, field)), str(getattr(told, field))
            if stored != recomputed:
                yield Difference(row.public_id, subject, row.code, field, stored, recomputed)
        stored_spans = [(s.start, s.end) for s in stood_still(row)]
        if sorted(stored_spans, key=str) != sorted(((s.start, s.end) for s in suspensions), key=str):
            yield Difference(row.public_id, subject, row.code, "suspensions", str(stored_spans), str(suspensions))


def _from_events(row: models.Deadline, subject: Ref) -> tuple[models.Deadline, list[Suspension]]:
    """The deadline as its ledger leaves tell it; an unsaved row."""
    told = models.Deadline(jurisdiction=row.jurisdiction, received_on=date.min, n=0, unit=row.unit, status="")
    suspensions: list[Suspension] = []
    for leaf in history(subject):
        facts: Any = leaf.facts
        if facts.get("deadline") != row.public_id:
            continue
        match leaf.kind:
            case "calendars.deadline.opened":
                told.n, told.unit, told.jurisdiction = facts["n"], facts["unit"], facts["jurisdiction"]
                told.status = Status.OPEN
                if "T" in facts["received"]:
                    told.received_at = datetime.fromisoformat(facts["received"])
                    told.received_on = local(told.received_at).date()
                else:
                    told.received_on = date.fromisoformat(facts["received"])
            case "calendars.deadline.suspended":
                suspensions.append(Suspension(date.fromisoformat(facts["on"]), None, facts["reason"]))
                told.status = Status.SUSPENDED
            case "calendars.deadline.resumed":
                last = suspensions.pop()
                suspensions.append(Suspension(last.start, date.fromisoformat(facts["on"]), last.reason))
                told.status = Status.OPEN
            case "calendars.deadline.extended":
                told.extension += facts["n"]
            case "calendars.deadline.closed":
                told.status = facts["status"]
    return told, suspensions


def coverage_check(jurisdiction: str = "") -> bool:
    """Whether the published calendar covers the next 400 days; a warning is logged when it does not."""
    calendar, _ = current(jurisdiction or default_jurisdiction())
    until = today() + HORIZON
    missing = calendar.provisional_years(today().toordinal(), until.toordinal())
    if missing:
        log.warning("the days off of %s are not entered; dates in these years are provisional", missing)
    return not missing
