"""FEEL dates, times and durations (DMN 10.3.2.3.4 to 10.3.2.3.8).

Own types, because FEEL years run to +-999,999,999, seconds to nanoseconds, and a zone id is part of a value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MAX_YEAR = 999_999_999
SECOND = 1_000_000_000  # nanoseconds
DAY = 86_400 * SECOND
_MAX_OFFSET = 18 * 3600


@dataclass(frozen=True, slots=True)
class Offset:
    """A fixed distance from UTC, in seconds (east positive)."""

    seconds: int

    def __str__(self) -> str:
        if self.seconds == 0:
            return "Z"
        sign, rest = ("-", -self.seconds) if self.seconds < 0 else ("+", self.seconds)
        text = f"{sign}{rest // 3600:02}:{rest // 60 % 60:02}"
        return text + (f":{rest % 60:02}" if rest % 60 else "")


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of the IANA database, such as Asia/Shanghai."""

    name: str
    info: ZoneInfo

    def __str__(self) -> str:
        return f"@{self.name}"


TimeZone = Offset | Zone | None
UTC = Offset(0)


@lru_cache(maxsize=256)
def zone(name: str) -> Zone | None:
    """The named zone, or None when the database does not have it."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+)*", name):
        return None
    try:
        return Zone(name, ZoneInfo(name))
    except (OSError, ValueError, KeyError):  # KeyError: zoneinfo has no such zone
        return None


def _like(year: int) -> int:
    """A year Python's datetime knows with the same calendar (the calendar repeats every 400 years)."""
    return year if 1 < year < 9999 else 2000 + year % 400


@dataclass(frozen=True, slots=True)
class Date:
    """A day of the proleptic Gregorian calendar."""

    year: int
    month: int
    day: int

    @property
    def number(self) -> int:
        """Days since 1970-01-01."""
        year = self.year - (self.month <= 2)
        era, of_era = divmod(year, 400)
        of_year = (153 * (self.month + (-3 if self.month > 2 else 9)) + 2) // 5 + self.day - 1
        return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468

    @staticmethod
    def of(year: int, month: int, day: int) -> Date | None:
        if abs(year) > MAX_YEAR or not 1 <= month <= 12 or not 1 <= day <= days_in_month(year, month):
            return None
        return Date(year, month, day)

    @staticmethod
    def from_number(number: int) -> Date | None:
        era, of_era = divmod(number + 719468, 146097)
        year_of_era = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
        of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
        shifted = (5 * of_year + 2) // 153
        month = shifted + (3 if shifted < 10 else -9)
        year = year_of_era + era * 400 + (month <= 2)
        return Date.of(year, month, of_year - (153 * shifted + 2) // 5 + 1)

    @property
    def weekday(self) -> int:
        """1 is Monday, 7 is Sunday."""
        return (self.number + 3) % 7 + 1

    @property
    def day_of_year(self) -> int:
        return self.number - Date(self.year, 1, 1).number + 1

    @property
    def week_of_year(self) -> int:
        """The ISO 8601 week."""
        thursday = Date.from_number(self.number - self.weekday + 4)
        return 1 if thursday is None else (thursday.day_of_year - 1) // 7 + 1

    def __str__(self) -> str:
        sign = "-" if self.year < 0 else ""
        return f"{sign}{abs(self.year):04}-{self.month:02}-{self.day:02}"


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day: nanoseconds since midnight, and a zone or none."""

    nanos: int
    zone: TimeZone = None

    @property
    def offset(self) -> int | None:
        """Seconds east of UTC; for a zone id its standard (winter) offset, as a time has no date."""
        return zone_offset(self.zone, Date(2000, 1, 1), 0)

    @property
    def utc(self) -> int:
        """Comparable nanoseconds: shifted to UTC when the time has a zone."""
        return self.nanos - (self.offset or 0) * SECOND

    def __str__(self) -> str:
        return _clock(self.nanos) + ("" if self.zone is None else str(self.zone))


@dataclass(frozen=True, slots=True)
class DateTime:
    """A date and a time of day, with a zone or none."""

    date: Date
    nanos: int
    zone: TimeZone = None

    @property
    def offset(self) -> int | None:
        return zone_offset(self.zone, self.date, self.nanos)

    @property
    def instant(self) -> int:
        """Nanoseconds since 1970-01-01T00:00 (UTC when there is a zone, else local)."""
        return self.date.number * DAY + self.nanos - (self.offset or 0) * SECOND

    def plus(self, nanos: int) -> DateTime | None:
        """Moved along the time line; the zone stays."""
        if self.zone is None:
            return _from_local(self.date.number * DAY + self.nanos + nanos, None)
        return at_instant(self.instant + nanos, self.zone)

    @property
    def time(self) -> Time:
        return Time(self.nanos, self.zone)

    def __str__(self) -> str:
        return f"{self.date}T{_clock(self.nanos)}" + ("" if self.zone is None else str(self.zone))


@dataclass(frozen=True, slots=True, order=True)
class Months:
    """A years and months duration, in months."""

    months: int

    def __str__(self) -> str:
        sign, rest = ("-", -self.months) if self.months < 0 else ("", self.months)
        years, months = divmod(rest, 12)
        return f"{sign}P{f'{years}Y' if years else ''}{f'{months}M' if months or not years else ''}"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A days and time duration, in nanoseconds."""

    nanos: int

    def __str__(self) -> str:
        sign, rest = ("-", -self.nanos) if self.nanos < 0 else ("", self.nanos)
        days, rest = divmod(rest, DAY)
        hours, rest = divmod(rest, 3600 * SECOND)
        minutes, rest = divmod(rest, 60 * SECOND)
        seconds, fraction = divmod(rest, SECOND)
        time = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes)
        if fraction:
            time += f"{seconds}.{f'{fraction:09}'.rstrip('0')}S"
        elif seconds:
            time += f"{seconds}S"
        if not days and not time:
            return "PT0S"
        return f"{sign}P{f'{days}D' if days else ''}{f'T{time}' if time else ''}"


