"""Verbs on the calendar itself: a changed day moves every open deadline that depends on it, in one
transaction."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from django.db import connection, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, Ref, Stale, Text, emit, new_id
from tongban.base.ledger.api import write

from . import models
from .arithmetic import Step
from .builtin import builtin
from .counting import (
    changed,
    current,
    default_jurisdiction,
    hold,
    in_official_words,
    in_words,
    packed,
    recount,
    stood_still,
)
from .data import CalendarChange, Cause, DeadlineMoved, Limit, Moving, Procedure, Status
from .year import Day, DayKind

PROVISIONAL_YEARS = 1  # how many years after the last published one stand in the table, for people to see
_CHUNK = 1000


def seed(jurisdiction: str = "") -> int:
    """Bring the built-in calendar and the time-limit table into the database; returns how many days are new
    or newly published. Idempotent: what an administrator entered stays. A year that was provisional and is
    published with a new release of the calendar package moves the open deadlines that depend on it."""
    code = jurisdiction or default_jurisdiction()
    package = builtin()
    with transaction.atomic():
        hold(code, change=True)
        row, _made = models.Jurisdiction.objects.get_or_create(code=code)
        _seed_limits()
        known = {day: (p, s) for day, p, s in row.days.values_list("date", "provisional", "source")}
        published = [d for d in package.days.values() if known.get(d.date, (True, "law")) == (True, "law")]
        first, last = date(package.last.year + 1, 1, 1), date(package.last.year + PROVISIONAL_YEARS, 12, 31)
        later = [package.fallback(date.fromordinal(i)) for i in range(first.toordinal(), last.toordinal() + 1)]
        fresh = [*(d for d in published if d.date not in known), *(d for d in later if d.date not in known)]
        _copy(code, fresh)
        if fresh:
            _bump(row)
        firm = [d for d in published if d.date in known]
        if firm:
            _apply(code, firm, None, None)
        return len(fresh) + len(firm)


def _copy(jurisdiction: str, days: Iterable[Day]) -> None:
    """Thousands of new days in one go."""
    columns = "jurisdiction_id, date, kind, name, provisional, source"
    with connection.cursor() as cursor, cursor.copy(f"COPY calendars_day ({columns}) FROM STDIN") as rows:
        for d in days:
            rows.write_row((jurisdiction, d.date, str(d.kind), d.name, d.provisional, d.source))


def preview_day(on: date, kind: DayKind, name: str = "", jurisdiction: str = "") -> CalendarChange:
    """What `set_day` would do, without doing it."""
    return _preview(jurisdiction or default_jurisdiction(), _one_day(on, kind, name))


def set_day(
    on: date, kind: DayKind, name: str, by: Ref, jurisdiction: str = "", version: int | None = None
) -> CalendarChange:
    """Make a day a working day, holiday, make-up day or day of rest, and move what depends on it.

    `version` is the calendar version the person saw: `Stale` when somebody changed the calendar since.
    `Invalid` for a make-up day on a weekday or a day of rest in the working week.
    """
    return _apply(jurisdiction or default_jurisdiction(), _one_day(on, kind, name), by, version)


def preview_year(text: str, jurisdiction: str = "") -> CalendarChange:
    """What `import_year` would do, without doing it."""
    return _preview(jurisdiction or default_jurisdiction(), read_year(text))


def import_year(text: str, by: Ref, jurisdiction: str = "", version: int | None = None) -> CalendarChange:
    """Enter a year's arrangement of days off: CSV with the columns `date,kind,name`, holidays and make-up
    days only; all other days follow the week. The whole year counts as published afterwards. `Invalid` names
    each bad row."""
    return _apply(jurisdiction or default_jurisdiction(), read_year(text), by, version)


def read_year(text: str) -> list[Day]:
    """The days of one year from its CSV. `Invalid` with a message per row."""
    errors: dict[str, Text] = {}
    special: dict[date, Day] = {}
    rows = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    if not {"date", "kind"} <= set(rows.fieldnames or ()):
        raise Invalid({"file": _("The file needs the columns date, kind and name.")})
    for number, row in enumerate(rows, start=2):
        try:
            on = date.fromisoformat((row["date"] or "").strip())
            day = _checked(on, DayKind((row["kind"] or "").strip()), (row.get("name") or "").strip())
        except Invalid as error:
            errors[f"row {number}"] = next(iter(error.errors.values()))
        except ValueError:
            errors[f"row {number}"] = _("A date like 2027-01-01 and one of workday, holiday, makeup, rest is needed.")
        else:
            if on in special:
                errors[f"row {number}"] = _("This day is listed twice.")
            special[on] = day
    years = {d.year for d in special}
    if not errors and len(years) != 1:
        errors["file"] = _("The file must hold the days of one year.")
    if errors:
        raise Invalid(errors)
    year = years.pop()
    return [special.get(d) or _week_day(d) for d in _dates(year)]


def _dates(year: int) -> Iterator[date]:
    first = date(year, 1, 1).toordinal()
    return (date.fromordinal(i) for i in range(first, date(year, 12, 31).toordinal() + 1))


def _week_day(on: date) -> Day:
    return Day(on, DayKind.WORKDAY if on.weekday() < 5 else DayKind.REST, source="entered")


def _one_day(on: date, kind: DayKind, name: str) -> list[Day]:
    return [_checked(on, DayKind(kind), name.strip())]


def _checked(on: date, kind: DayKind, name: str) -> Day:
    weekend = on.weekday() >= 5
    if (kind is DayKind.MAKEUP and not weekend) or (kind is DayKind.WORKDAY and weekend):
        raise Invalid(
            {"kind": _("A weekend day that is worked is a make-up day, a weekday that is worked a working day.")}
        )
    if kind is DayKind.REST and not weekend:
        raise Invalid({"kind": _("A weekday off is a holiday and needs its name.")})
    if kind is DayKind.HOLIDAY and not name:
        raise Invalid({"name": _("A holiday needs its name.")})
    return Day(on, kind, name[:40], source="entered")


def _preview(jurisdiction: str, days: Sequence[Day]) -> CalendarChange:
    before, rules = current(jurisdiction)
    after = changed(before, days)
    different = _different(before.days, days)
    moved = []
    for row in _dependent(jurisdiction, different):
        _, due = recount(after, rules, row, stood_still(row))
        if due.date != row.due:
            moved.append(_moving(row, row.due, due.date, due.provisional, in_words(packed(due.steps))))
    return CalendarChange(after.version, tuple(different), tuple(moved))


def _apply(jurisdiction: str, days: Sequence[Day], by: Ref | None, version: int | None) -> CalendarChange:
    with transaction.atomic():
        hold(jurisdiction, change=True)
        jurisdiction_row = models.Jurisdiction.objects.filter(code=jurisdiction).first()
        if jurisdiction_row is None:
            seed(jurisdiction)
            jurisdiction_row = models.Jurisdiction.objects.get(code=jurisdiction)
        if version is not None and version not in (jurisdiction_row.version, 0):
            raise Stale(
                _("Somebody changed the calendar in the meantime. Look at the list again."),
                {"version": (version, jurisdiction_row.version)},
            )
        before, _rules = current(jurisdiction)
        different = _different(before.days, days)
        if not different:
            return CalendarChange(before.version, (), ())
        _store(jurisdiction_row, different)
        _bump(jurisdiction_row)
        moved = _move_dependent(jurisdiction, different, [_reason(before.days, different)])
        facts = {
            "from": different[0].date.isoformat(),
            "to": different[-1].date.isoformat(),
            "days": [
                [d.date.isoformat(), str(d.kind), d.name]
                for d in different
                if d.kind in (DayKind.HOLIDAY, DayKind.MAKEUP)
            ],
            "version": jurisdiction_row.version,
            "moved": len(moved),
        }
        write("calendars.days.set", Ref("calendars.jurisdiction", jurisdiction), by, **facts)
        return CalendarChange(jurisdiction_row.version, tuple(different), moved)


def _different(known: object, days: Iterable[Day]) -> list[Day]:
    old = known if isinstance(known, dict) else {}
    bare = {d: replace(day, source="") for d, day in ((x.date, old.get(x.date)) for x in days) if day}
    return sorted((d for d in days if bare.get(d.date) != replace(d, source="")), key=lambda d: d.date)


def _reason(known: object, days: Sequence[Day]) -> Step:
    if len(days) > 1:
        return Step("changed_year", {"year": days[0].date.year})
    old = known.get(days[0].date) if isinstance(known, dict) else None
    was = old.kind if old else builtin().fallback(days[0].date).kind
    facts = {
        "date": days[0].date.isoformat(),
        "old": str(was),
        "new": str(days[0].kind),
        "name": days[0].name,
    }
    return Step("changed", facts)


def _store(jurisdiction: models.Jurisdiction, days: Iterable[Day]) -> None:
    models.Day.objects.bulk_create(
        [
            models.Day(
                jurisdiction=jurisdiction,
                date=d.date,
                kind=d.kind,
                name=d.name,
                provisional=d.provisional,
                source=d.source,
            )
            for d in days
        ],
        update_conflicts=True,
        unique_fields=["jurisdiction", "date"],
        update_fields=["kind", "name", "provisional", "source"],
    )


def _bump(jurisdiction: models.Jurisdiction) -> None:
    jurisdiction.version += 1
    jurisdiction.stamp = new_id()
    jurisdiction.save(update_fields=["version", "stamp"])


def _dependent(jurisdiction: str, days: Sequence[Day]) -> Iterator[models.Deadline]:
    """Open deadlines that run through one of the days. A limit never depends on a day after its date: that
    date is a working day itself. Suspended ones are counted anew when they resume."""
    if not days:
        return iter(())
    rows = models.Deadline.objects.filter(
        jurisdiction=jurisdiction, status=Status.OPEN, due__gte=days[0].date, received_on__lte=days[-1].date
    )
    return rows.order_by("id").prefetch_related("suspensions").iterator(chunk_size=_CHUNK)


def _move_dependent(jurisdiction: str, days: Sequence[Day], reason: list[Step]) -> tuple[Moving, ...]:
    calendar, rules = current(jurisdiction)
    changed_rows, history, moved = [], [], []
    list(  # locked in the order of their keys before anything is read of them
        models.Deadline.objects.filter(
            jurisdiction=jurisdiction,
            status=Status.OPEN,
            due__gte=days[0].date,
            received_on__lte=days[-1].date,
        )
        .order_by("id")
        .select_for_update()
        .values_list("id")
    )
    for row in _dependent(jurisdiction, days):
        start, due = recount(calendar, rules, row, stood_still(row))
        old, steps = row.due, packed(due.steps)
        if (start, due.date, due.provisional, steps) == (row.start, row.due, row.provisional, row.steps):
            continue
        row.start, row.due, row.provisional, row.steps = start, due.date, due.provisional, steps
        row.calendar_version = calendar.version
        changed_rows.append(row)
        if due.date == old:
            continue
        steps = packed((*reason, *due.steps))
        history.append(
            models.Move(
                deadline=row,
                cause=Cause.CALENDAR,
                old=old,
                new=due.date,
                steps=steps,
                calendar_version=calendar.version,
            )
        )
        moved.append(_moving(row, old, due.date, due.provisional, in_official_words(steps)))
    models.Deadline.objects.bulk_update(
        changed_rows, ["start", "due", "provisional", "steps", "calendar_version"], batch_size=500
    )
    models.Move.objects.bulk_create(history, batch_size=_CHUNK)
    for one in moved:
        facts = {
            "deadline": one.deadline,
            "code": one.code,
            "old": str(one.old),
            "due": str(one.new),
            "version": calendar.version,
        }
        write("calendars.deadline.calendar", one.subject, None, **facts)
        emit(DeadlineMoved(one.subject, one.code, one.old, one.new, one.why, Cause.CALENDAR))
    return tuple(moved)


def _moving(row: models.Deadline, old: date | None, new: date | None, provisional: bool, why: str) -> Moving:
    return Moving(row.public_id, Ref(row.subject_kind, row.subject_id), row.code, old, new, provisional, why)


def read_limits() -> list[Limit]:
    """The time-limit table that comes with the product."""
    with (Path(__file__).parent / "tables" / "limits.csv").open(encoding="utf-8", newline="") as rows:
        return [
            Limit(
                code=row["code"],
                title=row["title"],
                n=int(row["n"]) if row["n"] else None,
                unit=row["unit"],
                extension=int(row["extension"]),
                not_counted=tuple(Procedure(p) for p in row["not_counted"].split()),
                basis=row["basis"],
                confidence=row["confidence"],
                note=row["note"],
            )
            for row in csv.DictReader(rows)
        ]


def _seed_limits() -> None:
    rows = [models.Limit(**{**vars(one), "not_counted": [str(p) for p in one.not_counted]}) for one in read_limits()]
    models.Limit.objects.bulk_create(rows, ignore_conflicts=True)
