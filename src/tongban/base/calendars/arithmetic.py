"""Counting days: pure arithmetic over a calendar, without a database and without Django.

The start day is not counted (民法典 201). A working-day limit counts working days only; a natural-day, month
or year limit counts every day and moves to the next working day when its last day is a holiday (民法典 203).
Days under a suspension are not counted. What decided a date is kept as `Step`s, which `words` turns into a
sentence.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property

from .words import sentence
from .year import FAR, Calendar, CannotCount, Day, DayKind

# Longer counts list no single holidays: the explanation stays readable, the number of days off stands in it.
_MANY_FESTIVALS = 12


class Unit(StrEnum):
    """What a limit is counted in."""

    WORKDAY = "workday"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Suspension:
    """The clock stands still from `start` until the work resumes on `end` (`None`: still suspended)."""

    start: date
    end: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """The counting rules that a government may set; the defaults are the common ones."""

    closes_at: time = time(17, 30)
    suspension_day_counts: bool = False
    resume_day_counts: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One reason for a date: what happened (`code`) and its JSON-able facts."""

    code: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Due:
    """The answer to "when is it due?". `date` is `None` while an open suspension leaves it unknown;
    `remaining` then says how many days are left to count after it resumes."""

    date: date | None
    provisional: bool
    steps: tuple[Step, ...]
    calendar_version: int
    remaining: int = 0

    @cached_property
    def why(self) -> str:
        """The explanation in words, in the active language."""
        return sentence(self.steps)


@dataclass(frozen=True)
class Count:
    """The answer to "how many days lie between?"."""

    days: int
    provisional: bool
    steps: tuple[Step, ...]
    calendar_version: int

    @cached_property
    def why(self) -> str:
        """The explanation in words, in the active language."""
        return sentence(self.steps)


