"""Reading deadlines, limits and calendars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from tongban.base.kernel.api import Ref, local, today

from . import arithmetic, models
from .arithmetic import Count, Due, Suspension, Unit
from .counting import current, default_jurisdiction, in_words, stood_still
from .data import Cause, Deadline, Limit, Move, Procedure, Status
from .year import Day


def due(
    start: date | datetime,
    n: int,
    unit: Unit | str = Unit.WORKDAY,
    suspensions: Sequence[Suspension] = (),
    jurisdiction: str = "",
) -> Due:
    """When a limit would end; nothing is stored. A moment follows the after-hours rule. `CannotCount` when
    negative."""
    calendar, rules = current(jurisdiction or default_jurisdiction())
    before: tuple[arithmetic.Step, ...] = ()
    if isinstance(start, datetime):
        start, before = arithmetic.received(calendar, local(start), rules)
    found = arithmetic.add(calendar, start, n, Unit(unit), suspensions, rules)
    return Due(found.date, found.provisional, (*before, *found.steps), found.calendar_version, found.remaining)


def between(
    start: date,
    end: date,
    unit: Unit | str = Unit.WORKDAY,
    suspensions: Sequence[Suspension] = (),
    jurisdiction: str = "",
) -> Count:
    """How many days lie after `start` up to and including `end`; negative when `end` is earlier."""
    calendar, rules = current(jurisdiction or default_jurisdiction())
    return arithmetic.between(calendar, start, end, Unit(unit), suspensions, rules)


def left(dues: Iterable[date], jurisdiction: str = "") -> dict[date, int]:
    """Working days left until each of these dates, negative when it has passed; one question for all, for lists."""
    calendar, rules = current(jurisdiction or default_jurisdiction())
    day = today()
    return {due: arithmetic.between(calendar, day, due, Unit.WORKDAY, (), rules).days for due in {*dues}}


def works(on: date, jurisdiction: str = "") -> bool:
    """Whether offices are open on this day."""
    return current(jurisdiction or default_jurisdiction())[0].works(on)


def days_left(deadline: Deadline, jurisdiction: str = "") -> int | None:
    """Working days (or natural days, by its unit) left until a running deadline; negative when overdue, None
    when its date is not known."""
    if deadline.due is None:
        return None
    unit = Unit.WORKDAY if deadline.unit is Unit.WORKDAY else Unit.DAY
    return between(today(), deadline.due, unit, jurisdiction=jurisdiction).days


def deadlines(subject: Ref) -> tuple[Deadline, ...]:
    """All deadlines of a subject, oldest first."""
    return deadlines_of([subject])[subject]


def deadlines_of(subjects: Sequence[Ref]) -> dict[Ref, tuple[Deadline, ...]]:
    """The deadlines of many subjects at once, for lists: two queries, whatever their number."""
    found: dict[Ref, list[Deadline]] = {subject: [] for subject in subjects}
    rows = models.Deadline.objects.filter(subject_id__in={s.id for s in subjects})
    for row in rows.order_by("id").prefetch_related("suspensions"):
        one = as_data(row)
        if one.subject in found:
            found[one.subject].append(one)
    return {subject: tuple(those) for subject, those in found.items()}


def deadline(subject: Ref, code: str) -> Deadline | None:
    """The latest deadline of this code, running or not."""
    return next((d for d in reversed(deadlines(subject)) if d.code == code), None)


def overdue(subject_kind: str, limit: int = 50, after: tuple[date, str] | None = None) -> tuple[Deadline, ...]:
    """Open deadlines of one kind of subject whose date has passed, the longest overdue first. Keyset paging:
    `after` is the last one's `(due, id)`."""
    return _running(subject_kind, Q(due__lt=today()), limit, after)


def due_soon(
    subject_kind: str, within: int = 2, limit: int = 50, after: tuple[date, str] | None = None
) -> tuple[Deadline, ...]:
    """Open deadlines that end today or within the next `within` working days, the nearest first. Keyset
    paging."""
    until = due(today(), within).date
    return _running(subject_kind, Q(due__gte=today(), due__lte=until), limit, after)


def _running(subject_kind: str, which: Q, limit: int, after: tuple[date, str] | None) -> tuple[Deadline, ...]:
    rows = models.Deadline.objects.filter(which, subject_kind=subject_kind, status=Status.OPEN)
    if after:
        last = models.Deadline.objects.filter(public_id=after[1]).values_list("id", flat=True).first() or 0
        rows = rows.filter(Q(due__gt=after[0]) | Q(due=after[0], id__gt=last))
    return tuple(as_data(row) for row in rows.order_by("due", "id").prefetch_related("suspensions")[:limit])


def moves(subject: Ref) -> tuple[Move, ...]:
    """How the subject's deadlines came to their dates, oldest first."""
    rows = models.Move.objects.filter(deadline__subject_id=subject.id, deadline__subject_kind=subject.kind)
    return tuple(_move(row) for row in rows.select_related("deadline").order_by("id"))


def latest_moves(
    causes: Sequence[Cause] = tuple(Cause), limit: int = 50, before: int | None = None
) -> list[tuple[int, Move]]:
    """The last moves of all deadlines, with their keys; `before` is the key to go on from."""
    rows: QuerySet[models.Move] = models.Move.objects.filter(cause__in=[str(c) for c in causes])
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [(row.pk, _move(row)) for row in rows.select_related("deadline").order_by("-id")[:limit]]


def limits() -> tuple[Limit, ...]:
    """The time-limit table."""
    return tuple(_limit(row) for row in models.Limit.objects.order_by("code"))


def find_limit(code: str) -> Limit | None:
    """One row of the time-limit table."""
    row = models.Limit.objects.filter(code=code).first()
    return _limit(row) if row else None


def version(jurisdiction: str = "") -> int:
    """The calendar's present version; 0 is the built-in calendar."""
    return current(jurisdiction or default_jurisdiction())[0].version


def year_of_days(year: int, jurisdiction: str = "") -> tuple[Day, ...]:
    """Every day of a year."""
    calendar, _ = current(jurisdiction or default_jurisdiction())
    first = date(year, 1, 1).toordinal()
    return tuple(calendar.day(date.fromordinal(first + i)) for i in range(len(calendar.year(year).works)))


def as_data(row: models.Deadline, suspensions: Sequence[Suspension] | None = None) -> Deadline:
    """A stored deadline as others see it."""
    return Deadline(
        id=row.public_id,
        subject=Ref(row.subject_kind, row.subject_id),
        code=row.code,
        start=row.start,
        n=row.n,
        unit=Unit(row.unit),
        extension=row.extension,
        due=row.due,
        provisional=row.provisional,
        why=in_words(row.steps),
        calendar_version=row.calendar_version,
        status=Status(row.status),
        basis=row.basis,
        remaining=row.remaining,
        suspensions=tuple(stood_still(row) if suspensions is None else suspensions),
        met_on=row.met_on,
    )


def _move(row: models.Move) -> Move:
    return Move(
        deadline=row.deadline.public_id,
        subject=Ref(row.deadline.subject_kind, row.deadline.subject_id),
        code=row.deadline.code,
        cause=Cause(row.cause),
        old=row.old,
        new=row.new,
        why=in_words(row.steps),
        at=row.at,
    )


def _limit(row: Any) -> Limit:
    return Limit(
        code=row.code,
        title=row.title,
        n=row.n,
        unit=row.unit,
        extension=row.extension,
        not_counted=tuple(Procedure(p) for p in row.not_counted),
        basis=row.basis,
        confidence=row.confidence,
        note=row.note,
    )
