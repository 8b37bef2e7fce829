"""Verbs on deadlines. The legal clock is moved by these and by nothing else; no verb takes a day from the
past."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, emit, local, now, today
from tongban.base.ledger.api import write

from . import models
from .arithmetic import Due
from .counting import (
    current,
    default_jurisdiction,
    hold,
    in_official_words,
    packed,
    recount,
    stood_still,
)
from .data import Cause, Deadline, DeadlineMoved, Limit, Procedure, Status, Unit
from .queries import as_data, find_limit
from .year import CannotCount

RUNNING = (Status.OPEN, Status.SUSPENDED)


def open_deadline(
    subject: Ref,
    code: str,
    start: date | datetime,
    n: int | None = None,
    unit: Unit | str | None = None,
    basis: str = "",
    by: Ref | None = None,
    jurisdiction: str = "",
) -> Deadline:
    """Start a time limit. `start` is the day that is not counted, or the moment something was received:
    after closing time or on a day off, that is the next working day.

    `n`, `unit` and `basis` come from the time-limit table where they are not given. `Invalid` when there is
    no such limit or a number is negative; `Refused` when the same limit already runs for the subject.
    """
    limit = find_limit(code)
    n = n if n is not None else (limit.n if limit else None)
    unit_text = unit or (limit.unit if limit else Unit.WORKDAY)
    if n is None or n < 0 or unit_text not in Unit.__members__.values():
        raise Invalid({"n": _("A time limit is a number of days, months or years, not below zero.")})
    moment = start if isinstance(start, datetime) else None
    row = models.Deadline(
        jurisdiction=jurisdiction or default_jurisdiction(),
        subject_kind=subject.kind,
        subject_id=subject.id,
        code=code,
        basis=basis or (limit.basis if limit else ""),
        received_at=moment,
        received_on=local(moment).date() if moment else start,
        n=n,
        unit=unit_text,
    )
    with transaction.atomic():
        hold(row.jurisdiction)
        _count(row, ())
        _insert(row)
        _moved(row, None, Cause.OPENED, by)
    return as_data(row, ())


def _insert(row: models.Deadline) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(_("This time limit is already running."), "running") from error


def suspend(subject: Ref, reason: Procedure, by: Ref | None = None, code: str = "") -> tuple[Deadline, ...]:
    """Stop the clock of the subject's running limits (or the one with `code`) from today, for a legal
    procedure.

    `Refused` when the law does not stop this limit for that procedure, or when the limit is already overdue:
    a suspension does not save it (security T3).
    """
    with transaction.atomic():
        rows = _rows(subject, code, (Status.OPEN,))
        running = [row for row in rows if row.due is None or row.due >= today()]
        if not running:
            raise Refused(_("The time limit is already over; it cannot be suspended any more."), "overdue")
        for row in running:
            limit = find_limit(row.code)
            if limit and limit.not_counted and reason not in limit.not_counted:
                raise Refused(_("The law does not stop this time limit for this procedure."), "procedure")
        for row in running:
            models.Suspension.objects.create(deadline=row, reason=Procedure(reason), start=today())
            row.status = Status.SUSPENDED
        return _recounted(running, Cause.SUSPENDED, by, reason=str(reason))


def resume(subject: Ref, by: Ref | None = None, code: str = "") -> tuple[Deadline, ...]:
    """Let the clock go on from today, which is counted. `Refused` when nothing is suspended."""
    with transaction.atomic():
        rows = _rows(subject, code, (Status.SUSPENDED,))
        models.Suspension.objects.filter(deadline__in=rows, end=None).update(end=today())
        for row in rows:
            row.status = Status.OPEN
        return _recounted(rows, Cause.RESUMED, by)


def extend(
    subject: Ref, n: int, by: Ref | None = None, basis: str = "", code: str = "", bound: int | None = None
) -> tuple[Deadline, ...]:
    """Lengthen by `n` units, within `bound` in all (from the time-limit table where not given) and before
    the limit is over. `Refused` otherwise."""
    if n < 1:
        raise Invalid({"n": _("An extension is at least one day.")})
    with transaction.atomic():
        rows = _rows(subject, code, RUNNING)
        for row in rows:
            limit = find_limit(row.code)
            most = bound if bound is not None else limit.extension if limit else 0
            if row.extension + n > most:
                raise Refused(_("The law allows an extension of at most {n} in all.").format(n=most), "bound")
            if row.due and row.due < today():
                raise Refused(_("The time limit is already over; it cannot be extended any more."), "overdue")
        for row in rows:
            row.extension += n
        return _recounted(rows, Cause.EXTENDED, by, n=n, basis=basis)


def close(
    subject: Ref, code: str = "", met_at: datetime | None = None, by: Ref | None = None, dropped: bool = False
) -> tuple[Deadline, ...]:
    """End the subject's running limits (or the one with `code`): met now (or at `met_at`, a moment the
    caller got from the database), or `dropped` because the matter fell away. Nothing happens when none runs.
    """
    with transaction.atomic():
        rows = _rows(subject, code, RUNNING, needed=False)
        for row in rows:
            row.status = Status.CLOSED if dropped else Status.MET
            row.met_at = met_at or now()
            row.met_on = local(row.met_at).date()
            row.save(update_fields=["status", "met_at", "met_on"])
            facts = {
                "deadline": row.public_id,
                "code": row.code,
                "status": str(row.status),
                "on": row.met_on.isoformat(),
            }
            write("calendars.deadline.closed", subject, by, **facts)
        return tuple(as_data(row) for row in rows)


def _rows(subject: Ref, code: str, statuses: Iterable[Status], needed: bool = True) -> list[models.Deadline]:
    """The subject's limits in these states, locked; the calendar is held before, in the order of a calendar
    change."""
    found = models.Deadline.objects.filter(
        subject_kind=subject.kind,
        subject_id=subject.id,
        status__in=list(statuses),
        **({"code": code} if code else {}),
    )
    for jurisdiction in sorted(set(found.values_list("jurisdiction", flat=True))):
        hold(jurisdiction)
    rows = list(found.select_for_update().order_by("id"))
    if needed and not rows:
        if models.Deadline.objects.filter(subject_kind=subject.kind, subject_id=subject.id).exists():
            raise Refused(_("No time limit is in a state that allows this."), "state")
        raise NotFound
    return rows


def _count(row: models.Deadline, suspensions: Iterable[object] | None = None) -> Due:
    calendar, rules = current(row.jurisdiction)
    try:
        start, due = recount(calendar, rules, row, stood_still(row) if suspensions is None else ())
    except CannotCount as error:
        raise Invalid({"n": _("This date lies too far away to be counted.")}) from error
    row.start, row.due, row.remaining = start, due.date, due.remaining
    row.provisional, row.steps, row.calendar_version = (
        due.provisional,
        packed(due.steps),
        due.calendar_version,
    )
    return due


def _recounted(rows: Iterable[models.Deadline], cause: Cause, by: Ref | None, **facts: object) -> tuple[Deadline, ...]:
    done = []
    for row in rows:
        old = row.due
        _count(row)
        row.save()
        _moved(row, old, cause, by, **facts)
        done.append(as_data(row))
    return tuple(done)


def _moved(row: models.Deadline, old: date | None, cause: Cause, by: Ref | None, **facts: object) -> None:
    """History, ledger and event of one move."""
    subject = Ref(row.subject_kind, row.subject_id)
    models.Move.objects.create(
        deadline=row,
        cause=cause,
        old=old,
        new=row.due,
        steps=row.steps,
        calendar_version=row.calendar_version,
    )
    known = {
        "deadline": row.public_id,
        "code": row.code,
        "due": row.due and row.due.isoformat(),
        "version": row.calendar_version,
    }
    if cause is Cause.OPENED:
        received = row.received_at.isoformat() if row.received_at else row.received_on.isoformat()
        known |= {"received": received, "n": row.n, "unit": str(row.unit), "jurisdiction": row.jurisdiction}
    elif cause in (Cause.SUSPENDED, Cause.RESUMED):
        known["on"] = today().isoformat()
    write(f"calendars.deadline.{cause}", subject, by, **known, **facts)
    if cause is not Cause.OPENED:
        emit(DeadlineMoved(subject, row.code, old, row.due, in_official_words(row.steps), cause))


def set_limit(limit: Limit, by: Ref) -> None:
    """Change or add a row of the time-limit table. Limits that already run keep their length."""
    values = {
        "title": limit.title,
        "n": limit.n,
        "unit": limit.unit,
        "extension": limit.extension,
        "not_counted": [str(p) for p in limit.not_counted],
        "basis": limit.basis,
        "confidence": limit.confidence,
        "note": limit.note,
    }
    with transaction.atomic():
        models.Limit.objects.update_or_create(code=limit.code, defaults=values)
        write("calendars.limit.set", Ref("calendars.limit", limit.code), by, **values)
