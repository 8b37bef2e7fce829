"""FEEL types (DMN 10.3.2): what conforms to a type, and the implicit conversions of 10.3.2.9.4.

Called kinds, so that nobody takes them for Python's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from .temporal import UTC, Date, DateTime, Months, Span, Time
from .values import Function, Range, Value


class Kind:
    """A type. `has` is conformance of a value; `coerce` adds the implicit conversions, or gives null."""

    name: str

    def has(self, value: Value) -> bool:
        """Whether a value conforms; null conforms everywhere (see `instance_of` for the operator)."""
        return True

    def within(self, other: Kind) -> bool:
        """Whether this type conforms to `other`."""
        return other.name == "Any" or self == other

    def coerce(self, value: Value) -> Value:
        if value is None or self.has(value):
            return value
        if type(value) is list and len(value) == 1 and self.has(value[0]):
            return value[0]
        return None


@dataclass(frozen=True)
class Simple(Kind):
    """One of the named base types."""

    name: str
    classes: tuple[type, ...] = field(compare=False)

    def has(self, value: Value) -> bool:
        return value is None or not self.classes or type(value) in self.classes

    def within(self, other: Kind) -> bool:
        return super().within(other) or self.name == "Null"

    def coerce(self, value: Value) -> Value:
        if self.classes == (DateTime,):
            if type(value) is list and len(value) == 1:
                value = value[0]
            if type(value) is Date:
                return DateTime(value, 0, UTC)
        return super().coerce(value)


@dataclass(frozen=True)
class ListOf(Kind):
    item: Kind
    name: str = "list"

    def has(self, value: Value) -> bool:
        if value is None or (self.item is ANY and type(value) is list):
            return True
        return type(value) is list and all(self.item.has(v) for v in value)

    def within(self, other: Kind) -> bool:
        return super().within(other) or (isinstance(other, ListOf) and self.item.within(other.item))

    def coerce(self, value: Value) -> Value:
        if value is None or self.has(value):
            return value
        if type(value) is not list:
            one = self.item.coerce(value)
            return None if one is None else [one]
        fitted = [self.item.coerce(v) for v in value]
        lost = any(new is None and old is not None for new, old in zip(fitted, value, strict=True))
        return None if lost else fitted


@dataclass(frozen=True)
class RangeOf(Kind):
    item: Kind
    name: str = "range"

    def has(self, value: Value) -> bool:
        if value is None:
            return True
        return type(value) is Range and self.item.has(value.start) and self.item.has(value.end)

    def within(self, other: Kind) -> bool:
        return super().within(other) or (isinstance(other, RangeOf) and self.item.within(other.item))


@dataclass(frozen=True)
class ContextOf(Kind):
    """A structure. A missing entry counts as null only where `lenient` (item definitions of a model)."""

    entries: dict[str, Kind]
    lenient: bool = False
    name: str = "context"

    def has(self, value: Value) -> bool:
        if value is None:
            return True
        if type(value) is not dict:
            return False
        return all(kind.has(value[key]) if key in value else self.lenient for key, kind in self.entries.items())

    def within(self, other: Kind) -> bool:
        if super().within(other):
            return True
        return isinstance(other, ContextOf) and all(
            key in self.entries and self.entries[key].within(kind) for key, kind in other.entries.items()
        )

    def coerce(self, value: Value) -> Value:
        if type(value) is list and len(value) == 1:
            value = value[0]
        if value is None or self.has(value):
            return value
        if type(value) is not dict:
            return None
        fitted = dict(value)
        for key, kind in self.entries.items():
            if key not in value and not self.lenient:
                return None
            old = value.get(key)
            fitted[key] = kind.coerce(old)
            if fitted[key] is None and old is not None:
                return None
        return fitted


@dataclass(frozen=True)
class FunctionOf(Kind):
    """A function type: parameters may be wider, the result narrower. None as parameters: any function."""

    parameters: tuple[Kind, ...] | None
    result: Kind
    name: str = "function"

    def has(self, value: Value) -> bool:
        if value is None:
            return True
        if not isinstance(value, Function):
            return False
        if self.parameters is None:
            return True
        if len(self.parameters) != len(value.parameters):
            return False
        pairs = zip(self.parameters, value.parameters, strict=True)
        return all(wanted.within(given.kind) for wanted, given in pairs) and (
            value.result is None or value.result.within(self.result)
        )

    def within(self, other: Kind) -> bool:
        if super().within(other):
            return True
        if not isinstance(other, FunctionOf) or not self.result.within(other.result):
            return False
        if self.parameters is None or other.parameters is None:
            return other.parameters is None
        return len(self.parameters) == len(other.parameters) and all(
            theirs.within(mine) for mine, theirs in zip(self.parameters, other.parameters, strict=True)
        )


@dataclass(frozen=True, eq=False)
class Constrained(Kind):
    """A type narrowed by a test of its values (allowed values or a type constraint of an item definition)."""

    base: Kind
    allows: Callable[[Value], bool]
    name: str = "constrained"

    def has(self, value: Value) -> bool:
        return value is None or (self.base.has(value) and self.allows(value))

    def within(self, other: Kind) -> bool:
        return self is other or self.base.within(other)

    def coerce(self, value: Value) -> Value:
        fitted = self.base.coerce(value)
        return fitted if fitted is not None and self.allows(fitted) else None


ANY = Simple("Any", ())
NULL = Simple("Null", (type(None),))
NUMBER = Simple("number", (Decimal,))
STRING = Simple("string", (str,))
BOOLEAN = Simple("boolean", (bool,))
DATE = Simple("date", (Date,))
TIME = Simple("time", (Time,))
DATE_TIME = Simple("date and time", (DateTime,))
MONTHS = Simple("years and months duration", (Months,))
SPAN = Simple("days and time duration", (Span,))
DURATION = Simple("duration", (Months, Span))
CONTEXT = Simple("context", (dict,))
LIST = ListOf(ANY)
RANGE = RangeOf(ANY)
FUNCTION = FunctionOf(None, ANY)

BASE_KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (ANY, NULL, NUMBER, STRING, BOOLEAN, DATE, TIME, DATE_TIME, MONTHS, SPAN, CONTEXT)
} | {
    "list": LIST,
    "range": RANGE,
    "function": FUNCTION,
    "any": ANY,
    "dateTime": DATE_TIME,
    "dayTimeDuration": SPAN,
    "days and time duration": SPAN,
    "day and time duration": SPAN,
    "yearMonthDuration": MONTHS,
    "year and month duration": MONTHS,
    "duration": DURATION,
}


def strict(kind: Kind) -> Kind:
    """The type as `instance of` takes it: a structure has all its entries."""
    if isinstance(kind, ContextOf):
        return ContextOf({key: strict(entry) for key, entry in kind.entries.items()})
    if isinstance(kind, ListOf):
        return ListOf(strict(kind.item))
    return Constrained(strict(kind.base), kind.allows) if isinstance(kind, Constrained) else kind


def instance_of(value: Value, kind: Kind) -> bool:
    """The `instance of` operator: null is an instance of Null only."""
    if value is None:
        return kind is NULL
    return kind is not NULL and kind.has(value)