def days_in_month(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _clock(nanos: int) -> str:
    seconds, fraction = divmod(nanos, SECOND)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return text + ("." + f"{fraction:09}".rstrip("0") if fraction else "")


def zone_offset(tz: TimeZone, date: Date, nanos: int) -> int | None:
    """Seconds east of UTC at a local date and time."""
    if tz is None:
        return None
    if isinstance(tz, Offset):
        return tz.seconds
    midnight = datetime(_like(date.year), date.month, date.day, tzinfo=tz.info)
    delta = (midnight + timedelta(microseconds=nanos // 1000)).utcoffset()
    return 0 if delta is None else delta.days * 86_400 + delta.seconds


def _from_local(nanos: int, tz: TimeZone) -> DateTime | None:
    number, rest = divmod(nanos, DAY)
    date = Date.from_number(number)
    return None if date is None else DateTime(date, rest, tz)


def at_instant(instant: int, tz: Offset | Zone) -> DateTime | None:
    """The local date and time in `tz` at an instant (nanoseconds since 1970, UTC)."""
    if isinstance(tz, Offset):
        return _from_local(instant + tz.seconds * SECOND, tz)
    utc = _from_local(instant, UTC)
    if utc is None:
        return None
    moment = datetime(_like(utc.date.year), utc.date.month, utc.date.day, tzinfo=tz.info)
    moment += timedelta(microseconds=utc.nanos // 1000)
    delta = tz.info.fromutc(moment).utcoffset()
    seconds = 0 if delta is None else delta.days * 86_400 + delta.seconds
    return _from_local(instant + seconds * SECOND, tz)


def add_months(date: Date, months: int) -> Date | None:
    """The same day `months` later; the last day of the month where that day does not exist."""
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    return Date.of(year, month + 1, min(date.day, days_in_month(year, month + 1)))


_DATE = r"(-?(?:\d{4}|[1-9]\d{4,8}))-(\d\d)-(\d\d)"
_TIME = r"(\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
_ZONE = r"([Zz]|[+-]\d\d:\d\d(?::\d\d)?|@[A-Za-z0-9_+\-/]+)?"
_DATE_FORM = re.compile(_DATE, re.ASCII)
_TIME_FORM = re.compile(_TIME + _ZONE, re.ASCII)
_DATE_TIME_FORM = re.compile(_DATE + "(?:T" + _TIME + ")?" + _ZONE, re.ASCII)
_MONTHS_FORM = re.compile(r"(-)?P(?:(\d{1,12})Y)?(?:(\d{1,12})M)?", re.ASCII)
_SPAN_FORM = re.compile(
    r"(-)?P(?:(\d{1,15})D)?(?:T(?:(\d{1,15})H)?(?:(\d{1,18})M)?(?:(\d{1,20})(?:\.(\d{1,30}))?S)?)?", re.ASCII
)
_LONGEST = 100


def _zone_of(text: str | None) -> TimeZone | bool:
    """The zone written at the end of a time; False when it is none of this world."""
    if text is None:
        return None
    if text in "Zz":
        return UTC
    if text[0] == "@":
        return zone(text[1:]) or False
    hours, minutes, *more = (int(part) for part in text[1:].split(":"))
    seconds = hours * 3600 + minutes * 60 + sum(more)
    if minutes > 59 or any(part > 59 for part in more) or seconds > _MAX_OFFSET:
        return False
    return Offset(-seconds if text[0] == "-" else seconds)


def parse_zone(text: str) -> TimeZone:
    """A zone id (`Europe/Paris`) or an offset (`+02:00`, `Z`) by itself; None when it is neither."""
    if len(text) > _LONGEST:
        return None
    found = zone(text) if text[:1] not in ("Z", "z", "+", "-") else None
    if found is None and re.fullmatch(r"[Zz]|[+-]\d\d:\d\d", text, re.ASCII):
        offset = _zone_of(text)
        return None if isinstance(offset, bool) else offset
    return found


def _nanos_of(hour: str, minute: str, second: str, fraction: str | None) -> int | None:
    hours, minutes, seconds = int(hour), int(minute), int(second)
    nanos = int((fraction or "0")[:9].ljust(9, "0"))
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return (hours * 3600 + minutes * 60 + seconds) * SECOND + nanos


def parse_date(text: str) -> Date | None:
    match = _DATE_FORM.fullmatch(text) if len(text) < _LONGEST else None
    return None if match is None else Date.of(int(match[1]), int(match[2]), int(match[3]))


def parse_time(text: str) -> Time | None:
    match = _TIME_FORM.fullmatch(text) if len(text) < _LONGEST else None
    if match is None:
        return None
    nanos, tz = _nanos_of(match[1], match[2], match[3], match[4]), _zone_of(match[5])
    return None if nanos is None or isinstance(tz, bool) else Time(nanos, tz)


def parse_date_time(text: str) -> DateTime | None:
    """A date and time; a date alone (XML Schema lets it have an offset) is taken at 00:00:00."""
    match = _DATE_TIME_FORM.fullmatch(text) if len(text) < _LONGEST else None
    date = None if match is None else Date.of(int(match[1]), int(match[2]), int(match[3]))
    if match is None or date is None:
        return None
    tz = _zone_of(match[8])
    nanos = 0 if match[4] is None else _nanos_of(match[4], match[5], match[6], match[7])
    if nanos is None or isinstance(tz, bool):
        return None
    return DateTime(date, nanos, tz)


def parse_duration(text: str) -> Months | Span | None:
    if len(text) > _LONGEST or text[-1:] in ("P", "T", ""):
        return None
    if match := _MONTHS_FORM.fullmatch(text):
        months = int(match[2] or 0) * 12 + int(match[3] or 0)
        return Months(-months if match[1] else months)
    match = _SPAN_FORM.fullmatch(text)
    if match is None:
        return None
    seconds = int(match[2] or 0) * 86_400 + int(match[3] or 0) * 3600 + int(match[4] or 0) * 60
    nanos = (seconds + int(match[5] or 0)) * SECOND + int((match[6] or "0")[:9].ljust(9, "0"))
    return Span(-nanos if match[1] else nanos)


def parse_temporal(text: str) -> Date | Time | DateTime | Months | Span | None:
    """What an at-literal `@"..."` denotes (DMN 10.3.2.3)."""
    if "P" in text[:2]:
        return parse_duration(text)
    if "T" in text[:16]:
        moment = parse_date_time(text)
        if moment is not None:
            return moment
    return parse_date(text) or parse_time(text)
