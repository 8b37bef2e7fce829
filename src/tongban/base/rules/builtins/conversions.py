"""Conversion functions (DMN 10.3.4.1), `not` and `is`."""

from __future__ import annotations

import re
from decimal import Decimal

from .. import temporal
from ..arithmetic import whole
from ..compare import same
from ..run import Run
from ..temporal import SECOND, UTC, Date, DateTime, Months, Offset, Span, Time
from ..values import Value, number, text_of
from .signature import feel

_NUMERAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?")


@feel("number", "from: string", "grouping separator: string?", "decimal separator: string?")
def _number(run: Run, text: str, grouping: str | None, point: str | None) -> Value:
    if grouping not in (None, " ", ",", ".") or point not in (None, ",", "."):
        return None
    if (grouping is not None and grouping == point) or len(text) > 10_000:
        return None
    if grouping:
        text = text.replace(grouping, "")
    if point == ",":
        text = text.replace(".", "?").replace(point, ".")
    return number(Decimal(text)) if _NUMERAL.fullmatch(text) else None


@feel("string", "from: any")
def _string(run: Run, value: Value) -> Value:
    return None if value is None else text_of(value)


@feel("not", "negand: any")
def _not(run: Run, negand: Value) -> Value:
    return not negand if type(negand) is bool else None


@feel("is", "value1: any", "value2: any")
def _is(run: Run, value1: Value, value2: Value) -> Value:
    return same(value1, value2)


@feel("date", "from: string")
def _date(run: Run, text: str) -> Value:
    return temporal.parse_date(text)


@feel("date", "from: day")
def _date_of(run: Run, moment: Date | DateTime) -> Value:
    return moment.date if isinstance(moment, DateTime) else moment


@feel("date", "year: number", "month: number", "day: number")
def _date_from(run: Run, year: Decimal, month: Decimal, day: Decimal) -> Value:
    parts = [whole(part) for part in (year, month, day) if part == part.to_integral_value()]
    if len(parts) < 3 or None in parts:
        return None
    return Date.of(*parts)  # type: ignore[arg-type]


@feel("time", "from: string")
def _time(run: Run, text: str) -> Value:
    return temporal.parse_time(text)


@feel("time", "from: time")
def _time_same(run: Run, time: Time) -> Value:
    return time


@feel("time", "from: day")
def _time_of(run: Run, moment: Date | DateTime) -> Value:
    return moment.time if isinstance(moment, DateTime) else Time(0, UTC)


@feel("time", "hour: number", "minute: number", "second: number", "offset?: span")
def _time_from(run: Run, hour: Decimal, minute: Decimal, second: Decimal, offset: Span | None) -> Value:
    if hour != hour.to_integral_value() or minute != minute.to_integral_value():
        return None
    if not (0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second < 60):
        return None
    zone = None
    if offset is not None:
        if offset.nanos % SECOND or abs(offset.nanos) > 18 * 3600 * SECOND:
            return None
        zone = Offset(offset.nanos // SECOND)
    return Time((int(hour) * 3600 + int(minute) * 60) * SECOND + int(second * SECOND), zone)


@feel("date and time", "from: string")
def _date_time(run: Run, text: str) -> Value:
    return temporal.parse_date_time(text)


@feel("date and time", "from: date and time")
def _date_time_of(run: Run, moment: DateTime) -> Value:
    return moment


@feel("date and time", "date: day", "time: time")
def _date_time_from(run: Run, moment: Date | DateTime, time: Time) -> Value:
    date = moment.date if isinstance(moment, DateTime) else moment
    return DateTime(date, time.nanos, time.zone)


@feel("date and time", "date: day", "time: time", "timezone: string")
def _date_time_in(run: Run, moment: Date | DateTime, time: Time, timezone: str) -> Value:
    zone = temporal.parse_zone(timezone)
    date = moment.date if isinstance(moment, DateTime) else moment
    return None if zone is None else DateTime(date, time.nanos, zone)


@feel("duration", "from: string")
def _duration(run: Run, text: str) -> Value:
    return temporal.parse_duration(text)


@feel("duration", "from: duration")
def _duration_of(run: Run, duration: Months | Span) -> Value:
    return duration


@feel("years and months duration", "from: day", "to: day")
def _months_between(run: Run, start: Date | DateTime, end: Date | DateTime) -> Value:
    first = start.date if isinstance(start, DateTime) else start
    last = end.date if isinstance(end, DateTime) else end
    months = (last.year - first.year) * 12 + last.month - first.month
    if months > 0 and last.day < first.day:
        months -= 1
    elif months < 0 and last.day > first.day:
        months += 1
    return Months(months)


@feel("range", "from: string")
def _range(run: Run, text: str) -> Value:
    from ..literals import parse_range

    run.charge(50)  # it compiles
    return parse_range(text)