def excluded(suspensions: Iterable[Suspension], rules: Rules) -> list[tuple[int, int]]:
    """The suspended days as sorted ordinals [from, to), overlaps merged; an open end is the end of time."""
    spans = []
    for s in suspensions:
        if s.end is not None and s.end < s.start:
            raise CannotCount(f"the suspension {s.start}..{s.end} ends before it starts")
        begin = s.start.toordinal() + rules.suspension_day_counts
        end = FAR if s.end is None else s.end.toordinal() + (not rules.resume_day_counts)
        if begin < end:
            spans.append((begin, end))
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _gaps(lo: int, hi: int, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """[lo, hi) without the spans."""
    for begin, end in spans:
        if begin > lo:
            yield lo, min(begin, hi)
        lo = max(lo, end)
        if lo >= hi:
            return
    yield lo, hi


def received(calendar: Calendar, moment: datetime, rules: Rules | None = None) -> tuple[date, tuple[Step, ...]]:
    """The day on which something handed in at `moment` (Asia/Shanghai) counts as received: after closing
    time or on a day off, the next working day."""
    rules = rules or Rules()
    day = moment.date()
    off = not calendar.works(day)
    if not off and moment.time() <= rules.closes_at:
        return day, ()
    counted = calendar.next_working(day + timedelta(days=1))
    step = Step(
        "received_off" if off else "received_late",
        {
            "date": day.isoformat(),
            "time": f"{moment:%H:%M}",
            "closes": f"{rules.closes_at:%H:%M}",
            "counted": counted.isoformat(),
        },
    )
    return counted, (step,)


def add(
    calendar: Calendar,
    start: date,
    n: int,
    unit: Unit = Unit.WORKDAY,
    suspensions: Sequence[Suspension] = (),
    rules: Rules | None = None,
    extension: int = 0,
) -> Due:
    """The last day of a limit of `n` units (and `extension` more) that starts on `start`, which is not
    counted.

    `n` = 0 is due the same day. `CannotCount` for negative numbers and for dates beyond the year 9999.
    """
    rules = rules or Rules()
    if n < 0 or extension < 0:
        raise CannotCount("the number of days must not be negative")
    spans = excluded(suspensions, rules)
    first = start.toordinal()
    steps = [Step("start", {"date": start.isoformat(), "n": n, "unit": unit.value})]
    if extension:
        steps.append(Step("extended", {"n": extension, "unit": unit.value}))
    counted_unit, total = unit, n + extension
    if unit in (Unit.MONTH, Unit.YEAR):
        counted_unit, total = Unit.DAY, (_months_later(start, total, unit) - start).days
    end, counted = _walk(calendar, first, total, counted_unit, spans)
    if end is None:
        steps += _suspended_steps(suspensions, first, FAR)
        left = {"n": total - counted, "unit": counted_unit.value}
        steps.append(Step("unknown", left))
        return Due(None, True, tuple(steps), calendar.version, total - counted)
    last, rolled = (end, False) if unit is Unit.WORKDAY else _rolled(calendar, end, spans)
    if last is None:
        steps += [
            *_suspended_steps(suspensions, first, FAR),
            Step("unknown", {"n": 0, "unit": counted_unit.value}),
        ]
        return Due(None, True, tuple(steps), calendar.version, 0)
    if unit is Unit.WORKDAY:
        steps += _day_steps(calendar, first + 1, last + 1, spans)
    steps += _suspended_steps(suspensions, first, last)
    if rolled:
        day = calendar.day(date.fromordinal(end))
        steps.append(Step("rolled", {"date": day.date.isoformat(), "name": day.name}))
    needs = first + 1 if unit is Unit.WORKDAY else end
    doubt = calendar.provisional_years(needs, last + 1) if total or unit is not Unit.WORKDAY else []
    steps += _doubt_steps(calendar, doubt)
    steps.append(Step("due", {"date": date.fromordinal(last).isoformat()}))
    return Due(date.fromordinal(last), bool(doubt), tuple(steps), calendar.version)


def between(
    calendar: Calendar,
    start: date,
    end: date,
    unit: Unit = Unit.WORKDAY,
    suspensions: Sequence[Suspension] = (),
    rules: Rules | None = None,
) -> Count:
    """How many days lie in (start, end]; the inverse of `add`. Negative when `end` is before `start`."""
    if unit not in (Unit.WORKDAY, Unit.DAY):
        raise CannotCount("between counts working days or natural days")
    first, last, sign = start.toordinal(), end.toordinal(), 1
    if last < first:
        first, last, sign = last, first, -1
    spans = excluded(suspensions, rules or Rules())
    works = unit is Unit.WORKDAY
    gaps = _gaps(first + 1, last + 1, spans)
    days = sum(calendar.count_working(a, b) if works else b - a for a, b in gaps)
    steps = [
        Step(
            "between",
            {"start": start.isoformat(), "end": end.isoformat(), "n": sign * days, "unit": unit.value},
        )
    ]
    doubt = calendar.provisional_years(first + 1, last + 1) if works else []
    if works:
        steps += _day_steps(calendar, first + 1, last + 1, spans)
    steps += [*_suspended_steps(suspensions, first, last), *_doubt_steps(calendar, doubt)]
    return Count(sign * days, bool(doubt), tuple(steps), calendar.version)


def _walk(
    calendar: Calendar, start: int, n: int, unit: Unit, spans: Sequence[tuple[int, int]]
) -> tuple[int | None, int]:
    """The ordinal of the n-th counted day after `start`; without one, `None` and how many were counted."""
    if n == 0:  # due the same day, or the day on which the work resumes
        span = next((s for s in spans if s[0] <= start < s[1]), None)
        return (start, 0) if span is None else (None, 0) if span[1] >= FAR else (span[1], 0)
    counted = 0
    for lo, hi in _gaps(start + 1, FAR, spans):
        if unit is Unit.WORKDAY:
            found, here = calendar.nth_working(lo, hi, n - counted)
        else:
            here = min(hi - lo, n - counted)
            found = lo + here - 1 if counted + here == n else None
        if found is not None:
            return found, n
        counted += here
    if not (spans and spans[-1][1] >= FAR):
        raise CannotCount("the date lies beyond the year 9999")
    return None, counted


def _rolled(calendar: Calendar, end: int, spans: Sequence[tuple[int, int]]) -> tuple[int | None, bool]:
    """The last day of a limit of natural days: the next working day when it falls on a day off."""
    if calendar.works(date.fromordinal(end)):
        return end, False
    last, _ = _walk(calendar, end, 1, Unit.WORKDAY, spans)
    return last, True


def _months_later(start: date, n: int, unit: Unit) -> date:
    """The same day n months or years later; the month's last day where there is none (民法典 202)."""
    months = start.year * 12 + start.month - 1 + n * (12 if unit is Unit.YEAR else 1)
    year, month = divmod(months, 12)
    if year > date.max.year:
        raise CannotCount("the date lies beyond the year 9999")
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _day_steps(calendar: Calendar, lo: int, hi: int, spans: Sequence[tuple[int, int]]) -> list[Step]:
    """The holidays that were skipped and the make-up days that were counted."""
    festivals: list[list[Day]] = []
    makeup: list[str] = []
    for a, b in _gaps(lo, hi, spans):
        for d in calendar.special(a, b):
            if d.kind is DayKind.MAKEUP:
                makeup.append(d.date.isoformat())
            elif festivals and festivals[-1][-1].name == d.name and (d.date - festivals[-1][-1].date).days == 1:
                festivals[-1].append(d)
            else:
                festivals.append([d])
    if len(festivals) + len(makeup) > _MANY_FESTIVALS:
        off = sum(map(len, festivals))
        return [Step("many", {"off": off, "makeup": len(makeup)})]
    steps = [
        Step("holiday", {"from": f[0].date.isoformat(), "to": f[-1].date.isoformat(), "name": f[0].name})
        for f in festivals
    ]
    return [*steps, Step("makeup", {"dates": makeup})] if makeup else steps


def _suspended_steps(suspensions: Iterable[Suspension], first: int, last: int) -> list[Step]:
    """The suspensions that touch (first, last]."""
    return [
        Step("suspended", {"from": s.start.isoformat(), "to": s.end and s.end.isoformat(), "reason": s.reason})
        for s in sorted(suspensions, key=lambda s: (s.start, s.end or date.max))
        if s.start.toordinal() <= last and (s.end is None or s.end.toordinal() > first) and s.start != s.end
    ]


def _doubt_steps(calendar: Calendar, years: Sequence[int]) -> list[Step]:
    """Why a date is provisional."""
    before = [y for y in years if y < calendar.first.year]
    after = [y for y in years if y >= calendar.first.year]
    steps = [Step("before_calendar", {"from": before[0], "to": before[-1]})] if before else []
    return [*steps, Step("unpublished", {"from": after[0], "to": after[-1]})] if after else steps
