"""The calendar as stored, and a deadline's date as it follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import translation

from tongban.base.kernel.api import local

from . import arithmetic, models
from .arithmetic import Due, Rules, Step, Suspension, Unit
from .builtin import JURISDICTION, builtin, festivals
from .words import sentence
from .year import Calendar, Day, DayKind

_loaded: dict[str, tuple[str, Calendar, Rules]] = {}


def default_jurisdiction() -> str:
    """Whose calendar counts where nobody says otherwise (setting `TONGBAN_JURISDICTION`)."""
    return str(getattr(settings, "TONGBAN_JURISDICTION", JURISDICTION))


def current(jurisdiction: str) -> tuple[Calendar, Rules]:
    """The calendar at its present version, and its counting rules. The built-in one where none is stored."""
    row = models.Jurisdiction.objects.filter(code=jurisdiction).first()
    if row is None:
        return builtin(), Rules()
    known = _loaded.get(jurisdiction)
    if known is None or known[0] != row.stamp:
        rules = Rules(row.closes_at, row.suspension_day_counts, row.resume_day_counts)
        known = _loaded[jurisdiction] = (row.stamp, _calendar(row), rules)
    return known[1], known[2]


def _calendar(row: models.Jurisdiction) -> Calendar:
    fields = ("date", "kind", "name", "provisional", "source")
    kinds = {k.value: k for k in DayKind}
    rows = models.Day.objects.filter(jurisdiction=row).values_list(*fields)
    days = {day: Day(day, kinds[kind], name, provisional, source) for day, kind, name, provisional, source in rows}
    return Calendar(row.code, days, row.version, festivals())


def changed(calendar: Calendar, days: Iterable[Day]) -> Calendar:
    """The calendar as it would be with these days, one version on."""
    known: Mapping[date, Day] = {**calendar.days, **{d.date: d for d in days}}
    return Calendar(calendar.jurisdiction, known, calendar.version + 1, festivals())


def hold(jurisdiction: str, change: bool = False) -> None:
    """Nobody changes the calendar between counting a date and storing it: a change waits for those who
    count, and they for the change. Until the end of the transaction."""
    function = "pg_advisory_xact_lock" if change else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(7411, hashtext(%s))", [jurisdiction])


def recount(
    calendar: Calendar, rules: Rules, row: models.Deadline, suspensions: Iterable[Suspension]
) -> tuple[date, Due]:
    """Start and date of a deadline as they follow from what is stored of it."""
    start = row.received_on
    before: tuple[Step, ...] = ()
    if row.received_at:
        start, before = arithmetic.received(calendar, local(row.received_at), rules)
    due = arithmetic.add(calendar, start, row.n, Unit(row.unit), tuple(suspensions), rules, row.extension)
    return start, replace(due, steps=(*before, *due.steps))


def stood_still(row: models.Deadline) -> list[Suspension]:
    """The suspensions of a stored deadline."""
    return [Suspension(s.start, s.end, s.reason) for s in row.suspensions.all()]


def packed(steps: Iterable[Step]) -> list[Any]:
    """Steps as they are stored."""
    return [[s.code, dict(s.facts)] for s in steps]


def in_words(stored: Iterable[Any]) -> str:
    """Stored steps in words, in the active language."""
    return sentence(Step(code, facts) for code, facts in stored)


def in_official_words(stored: Iterable[Any]) -> str:
    """Stored steps in the language of the installation: for events and records."""
    with translation.override(settings.LANGUAGE_CODE):
        return in_words(stored)
