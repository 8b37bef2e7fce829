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

# Longer counts list no single holidays: the explanation stays readable, the number of days off stands in it.
_MANY_FESTIVALS = 12
_FAR = date.max.toordinal() + 1
_FIXED = {
    (1, 1): "元旦",
    (5, 1): "劳动节",
    (5, 2): "劳动节",
    (10, 1): "国庆节",
    (10, 2): "国庆节",
    (10, 3): "国庆节",
}


class CannotCount(ValueError):
    """The question has no answer: a negative number of days, a suspension that ends before it starts."""


class DayKind(StrEnum):
    """What a day is: worked or not, and whether that is the rhythm of the week or an arrangement."""

    WORKDAY = "workday"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"
    REST = "rest"

    @property
    def works(self) -> bool:
        """Whether offices are open."""
        return self in (DayKind.WORKDAY, DayKind.MAKEUP)


class Unit(StrEnum):
    """What a limit is counted in."""

    WORKDAY = "workday"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a calendar. `provisional`: the arrangement of its year is not published yet."""

    date: date
    kind: DayKind
    name: str = ""
    provisional: bool = False
    source: str = ""


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


@dataclass(frozen=True)
class Year:
    """One year, ready to count: a byte per day (1 = worked, 1 = provisional), and the special days."""

    works: bytes
    provisional: bytes
    special: tuple[Day, ...]


class Calendar:
    """The days of one jurisdiction at one version.

    A day that is not in `days` follows the fallback: Monday to Friday, minus the days that the law on public
    holidays (全国年节及纪念日放假办法, 2025) names, marked provisional. `festivals` gives those that follow
    the moon.
    """

    def __init__(
        self,
        jurisdiction: str,
        days: Mapping[date, Day],
        version: int = 0,
        festivals: Mapping[date, str] | None = None,
    ) -> None:
        self.jurisdiction = jurisdiction
        self.version = version
        self.days = days
        self._festivals = festivals or {}
        self._years: dict[int, Year] = {}
        self._known_years = {d.year for d in days}
        self.first = min(days, default=date.max)
        self.last = max(days, default=date.min)

    def day(self, on: date) -> Day:
        """The day, known or by the fallback."""
        return self.days.get(on) or self.fallback(on)

    def works(self, on: date) -> bool:
        """Whether offices are open on this day."""
        return bool(self.year(on.year).works[on.timetuple().tm_yday - 1])

    def next_working(self, on: date) -> date:
        """This day if it is worked, else the next one that is."""
        found, _ = self.nth_working(on.toordinal(), _FAR, 1)
        if found is None:
            raise CannotCount("the date lies beyond the year 9999")
        return date.fromordinal(found)

    def fallback(self, on: date) -> Day:
        """What the law alone says of a day whose arrangement nobody has published."""
        name = self._festivals.get(on) or _FIXED.get((on.month, on.day), "")
        kind = DayKind.HOLIDAY if name else DayKind.WORKDAY if on.weekday() < 5 else DayKind.REST
        return Day(on, kind, name, provisional=True, source="law")

    def year(self, number: int) -> Year:
        """The table of one year; made once."""
        table = self._years.get(number)
        if table is None:
            table = self._year(number) if number in self._known_years else self._unknown_year(number)
            self._years[number] = table
        return table

    def _year(self, number: int) -> Year:
        first = date(number, 1, 1).toordinal()
        length = 366 if monthrange(number, 2)[1] == 29 else 365
        days = [self.day(date.fromordinal(first + i)) for i in range(length)]
        return Year(
            bytes(d.kind.works for d in days),
            bytes(d.provisional for d in days),
            tuple(d for d in days if d.kind in (DayKind.HOLIDAY, DayKind.MAKEUP)),
        )

    def _unknown_year(self, number: int) -> Year:
        """Quick, because a count over centuries asks for hundreds of them."""
        length = 366 if monthrange(number, 2)[1] == 29 else 365
        week = bytes((date(number, 1, 1).weekday() + i) % 7 < 5 for i in range(7))
        works = bytearray((week * 53)[:length])
        named = {date(number, m, d): name for (m, d), name in _FIXED.items()}
        named |= {d: name for d, name in self._festivals.items() if d.year == number}
        for d in named:
            works[d.timetuple().tm_yday - 1] = 0
        special = tuple(Day(d, DayKind.HOLIDAY, named[d], True, "law") for d in sorted(named))
        return Year(bytes(works), b"\x01" * length, special)

    def nth_working(self, lo: int, hi: int, n: int) -> tuple[int | None, int]:
        """The ordinal of the n-th worked day in [lo, hi); without one, `None` and how many there are."""
        found = 0
        for start, first, last in _by_year(lo, hi):
            flags = self.year(start.year).works
            here = flags.count(1, first, last)
            if found + here >= n:
                at = first - 1
                for _ in range(n - found):
                    at = flags.find(1, at + 1)
                return start.toordinal() + at, n
            found += here
        return None, found

    def count_working(self, lo: int, hi: int) -> int:
        """How many days in [lo, hi) are worked."""
        return sum(self.year(start.year).works.count(1, a, b) for start, a, b in _by_year(lo, hi))

    def provisional_years(self, lo: int, hi: int) -> list[int]:
        """The years in [lo, hi) whose arrangement is not certain."""
        return [s.year for s, a, b in _by_year(lo, hi) if self.year(s.year).provisional.find(1, a, b) >= 0]

    def special(self, lo: int, hi: int) -> Iterator[Day]:
        """Holidays and make-up days in [lo, hi), in order."""
        for start, _, _ in _by_year(lo, hi):
            for d in self.year(start.year).special:
                if lo <= d.date.toordinal() < hi:
                    yield d


def _by_year(lo: int, hi: int) -> Iterator[tuple[date, int, int]]:
    """[lo, hi) cut at the turns of the year: first of January, and the slice of that year's days."""
    while lo < hi:
        start = date(date.fromordinal(lo).year, 1, 1)
        first = start.toordinal()
        length = 366 if monthrange(start.year, 2)[1] == 29 else 365
        yield start, lo - first, min(length, hi - first)
        lo = first + length


def excluded(suspensions: Iterable[Suspension], rules: Rules) -> list[tuple[int, int]]:
    """The suspended days as sorted ordinals [from, to), overlaps merged; an open end is the end of time."""
    spans = []
    for s in suspensions:
        if s.end is not None and s.end < s.start:
            raise CannotCount(f"the suspension {s.start}..{s.end} ends before it starts")
        begin = s.start.toordinal() + rules.suspension_day_counts
        end = _FAR if s.end is None else s.end.toordinal() + (not rules.resume_day_counts)
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
        steps += _suspended_steps(suspensions, first, _FAR)
        left = {"n": total - counted, "unit": counted_unit.value}
        steps.append(Step("unknown", left))
        return Due(None, True, tuple(steps), calendar.version, total - counted)
    last, rolled = (end, False) if unit is Unit.WORKDAY else _rolled(calendar, end, spans)
    if last is None:
        steps += [
            *_suspended_steps(suspensions, first, _FAR),
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
        return (start, 0) if span is None else (None, 0) if span[1] >= _FAR else (span[1], 0)
    counted = 0
    for lo, hi in _gaps(start + 1, _FAR, spans):
        if unit is Unit.WORKDAY:
            found, here = calendar.nth_working(lo, hi, n - counted)
        else:
            here = min(hi - lo, n - counted)
            found = lo + here - 1 if counted + here == n else None
        if found is not None:
            return found, n
        counted += here
    if not (spans and spans[-1][1] >= _FAR):
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
