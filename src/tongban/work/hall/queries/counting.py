"""Days as people count them: what is left in working days, and the calendar picture of a time limit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Ref

from ..limits import PROMISED

LONGEST = 92  # days a picture is drawn for; longer limits are explained in words


def days_left(dues: Iterable[date | None]) -> dict[date, int]:
    """Working days left until each of the dates; negative when it has passed."""
    return calendars.left(due for due in dues if due)


def with_days_left(rows: Iterable[Any]) -> None:
    """Gives rows that have a `due` their `left`, for `{% due_pill %}`."""
    rows = list(rows)
    left = days_left(row.due for row in rows)
    for row in rows:
        row.left = left.get(row.due)


@dataclass(frozen=True)
class SheetDay:
    """One day of the picture. `kind` is counted, rest, stopped, start or outside; `text` says it in words."""

    date: date
    kind: str
    text: str = ""
    due: bool = False


@dataclass(frozen=True)
class DaySheet:
    """Weeks from Monday to Sunday, from the day a limit starts to the day it ends."""

    weeks: tuple[tuple[SheetDay, ...], ...]
    counted: int


def day_sheet(case: Ref) -> DaySheet | None:
    """The picture of a case's promised limit, counted in working days; None where none runs or it is too long."""
    limit = calendars.deadline(case, PROMISED)
    if limit is None or limit.due is None or limit.unit != calendars.Unit.WORKDAY:
        return None
    if not 0 <= (limit.due - limit.start).days <= LONGEST:
        return None
    first = limit.start - timedelta(days=limit.start.weekday())
    last = limit.due + timedelta(days=6 - limit.due.weekday())
    years = range(first.year, last.year + 1)
    known = {day.date: day for year in years for day in calendars.year_of_days(year)}
    days, n = [], 0
    for offset in range((last - first).days + 1):
        day = known[first + timedelta(days=offset)]
        kind, text = _mark(day, limit)
        if kind == "counted":
            n += 1
            text = _("day %d") % n
        days.append(SheetDay(day.date, kind, text, day.date == limit.due))
    weeks = tuple(tuple(days[at : at + 7]) for at in range(0, len(days), 7))
    return DaySheet(weeks, n)


def _mark(day: calendars.Day, limit: calendars.Deadline) -> tuple[str, str]:
    if day.date < limit.start or (limit.due and day.date > limit.due):
        return "outside", ""
    if day.date == limit.start:
        return "start", pgettext("day", "start")
    if not day.kind.works:
        return "rest", day.name or pgettext("day", "rest")
    if any(_stopped(day.date, stop) for stop in limit.suspensions):
        return "stopped", _("clock stopped")
    return "counted", ""


def _stopped(day: date, stop: calendars.Suspension) -> bool:
    return stop.start <= day and (stop.end is None or day < stop.end)
