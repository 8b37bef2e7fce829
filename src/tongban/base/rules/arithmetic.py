"""FEEL arithmetic (DMN 10.3.2.13.3 to .5). What is undefined gives null, never an exception."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal, DecimalException

from .data import BudgetExceeded
from .temporal import DAY, SECOND, UTC, Date, DateTime, Months, Span, Time, add_months
from .values import DECIMAL128, MAX_TEXT, Value

_MOMENTS = (Date, DateTime)
_LONGEST = 10**12 * DAY  # beyond any FEEL calendar


def _span(nanos: int) -> Span | None:
    return Span(nanos) if abs(nanos) < _LONGEST else None


def _months(months: int) -> Months | None:
    return Months(months) if abs(months) < 10**15 else None


def add(a: Value, b: Value) -> Value:
    kind, other = type(a), type(b)
    if kind is Decimal and other is Decimal:
        return _number(DECIMAL128.add, a, b)
    if kind is str and other is str:
        if len(a) + len(b) > MAX_TEXT:
            raise BudgetExceeded("a string would be too long")
        return a + b
    if other in (Months, Span):
        return _sum(a, b)
    return _sum(b, a) if kind in (Months, Span) else None


def _sum(a: Value, b: Months | Span) -> Value:
    """A moment or duration plus a duration."""
    if isinstance(b, Months):
        if type(a) is Months:
            return _months(a.months + b.months)
        if type(a) is Date:
            return add_months(a, b.months)
        if type(a) is DateTime:
            date = add_months(a.date, b.months)
            return None if date is None else DateTime(date, a.nanos, a.zone)
        return None
    if type(a) is Span:
        return _span(a.nanos + b.nanos)
    if type(a) is Time:
        return Time((a.nanos + b.nanos) % DAY, a.zone)
    if type(a) is Date:
        return Date.from_number((a.number * DAY + b.nanos) // DAY)
    return a.plus(b.nanos) if type(a) is DateTime else None


def subtract(a: Value, b: Value) -> Value:
    kind, other = type(a), type(b)
    if kind is Decimal and other is Decimal:
        return _number(DECIMAL128.subtract, a, b)
    if kind in _MOMENTS and other in _MOMENTS:
        return _between(a, b)
    if kind is Time and other is Time:
        return Span(a.utc - b.utc) if (a.zone is None) == (b.zone is None) else None
    if other is Months:
        return _sum(a, Months(-b.months))
    return _sum(a, Span(-b.nanos)) if other is Span else None


def _between(a: Value, b: Value) -> Span | None:
    """Beside a date and time, a date is midnight UTC. With and without a zone there is no distance."""
    if type(a) is not type(b):
        a = DateTime(a, 0, UTC) if type(a) is Date else a
        b = DateTime(b, 0, UTC) if type(b) is Date else b
    if type(a) is Date:
        return _span((a.number - b.number) * DAY)
    return _span(a.instant - b.instant) if (a.zone is None) == (b.zone is None) else None


def multiply(a: Value, b: Value) -> Value:
    kind, other = type(a), type(b)
    if kind is Decimal and other is Decimal:
        return _number(DECIMAL128.multiply, a, b)
    if kind is Decimal and other in (Months, Span):
        a, b, kind, other = b, a, other, kind
    if other is not Decimal:
        return None
    if kind is Months:
        return _scaled(Decimal(a.months), b, DECIMAL128.multiply, _months)
    return _scaled(Decimal(a.nanos), b, DECIMAL128.multiply, _span) if kind is Span else None


def divide(a: Value, b: Value) -> Value:
    kind, other = type(a), type(b)
    if kind is Decimal and other is Decimal:
        return _number(DECIMAL128.divide, a, b) if b else None
    if kind is Months and other is Months:
        return _number(DECIMAL128.divide, Decimal(a.months), Decimal(b.months)) if b.months else None
    if kind is Span and other is Span:
        return _number(DECIMAL128.divide, Decimal(a.nanos), Decimal(b.nanos)) if b.nanos else None
    if other is not Decimal or not b:
        return None
    if kind is Months:
        return _scaled(Decimal(a.months), b, DECIMAL128.divide, _months)
    return _scaled(Decimal(a.nanos), b, DECIMAL128.divide, _span) if kind is Span else None


def power(a: Value, b: Value) -> Value:
    if type(a) is not Decimal or type(b) is not Decimal:
        return None
    if b == 0:
        return Decimal(1)
    return _number(DECIMAL128.power, a, b)


def negate(a: Value) -> Value:
    kind = type(a)
    if kind is Decimal:
        return a.copy_negate() if a else a
    if kind is Months:
        return Months(-a.months)
    return Span(-a.nanos) if kind is Span else None


def _number(operation: Callable[[Decimal, Decimal], Decimal], a: Decimal, b: Decimal) -> Decimal | None:
    try:
        result = operation(a, b)
    except DecimalException:
        return None
    return result if result.is_finite() else None


def _scaled(
    amount: Decimal,
    factor: Decimal,
    operation: Callable[[Decimal, Decimal], Decimal],
    make: Callable[[int], Value],
) -> Value:
    """A duration times or by a number; what is smaller than its unit is cut off."""
    result = _number(operation, amount, factor)
    if result is None or result.adjusted() > 40:
        return None
    return make(int(result.to_integral_value(rounding=ROUND_DOWN)))


def whole(value: Value) -> int | None:
    """A number used as a position, length or scale; its fraction is cut off."""
    if type(value) is not Decimal or value.adjusted() > 15:
        return None
    return int(value)


def seconds(value: Span) -> int:
    """Whole seconds of a days and time duration, toward zero."""
    return int(value.nanos / SECOND) if abs(value.nanos) < 2**52 else value.nanos // SECOND
