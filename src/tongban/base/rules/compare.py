"""Equality, order and membership of FEEL values (DMN 10.3.2.13), in three-valued logic: None is null."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from .data import BudgetExceeded
from .temporal import Date, DateTime, Months, Span, Time
from .values import Function, Range, Value

_LARGEST = 20_000
_ORDERED = (Decimal, str, Months, Span)


def equal(a: Value, b: Value) -> bool | None:
    """`a = b`: null equals only null; values of different types do not compare (null)."""
    if a is None or b is None:
        return a is b
    kind = type(a)
    if kind is not type(b):
        return None
    if kind in (list, dict):
        return _deep(a, b, [_LARGEST])
    if kind is Function:
        return True if a is b else None
    if kind in (Time, DateTime):
        here, there = _moments(a, b)
        return here == there
    if kind is Range:
        return _same_range(a, b)
    return bool(a == b)


def _moments(a: Time | DateTime, b: Time | DateTime) -> tuple[int, int]:
    """Both on one time line; the one without an offset takes that of the other (table of `<`, 10.3.2.13.1)."""
    if a.zone is None or b.zone is None:
        a, b = replace(a, zone=None), replace(b, zone=None)
    return (a.utc if isinstance(a, Time) else a.instant), (b.utc if isinstance(b, Time) else b.instant)


def _same_range(a: Range, b: Range) -> bool:
    flags = (a.start_included, a.end_included) == (b.start_included, b.end_included)
    return flags and equal(a.start, b.start) is True and equal(a.end, b.end) is True


def _deep(a: Value, b: Value, room: list[int]) -> bool:
    room[0] -= 1
    if room[0] < 0:
        raise BudgetExceeded("values are too large to compare")
    if type(a) is list and type(b) is list:
        return len(a) == len(b) and all(_deep(x, y, room) for x, y in zip(a, b, strict=True))
    if type(a) is dict and type(b) is dict:
        return a.keys() == b.keys() and all(_deep(item, b[key], room) for key, item in a.items())
    if type(a) in (list, dict):
        return False
    return equal(a, b) is True


def same(a: Value, b: Value) -> bool:
    """`is(a, b)`: the same element of the semantic domain, so also the same zone or the lack of one."""
    if type(a) is not type(b):
        return False
    if type(a) in (Time, DateTime):
        return bool(a == b)
    return equal(a, b) is True


def order(a: Value, b: Value) -> int | None:
    """-1, 0 or 1; None where the two have no order."""
    kind = type(a)
    if kind is not type(b):
        return None
    if kind in _ORDERED:
        return -1 if a < b else int(a != b)
    if kind is Date:
        left, right = (a.year, a.month, a.day), (b.year, b.month, b.day)
        return -1 if left < right else int(left != right)
    if kind in (Time, DateTime):
        here, there = _moments(a, b)
        return -1 if here < there else int(here != there)
    return None


def less(a: Value, b: Value) -> bool | None:
    found = order(a, b)
    return None if found is None else found < 0


def at_most(a: Value, b: Value) -> bool | None:
    found = order(a, b)
    return None if found is None else found <= 0


def in_range(value: Value, span: Range) -> bool | None:
    """Whether a value lies in a range; null when it cannot be ordered with the ends."""
    if value is None:
        return None
    if span.start is None and span.end is None:
        return None
    if span.start is not None:
        low = order(span.start, value)
        if low is None:
            return None
        if low > 0 or (low == 0 and not span.start_included):
            return False
    if span.end is not None:
        high = order(value, span.end)
        if high is None:
            return None
        if high > 0 or (high == 0 and not span.end_included):
            return False
    return True


def member(value: Value, tested: Value) -> bool | None:
    """`value in tested` for one already evaluated test: a range, a list, or a value to equal."""
    if type(tested) is Range and type(value) is not Range:
        return in_range(value, tested)
    if type(tested) is list:
        if type(value) is list and equal(value, tested):
            return True
        return any(
            equal(value, item) is True
            or (type(item) is Range and type(value) is not Range and in_range(value, item) is True)
            for item in tested
        )
    return equal(value, tested)


def both(a: Value, b: Value) -> bool | None:
    if a is False or b is False:
        return False
    return True if a is True and b is True else None


def either(a: Value, b: Value) -> bool | None:
    if a is True or b is True:
        return True
    return False if a is False and b is False else None


def _unequal(a: Value, b: Value) -> bool | None:
    found = equal(a, b)
    return None if found is None else not found


OPERATORS: dict[str, Callable[[Value, Value], bool | None]] = {
    "=": equal,
    "!=": _unequal,
    "<": less,
    "<=": at_most,
    ">": lambda a, b: less(b, a),
    ">=": lambda a, b: at_most(b, a),
}
