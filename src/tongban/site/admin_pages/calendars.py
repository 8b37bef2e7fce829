"""The calendar's pages: a year at a glance, a day with what it would move, a year's arrangement, moves,
limits."""

from __future__ import annotations

from calendar import Calendar as Weeks
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from tongban.base.calendars import api as calendars
from tongban.base.calendars.api import CalendarChange, Cause, Day, DayKind
from tongban.base.kernel.api import Invalid, NotFound, Ref, named, today
from tongban.trust.identity.api import Actor, permitted

from .forms import KINDS, UNITS, DayForm, LimitForm, YearForm

EDIT = "calendar.edit"
FIRST, LAST = 2004, 2100
PAGE = 50


def _by(request: HttpRequest) -> Ref:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor.person


@permitted(EDIT)
def this_year(request: HttpRequest) -> HttpResponse:
    """To the present year."""
    return redirect("calendars:year", today().year)


@permitted(EDIT)
def year(request: HttpRequest, number: int) -> HttpResponse:
    """Twelve months; each day says in words what it is and leads to its form."""
    if not FIRST <= number <= LAST:
        raise NotFound
    days = {d.date: d for d in calendars.year_of_days(number)}
    worked = sum(d.kind.works for d in days.values())
    context = {
        "number": number,
        "months": [_month(number, month, days) for month in range(1, 13)],
        "weekdays": [
            pgettext("calendar", "Mo"),
            pgettext("calendar", "Tu"),
            pgettext("calendar", "We"),
            pgettext("calendar", "Th"),
            pgettext("calendar", "Fr"),
            pgettext("calendar", "Sa"),
            pgettext("calendar", "Su"),
        ],
        "worked": worked,
        "off": len(days) - worked,
        "provisional": any(d.provisional for d in days.values()),
        "version": calendars.version(),
        "previous": number - 1 if number > FIRST else None,
        "next": number + 1 if number < LAST else None,
        "covered": calendars.coverage_check(),
        "changes": _changes(calendars.latest_moves([Cause.CALENDAR], 8)),
    }
    return render(request, "admin_pages/year.html", context)


def _month(number: int, month: int, days: dict[date, Day]) -> dict[str, Any]:
    weeks = Weeks().monthdatescalendar(number, month)
    return {
        "first": date(number, month, 1),
        "weeks": [[_cell(days[d]) if d.month == month else None for d in week] for week in weeks],
    }


def _cell(day: Day) -> dict[str, Any]:
    mark = {DayKind.HOLIDAY: pgettext("calendar", "off"), DayKind.MAKEUP: pgettext("calendar", "work")}.get(
        day.kind, ""
    )
    words = dict(KINDS)[day.kind.value]
    return {
        "date": day.date,
        "url": reverse("calendars:day", args=[day.date.isoformat()]),
        "kind": day.kind.value,
        "mark": mark,
        "words": f"{words} {day.name}".strip() if mark else "",
        "today": day.date == today(),
    }


@permitted(EDIT)
def day(request: HttpRequest, on: str) -> HttpResponse:
    """One day: see what a change would move, then save it."""
    one = _day(on)
    form = DayForm(request.POST or None, initial={**asdict(one), "version": calendars.version()})
    change = None
    if request.method == "POST" and form.is_valid():
        kind, name = DayKind(form.cleaned_data["kind"]), form.cleaned_data["name"]
        try:
            if request.POST.get("act") == "save":
                saved = calendars.set_day(one.date, kind, name, _by(request), version=form.cleaned_data["version"])
                return _saved(request, saved, one.date.year)
            change = calendars.preview_day(one.date, kind, name)
        except Invalid as error:
            _add_errors(form, error)
    shown = {"day": one, "form": form, "kind": dict(KINDS)[one.kind.value], **_preview(change)}
    return render(request, "admin_pages/day.html", shown, status=422 if form.errors else 200)


def _day(on: str) -> Day:
    try:
        found = date.fromisoformat(on)
    except ValueError:
        raise NotFound from None
    if not FIRST <= found.year <= LAST:
        raise NotFound
    return calendars.year_of_days(found.year)[found.timetuple().tm_yday - 1]


