"""What follows a dot: entries of contexts and the fixed properties of times, durations and ranges."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from .arithmetic import seconds
from .run import Run
from .temporal import SECOND, Date, DateTime, Months, Span, Time, Zone
from .values import Range, Value


def _cut(value: int, unit: int, wrap: int = 0) -> Decimal:
    """Whole units toward zero, the sign kept."""
    whole = abs(value) // unit
    if wrap:
        whole %= wrap
    return Decimal(-whole if value < 0 else whole)


def _offset(value: Time | DateTime) -> Span | None:
    offset = value.offset
    return None if offset is None else Span(offset * SECOND)


def _timezone(value: Time | DateTime) -> str | None:
    return value.zone.name if isinstance(value.zone, Zone) else None


_CLOCK: dict[str, Callable[[Value], Value]] = {
    "hour": lambda v: Decimal(v.nanos // (3600 * SECOND)),
    "minute": lambda v: Decimal(v.nanos // (60 * SECOND) % 60),
    "second": lambda v: Decimal(v.nanos // SECOND % 60),
    "time offset": _offset,
    "timezone": _timezone,
}
_DAY: dict[str, Callable[[Value], Value]] = {
    "year": lambda v: Decimal(v.year),
    "month": lambda v: Decimal(v.month),
    "day": lambda v: Decimal(v.day),
    "weekday": lambda v: Decimal(v.weekday),
}
_PROPERTIES: dict[type, dict[str, Callable[[Value], Value]]] = {
    Date: _DAY,
    Time: _CLOCK,
    DateTime: _CLOCK
    | {
        "year": lambda v: Decimal(v.date.year),
        "month": lambda v: Decimal(v.date.month),
        "day": lambda v: Decimal(v.date.day),
        "weekday": lambda v: Decimal(v.date.weekday),
    },
    Months: {
        "years": lambda v: _cut(v.months, 12),
        "months": lambda v: _cut(v.months, 1, 12),
    },
    Span: {
        "days": lambda v: _cut(seconds(v), 86_400),
        "hours": lambda v: _cut(seconds(v), 3600, 24),
        "minutes": lambda v: _cut(seconds(v), 60, 60),
        "seconds": lambda v: _cut(seconds(v), 1, 60),
    },
    Range: {
        "start": lambda v: v.start,
        "end": lambda v: v.end,
        "start included": lambda v: v.start_included,
        "end included": lambda v: v.end_included,
    },
}


def get(value: Value, name: str, run: Run | None = None) -> Value:
    """`value.name`; over a list, of every item. Null where there is no such entry or property."""
    kind = type(value)
    if kind is dict:
        return value.get(name)
    if kind is list:
        if run is not None:
            run.charge(1 + len(value))
        return [get(item, name, run) for item in value]
    read = _PROPERTIES.get(kind, {}).get(name)
    return None if read is None else read(value)
