"""The FEEL value domain, and the door between it and Python values.

A FEEL value is None, bool, Decimal, str, a list, a dict with str keys (a context), a date, time or duration
of `temporal`, a `Range` or a `Function`. Nothing else ever enters an evaluation, so no attribute of a Python
object can be reached from an expression (security row T25).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import TYPE_CHECKING, Any, Never

from .data import BudgetExceeded, ForeignValue
from .temporal import SECOND, UTC, Date, DateTime, Months, Offset, Span, Time, TimeZone, Zone, zone

if TYPE_CHECKING:
    from .kinds import Kind
    from .run import Run

Value = Any  # a FEEL value; Python has no closed union that mypy could follow through closures

MAX_TEXT = 1_000_000
_MAX_COMPOUND = 200_000  # characters of a list or context as text
_MAX_ITEMS = 200_000  # values one result or context may hold, counted as often as they are met
MAX_DEPTH = 200
# decimal128, IEEE 754-2008 (DMN 10.3.2.3.1)
DECIMAL128 = Context(
    prec=34,
    rounding=ROUND_HALF_EVEN,
    Emin=-6143,
    Emax=6144,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)


@dataclass(frozen=True, slots=True)
class Range:
    """An interval; a None end is unbounded (`(> 5)` is `(5..null)`)."""

    start: Value
    end: Value
    start_included: bool
    end_included: bool

    def __str__(self) -> str:
        left, right = "[" if self.start_included else "(", "]" if self.end_included else ")"
        return f"{left}{literal(self.start)}..{literal(self.end)}{right}"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One formal parameter of a function value."""

    name: str
    kind: Kind


class Function:
    """A function value: a lambda, a business knowledge model, a decision service."""

    __slots__ = ("call", "name", "parameters", "result")
    open_ended = False  # whether there are overloads beyond `parameters`

    def __init__(
        self,
        name: str,
        parameters: tuple[Parameter, ...],
        call: Callable[[Run, list[Value]], Value],
        result: Kind | None = None,
    ) -> None:
        self.name = name
        self.parameters = parameters
        self.call = call
        self.result = result

    def invoke(self, run: Run, args: list[Value]) -> Value:
        """Call by position. Wrong arity or a value that does not fit a parameter's type gives null."""
        if len(args) != len(self.parameters):
            return None
        fitted = []
        for parameter, arg in zip(self.parameters, args, strict=True):
            value = parameter.kind.coerce(arg)
            if value is None and arg is not None:
                return None
            fitted.append(value)
        run.enter()
        try:
            result = self.call(run, fitted)
        finally:
            run.leave()
        return result if self.result is None else self.result.coerce(result)

    def invoke_named(self, run: Run, args: dict[str, Value]) -> Value:
        """Call by name; what is not supplied is null (DMN 10.3.2.13, table of invocations)."""
        names = [parameter.name for parameter in self.parameters]
        if not set(args) <= set(names):
            return None
        return self.invoke(run, [args.get(name) for name in names])


FEEL_TYPES = (bool, Decimal, str, list, dict, Date, Time, DateTime, Months, Span, Range, Function)


def number(value: Decimal) -> Decimal | None:
    """A decimal within decimal128; None for NaN, infinity and overflow (DMN has no such numbers)."""
    if not value.is_finite():
        return None
    try:
        return DECIMAL128.plus(value)
    except (InvalidOperation, Overflow):
        return None


def literal(value: Value) -> str:
    """A value as it is written inside the text of a list, context or range."""
    if type(value) is str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text_of(value)


def text_of(value: Value) -> str:
    """The FEEL `string()` of a value (DMN 10.3.4.1); null gives "null" here."""
    if value is None:
        return "null"
    if type(value) is str:
        return value
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is Decimal:
        if not value:
            return "0"
        return format(value, "f")
    room = [_MAX_COMPOUND]
    return _compound(value, room)


def _compound(value: Value, room: list[int]) -> str:
    room[0] -= 4
    if type(value) is list:
        parts = []
        for item in value:
            parts.append(_compound(item, room))
        return "[" + ", ".join(parts) + "]"
    if type(value) is dict:
        parts = [f"{_key(key)}: {_compound(item, room)}" for key, item in value.items()]
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, Function):
        return f"function {value.name}({', '.join(parameter.name for parameter in value.parameters)})"
    text = str(value) if not isinstance(value, str | bool | Decimal | None) else literal(value)
    room[0] -= len(text)
    if room[0] < 0:
        raise BudgetExceeded("a string would be too long")
    return text


def _key(key: str) -> str:
    return key if key and all(c.isalnum() or c in "_ ?" for c in key) and not key[0].isdigit() else literal(key)


def _zone_from(info: dt.tzinfo | None, delta: dt.timedelta | None) -> TimeZone:
    if info is None or delta is None:
        return None
    name = getattr(info, "key", None)
    if isinstance(name, str) and name != "UTC" and (known := zone(name)) is not None:
        return known
    return Offset(delta.days * 86_400 + delta.seconds)


