"""How a built-in function is declared: overloads of named, typed parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from ..kinds import (
    ANY,
    BOOLEAN,
    CONTEXT,
    DATE_TIME,
    DURATION,
    FUNCTION,
    LIST,
    NUMBER,
    RANGE,
    SPAN,
    STRING,
    TIME,
    Kind,
    Simple,
)
from ..run import Run
from ..temporal import Date, DateTime, Months, Span, Time
from ..values import Function, Parameter, Value

DAY = Simple("day", (Date, DateTime))
POINT = Simple("point", (Decimal, str, Date, Time, DateTime, Months, Span))
_KINDS: dict[str, Kind] = {
    "any": ANY,
    "number": NUMBER,
    "string": STRING,
    "boolean": BOOLEAN,
    "list": LIST,
    "context": CONTEXT,
    "day": DAY,
    "point": POINT,
    "duration": DURATION,
    "span": SPAN,
    "time": TIME,
    "date and time": DATE_TIME,
    "function": FUNCTION,
    "range": RANGE,
}


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter: `nullable` takes null, `optional` may be left out (null then), `many` repeats."""

    name: str
    kind: Kind
    nullable: bool = False
    optional: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    slots: tuple[Slot, ...]
    run: Callable[..., Value]

    def in_order(self, names: Iterable[str]) -> bool:
        """Whether names are given in the order of the slots: tells `before(range, point)` from its mirror."""
        return all(slot.name == name for slot, name in zip(self.slots, names, strict=False))

    def fit(self, args: list[Value]) -> list[Value] | None:
        """The arguments as this signature takes them, or None when they do not fit."""
        slots = self.slots
        if len(args) < len(slots):
            if not all(slot.optional for slot in slots[len(args) :]):
                return None
            args = args + [None] * (len(slots) - len(args))
        elif len(args) > len(slots):
            if not (slots and slots[-1].many):
                return None
            slots = slots + (slots[-1],) * (len(args) - len(slots))
        fitted = []
        for slot, arg in zip(slots, args, strict=True):
            value = arg if arg is None else slot.kind.coerce(arg)
            if value is None and not (arg is None and (slot.nullable or slot.optional)):
                return None
            fitted.append(value)
        return fitted


class Builtin(Function):
    """A function of the FEEL library; the first signature the arguments fit is used, none gives null."""

    __slots__ = ("signatures",)
    open_ended = True

    def __init__(self, name: str) -> None:
        super().__init__(name, (), lambda run, args: None)
        self.signatures: list[Signature] = []

    def invoke(self, run: Run, args: list[Value]) -> Value:
        run.charge()
        for signature in self.signatures:
            fitted = signature.fit(args)
            if fitted is not None:
                return _charged(signature.run(run, *fitted), run)
        return None

    def invoke_named(self, run: Run, args: dict[str, Value]) -> Value:
        run.charge()
        for signature in sorted(self.signatures, key=lambda signature: not signature.in_order(args)):
            names = [slot.name for slot in signature.slots]
            if not set(args) <= set(names):
                continue
            if any(slot.name not in args and not slot.optional for slot in signature.slots):
                continue
            fitted = signature.fit([args.get(name) for name in names])
            if fitted is not None:
                return _charged(signature.run(run, *fitted), run)
        return None


def _charged(value: Value, run: Run) -> Value:
    """Large results cost steps, so that many of them cannot fill the memory."""
    if type(value) is str and len(value) > 64:
        run.charge(len(value) >> 6)
    elif type(value) is list:
        run.charge(len(value) >> 3)
    return value


BUILTINS: dict[str, Builtin] = {}


def feel(name: str, *slots: str) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Declare an overload. A slot reads `name: kind`; `name?` may be left out, `kind?` may be null, `kind*`
    repeats. The function gets the run first. Signatures are tried in the order they are declared."""
    built = tuple(_slot(slot) for slot in slots)

    def declare(run: Callable[..., Value]) -> Callable[..., Value]:
        builtin = BUILTINS.setdefault(name, Builtin(name))
        builtin.signatures.append(Signature(built, run))
        if len(builtin.signatures) == 1:
            builtin.parameters = tuple(Parameter(slot.name, slot.kind) for slot in built)
        return run

    return declare


def _slot(text: str) -> Slot:
    name, _, kind = (part.strip() for part in text.partition(":"))
    base = kind.rstrip("?*")
    return Slot(
        name.rstrip("?"),
        _KINDS[base],
        nullable=base == "any" or "?" in kind,
        optional=name.endswith("?"),
        many="*" in kind,
    )
