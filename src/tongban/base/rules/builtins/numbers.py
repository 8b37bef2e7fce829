"""Numeric functions (DMN 10.3.4.5)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DecimalException,
)

from ..arithmetic import whole
from ..run import Run
from ..temporal import Months, Span
from ..values import DECIMAL128, Value, number
from .signature import feel

_WIDE = Context(prec=80, Emin=-99_999, Emax=99_999)


def rounded(value: Decimal, scale: Decimal, rounding: str) -> Decimal | None:
    """`value` with `scale` digits after the point (before it, when negative)."""
    places = whole(scale)
    if places is None or not -6111 <= places <= 6176:
        return None
    try:
        return number(value.quantize(Decimal(1).scaleb(-places), rounding, _WIDE))
    except DecimalException:
        # More places than decimal128 has digits: the value has no more of them to lose.
        return value if places > 0 else None


def _rounding(name: str, rounding: str) -> None:
    @feel(name, "n: number", "scale: number")
    def scaled(run: Run, n: Decimal, scale: Decimal) -> Value:
        return rounded(n, scale, rounding)


_rounding("decimal", ROUND_HALF_EVEN)
_rounding("round up", ROUND_UP)
_rounding("round down", ROUND_DOWN)
_rounding("round half up", ROUND_HALF_UP)
_rounding("round half down", ROUND_HALF_DOWN)


def _whole_rounding(name: str, rounding: str) -> None:
    @feel(name, "n: number")
    def plain(run: Run, n: Decimal) -> Value:
        return rounded(n, Decimal(0), rounding)

    @feel(name, "n: number", "scale: number")
    def scaled(run: Run, n: Decimal, scale: Decimal) -> Value:
        return rounded(n, scale, rounding)


_whole_rounding("floor", ROUND_FLOOR)
_whole_rounding("ceiling", ROUND_CEILING)


@feel("abs", "n: number")
@feel("abs", "number: number")
def _abs(run: Run, n: Decimal) -> Value:
    return n.copy_abs()


@feel("abs", "n: duration")
@feel("abs", "number: duration")
def _abs_duration(run: Run, n: Months | Span) -> Value:
    return Months(abs(n.months)) if isinstance(n, Months) else Span(abs(n.nanos))


@feel("modulo", "dividend: number", "divisor: number")
def _modulo(run: Run, dividend: Decimal, divisor: Decimal) -> Value:
    if not divisor:
        return None
    try:
        rest = _WIDE.remainder(dividend, divisor)
    except DecimalException:
        return None
    if rest and (rest < 0) != (divisor < 0):
        rest = _WIDE.add(rest, divisor)
    return number(rest)


def _checked(operation: Callable[[Decimal], Decimal], n: Decimal) -> Decimal | None:
    try:
        return number(operation(n))
    except DecimalException:
        return None


@feel("sqrt", "number: number")
def _sqrt(run: Run, n: Decimal) -> Value:
    return None if n < 0 else _checked(DECIMAL128.sqrt, n)


@feel("log", "number: number")
def _log(run: Run, n: Decimal) -> Value:
    return None if n <= 0 else _checked(DECIMAL128.ln, n)


@feel("exp", "number: number")
def _exp(run: Run, n: Decimal) -> Value:
    return _checked(DECIMAL128.exp, n)


def _parity(n: Decimal, rest: int) -> bool:
    return n == n.to_integral_value() and abs(_WIDE.remainder(n, Decimal(2))) == rest if n.adjusted() < 70 else not rest


@feel("odd", "number: number")
def _odd(run: Run, n: Decimal) -> Value:
    return _parity(n, 1)


@feel("even", "number: number")
def _even(run: Run, n: Decimal) -> Value:
    return _parity(n, 0)