def _clock_nanos(value: dt.time | dt.datetime) -> int:
    return (value.hour * 3600 + value.minute * 60 + value.second) * SECOND + value.microsecond * 1000


def to_feel(value: object, depth: int = 0) -> Value:
    """A FEEL value from JSON-able Python, `Decimal`, `datetime` types or FEEL values; else `ForeignValue`."""
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if isinstance(value, Decimal | int | float):
        return _number_from(value)
    if depth > MAX_DEPTH:
        raise ForeignValue("values are nested too deeply")
    if kind in (list, tuple):
        return [to_feel(item, depth + 1) for item in value]  # type: ignore[attr-defined]
    if kind is dict or (isinstance(value, Mapping) and not hasattr(kind, "_meta")):
        return {_text_key(key): to_feel(item, depth + 1) for key, item in value.items()}  # type: ignore[attr-defined]
    if kind in (Date, Time, DateTime, Months, Span, Range, Function):
        return value
    return _from_datetime(value)


def _number_from(value: Decimal | int | float) -> Decimal | None:
    if type(value) is float:
        return number(Decimal(repr(value)))
    if type(value) is int and value.bit_length() > 200_000:  # Decimal of it would take seconds
        return None
    return number(Decimal(value)) if type(value) in (int, Decimal) else _refuse(value)


def _refuse(value: object) -> Never:
    raise ForeignValue(f"{type(value).__name__} is no FEEL value")


def _text_key(key: object) -> str:
    if type(key) is not str:
        raise ForeignValue(f"a context key must be text, not {type(key).__name__}")
    return key


def _from_datetime(value: object) -> Value:
    if type(value) is dt.datetime:
        tz = _zone_from(value.tzinfo, value.utcoffset())
        return DateTime(Date(value.year, value.month, value.day), _clock_nanos(value), tz)
    if type(value) is dt.date:
        return Date(value.year, value.month, value.day)
    if type(value) is dt.time:
        return Time(_clock_nanos(value), _zone_from(value.tzinfo, value.utcoffset()))
    if type(value) is dt.timedelta:
        return Span((value.days * 86_400 + value.seconds) * SECOND + value.microseconds * 1000)
    return _refuse(value)


def _tzinfo(tz: TimeZone) -> dt.tzinfo | None:
    if tz is None:
        return None
    if isinstance(tz, Zone):
        return tz.info
    return dt.UTC if tz == UTC else dt.timezone(dt.timedelta(seconds=tz.seconds))


def _python_time(nanos: int, tz: TimeZone) -> dt.time:
    seconds, fraction = divmod(nanos, SECOND)
    clock = (seconds // 3600, seconds // 60 % 60, seconds % 60, fraction // 1000)
    return dt.time(*clock, tzinfo=_tzinfo(tz))


class _Counter:
    """Stops at values that are shared so often that writing them out would fill the memory."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = _MAX_ITEMS

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise BudgetExceeded("a value holds too many items")


def from_feel(value: Value, _count: _Counter | None = None) -> Any:
    """Plain Python for a FEEL value: whole numbers become int, other numbers stay `Decimal`, dates become
    `datetime` types (text where Python's calendar ends), a days and time duration a `timedelta`, a years and
    months duration and a range their text. A function gives its text."""
    if type(value) is Decimal:
        return int(value) if value == value.to_integral_value() and value.adjusted() < 40 else value
    if type(value) in (list, dict):
        count = _count or _Counter()
        count.take(len(value) + 1)
        if type(value) is list:
            return [from_feel(item, count) for item in value]
        return {key: from_feel(item, count) for key, item in value.items()}
    if isinstance(value, Date | DateTime):
        date = value if isinstance(value, Date) else value.date
        if not 1 <= date.year <= 9999:
            return str(value)
        day = dt.date(date.year, date.month, date.day)
        return day if isinstance(value, Date) else dt.datetime.combine(day, _python_time(value.nanos, value.zone))
    if isinstance(value, Time):
        return _python_time(value.nanos, value.zone)
    if isinstance(value, Span):
        try:
            return dt.timedelta(microseconds=value.nanos // 1000)
        except OverflowError:
            return str(value)
    if isinstance(value, Months | Range | Function):
        return text_of(value)
    return value


def to_json(value: Value, _count: _Counter | None = None) -> Any:
    """A JSON-able form: whole numbers int, other numbers float; times, ranges and functions text."""
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is Decimal:
        whole = value == value.to_integral_value() and value.adjusted() < 40
        return int(value) if whole else float(value)
    if type(value) in (list, dict):
        count = _count or _Counter()
        count.take(len(value) + 1)
        if type(value) is list:
            return [to_json(item, count) for item in value]
        return {key: to_json(item, count) for key, item in value.items()}
    return text_of(value)
