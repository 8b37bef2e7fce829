"""Positions, ranges and what an iteration goes through (DMN 10.3.2.13.2, .7, .14)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from . import arithmetic, compare
from .temporal import Date
from .values import Range, Value


def at_position(items: list[Value], position: Decimal) -> Value:
    """The item at a position from 1, or from the end when negative."""
    index = arithmetic.whole(position)
    if index is None or index != position or not 1 <= abs(index) <= len(items):
        return None
    return items[index - 1 if index > 0 else index]


def make_range(start: Value, end: Value, low: bool, high: bool) -> Range | None:
    """A range of two values that have an order; an open null end is unbounded."""
    if (start is None and low) or (end is None and high) or (start is None and end is None):
        return None
    if start is not None and end is not None:
        if compare.order(start, end) is None:
            return None
    elif compare.order(*([end if start is None else start] * 2)) is None:
        return None
    return Range(start, end, low, high)


def steps(start: Value, end: Value) -> Iterator[Value] | None:
    """Whole numbers or days from start to end, up or down."""
    if type(start) is Date and type(end) is Date:
        return _days(start.number, end.number)
    first, last = arithmetic.whole(start), arithmetic.whole(end)
    if first is None or last is None or first != start or last != end:
        return None
    return (Decimal(n) for n in _count(first, last))


def _count(first: int, last: int) -> Any:
    return range(first, last + 1) if first <= last else range(first, last - 1, -1)


def _days(first: int, last: int) -> Iterator[Value]:
    return (Date.from_number(n) for n in _count(first, last))


def iterable(value: Value) -> Any:
    """What `for` goes through: a list, a range of whole numbers or days, or a single value."""
    if type(value) is list or value is None:
        return value
    if type(value) is Range:
        if type(value.start) is Date and type(value.end) is Date:
            first, last = value.start.number, value.end.number
            low, high = first + (not value.start_included), last - (not value.end_included)
            return _days(low, high) if low <= high else _days(first, last) if first > last else []
        start, end = arithmetic.whole(value.start), arithmetic.whole(value.end)
        if start is None or end is None or start != value.start or end != value.end:
            return None
        step = 1 if start <= end else -1
        start += step * (not value.start_included)
        end -= step * (not value.end_included)
        return (Decimal(n) for n in range(start, end + step, step))
    return [value]
