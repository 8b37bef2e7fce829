"""The days of a year: a calendar that can be counted. Pure Python, no Django."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

FAR = date.max.toordinal() + 1  # the day after the last that can be told
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


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a calendar. `provisional`: the arrangement of its year is not published yet."""

    date: date
    kind: DayKind
    name: str = ""
    provisional: bool = False
    source: str = ""


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
        found, _ = self.nth_working(on.toordinal(), FAR, 1)
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
        for start, first, last in by_year(lo, hi):
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
        return sum(self.year(start.year).works.count(1, a, b) for start, a, b in by_year(lo, hi))

    def provisional_years(self, lo: int, hi: int) -> list[int]:
        """The years in [lo, hi) whose arrangement is not certain."""
        return [s.year for s, a, b in by_year(lo, hi) if self.year(s.year).provisional.find(1, a, b) >= 0]

    def special(self, lo: int, hi: int) -> Iterator[Day]:
        """Holidays and make-up days in [lo, hi), in order."""
        for start, _, _ in by_year(lo, hi):
            for d in self.year(start.year).special:
                if lo <= d.date.toordinal() < hi:
                    yield d


def by_year(lo: int, hi: int) -> Iterator[tuple[date, int, int]]:
    """[lo, hi) cut at the turns of the year: first of January, and the slice of that year's days."""
    while lo < hi:
        start = date(date.fromordinal(lo).year, 1, 1)
        first = start.toordinal()
        length = 366 if monthrange(start.year, 2)[1] == 29 else 365
        yield start, lo - first, min(length, hi - first)
        lo = first + length