@permitted(EDIT)
def enter_year(request: HttpRequest) -> HttpResponse:
    """The arrangement of a whole year, from the State Council's notice."""
    form = YearForm(request.POST or None, request.FILES or None, initial={"version": calendars.version()})
    change = None
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        try:
            if request.POST.get("act") == "save":
                saved = calendars.import_year(text, _by(request), version=form.cleaned_data["version"])
                return _saved(request, saved, _year_of(saved))
            change = calendars.preview_year(text)
            form = YearForm(initial={"text": text, "version": calendars.version()})
        except Invalid as error:
            _add_errors(form, error)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "admin_pages/enter.html", {"form": form, **_preview(change)}, status=status)


def _year_of(change: CalendarChange) -> int:
    """The year that a change is about; the present one where nothing differs."""
    return change.days[0].date.year if change.days else today().year


def _add_errors(form: Any, error: Invalid) -> None:
    for field, message in error.errors.items():
        if field in form.fields:
            form.add_error(field, message)
        else:
            form.add_error(None, f"{field}: {message}" if field.startswith("row") else message)


def _saved(request: HttpRequest, change: CalendarChange, number: int) -> HttpResponse:
    if not change.days:
        messages.info(request, _("Nothing was changed: the calendar already says so."))
    else:
        moved = len(change.moved)
        text = ngettext("Saved. {n} deadline moved.", "Saved. {n} deadlines moved.", moved).format(n=moved)
        messages.success(request, text)
    return redirect("calendars:year", number)


def _preview(change: CalendarChange | None) -> dict[str, Any]:
    if change is None:
        return {"change": None}
    kinds = dict(KINDS)
    return {
        "change": change,
        "moved": _changes((0, m) for m in change.moved[:200]),
        "more": max(0, len(change.moved) - 200),
        "days": [(d, kinds[d.kind.value]) for d in change.days if d.kind in (DayKind.HOLIDAY, DayKind.MAKEUP)],
    }


def _changes(found: Iterable[tuple[int, Any]]) -> list[dict[str, Any]]:
    """Moves in words: whose limit it is, as its room names it."""
    moves = list(found)
    titles = calendars.clock_titles()
    names = named(move.subject for _key, move in moves)
    return [
        {
            "subject": names.get(move.subject),
            "title": titles.get(move.code, move.code),
            "old": move.old,
            "new": move.new,
            "why": move.why,
            "at": getattr(move, "at", None),
        }
        for _key, move in moves
    ]


@permitted(EDIT)
def moves(request: HttpRequest) -> HttpResponse:
    """Every move of a deadline, the newest first."""
    after = request.GET.get("after", "")
    causes = list(Cause) if request.GET.get("all") else [Cause.CALENDAR]
    found = calendars.latest_moves(causes, PAGE + 1, int(after) if after.isdigit() and len(after) < 18 else None)
    page = {"next": str(found[PAGE - 1][0]) if len(found) > PAGE else ""}
    context = {"moves": _changes(found[:PAGE]), "page": page, "all": bool(request.GET.get("all"))}
    return render(request, "admin_pages/moves.html", context)


@permitted(EDIT)
def limits(request: HttpRequest) -> HttpResponse:
    """The time-limit table."""
    units = dict(UNITS)
    rows = [
        {
            "limit": one,
            "unit": units.get(one.unit, one.unit),
            "procedures": [p.label for p in one.not_counted],
            "url": reverse("calendars:limit", args=[one.code]),
        }
        for one in calendars.limits()
    ]
    return render(request, "admin_pages/limits.html", {"rows": rows})


@permitted(EDIT)
def limit(request: HttpRequest, code: str) -> HttpResponse:
    """Change one row; limits that already run keep their length."""
    one = calendars.find_limit(code)
    if one is None:
        raise NotFound
    initial = {**asdict(one), "not_counted": [p.value for p in one.not_counted]}
    form = LimitForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        calendars.set_limit(form.limit(code), _by(request))
        messages.success(request, _("Saved. Time limits that already run keep their length."))
        return redirect("calendars:limits")
    return render(request, "admin_pages/limit.html", {"limit": one, "form": form}, status=422 if form.errors else 200)
