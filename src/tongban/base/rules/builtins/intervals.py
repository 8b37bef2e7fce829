"""Range functions (DMN 10.3.4.9): Allen's relations between points and ranges."""

from __future__ import annotations

from collections.abc import Callable

from ..compare import both, either, equal, order
from ..run import Run
from ..values import Range, Value
from .signature import feel

Truth = bool | None


def _point(name: str, first: str, second: str, relation: Callable[[Value, Value], Truth]) -> None:
    """An overload whose two parameters are named `point...` or `range...`; null ends give null."""
    kinds = [f"{part}: {'range' if part.startswith('range') else 'point'}" for part in (first, second)]
    feel(name, *kinds)(lambda run, a, b: relation(a, b))


def _lt(a: Value, b: Value) -> Truth:
    found = None if a is None or b is None else order(a, b)
    return None if found is None else found < 0


def _eq(a: Value, b: Value) -> Truth:
    return None if a is None or b is None or type(a) is not type(b) else equal(a, b)


def _when(flag: bool, truth: Truth) -> Truth:
    return both(flag, truth)


def _range_before(a: Range, b: Range) -> Truth:
    touching = not a.end_included or not b.start_included
    return either(_lt(a.end, b.start), _when(touching, _eq(a.end, b.start)))


def _point_before(point: Value, span: Range) -> Truth:
    return either(_lt(point, span.start), _when(not span.start_included, _eq(point, span.start)))


def _range_before_point(span: Range, point: Value) -> Truth:
    return either(_lt(span.end, point), _when(not span.end_included, _eq(span.end, point)))


_point("before", "point1", "point2", _lt)
_point("before", "point", "range", _point_before)
_point("before", "range", "point", _range_before_point)
_point("before", "range1", "range2", _range_before)
_point("after", "point1", "point2", lambda a, b: _lt(b, a))
_point("after", "point", "range", lambda p, r: _range_before_point(r, p))
_point("after", "range", "point", lambda r, p: _point_before(p, r))
_point("after", "range1", "range2", lambda a, b: _range_before(b, a))


def _meets(a: Range, b: Range) -> Truth:
    return both(a.end_included and b.start_included, _eq(a.end, b.start))


_point("meets", "range1", "range2", _meets)
_point("met by", "range1", "range2", lambda a, b: _meets(b, a))


def _overlaps(a: Range, b: Range) -> Truth:
    def reaches(x: Range, y: Range) -> Truth:
        """The end of x lies at or beyond the start of y."""
        included = x.end_included and y.start_included
        return either(_lt(y.start, x.end), _when(included, _eq(x.end, y.start)))

    return both(reaches(a, b), reaches(b, a))


def _starts_first(a: Range, b: Range) -> Truth:
    earlier = a.start_included and not b.start_included
    return either(_lt(a.start, b.start), _when(earlier, _eq(a.start, b.start)))


def _ends_by(a: Range, b: Range) -> Truth:
    """a ends no later than b."""
    fits = not a.end_included or b.end_included
    return either(_lt(a.end, b.end), _when(fits, _eq(a.end, b.end)))


def _starts_by(a: Range, b: Range) -> Truth:
    """a starts no later than b."""
    fits = a.start_included or not b.start_included
    return either(_lt(a.start, b.start), _when(fits, _eq(a.start, b.start)))


def _overlaps_before(a: Range, b: Range) -> Truth:
    included = a.end_included and b.start_included
    reaches = either(_lt(b.start, a.end), _when(included, _eq(a.end, b.start)))
    return both(both(_starts_first(a, b), reaches), _ends_by(a, b))


_point("overlaps", "range1", "range2", _overlaps)
_point("overlaps before", "range1", "range2", _overlaps_before)


_point("overlaps after", "range1", "range2", lambda a, b: _overlaps_before(b, a))


def _finishes(a: Range, b: Range) -> Truth:
    return both(both(a.end_included == b.end_included, _eq(a.end, b.end)), _starts_by(b, a))


def _starts(a: Range, b: Range) -> Truth:
    return both(both(a.start_included == b.start_included, _eq(a.start, b.start)), _ends_by(a, b))


def _point_finishes(point: Value, span: Range) -> Truth:
    return both(span.end_included, _eq(point, span.end))


def _point_starts(point: Value, span: Range) -> Truth:
    return both(span.start_included, _eq(point, span.start))


_point("finishes", "point", "range", _point_finishes)
_point("finishes", "range1", "range2", _finishes)
_point("finished by", "range", "point", lambda r, p: _point_finishes(p, r))
_point("finished by", "range1", "range2", lambda a, b: _finishes(b, a))
_point("starts", "point", "range", _point_starts)
_point("starts", "range1", "range2", _starts)
_point("started by", "range", "point", lambda r, p: _point_starts(p, r))
_point("started by", "range1", "range2", lambda a, b: _starts(b, a))


def _includes_point(span: Range, point: Value) -> Truth:
    low = either(_lt(span.start, point), _when(span.start_included, _eq(span.start, point)))
    high = either(_lt(point, span.end), _when(span.end_included, _eq(point, span.end)))
    return both(low, high)


def _includes(a: Range, b: Range) -> Truth:
    return both(_starts_by(a, b), _ends_by(b, a))


_point("includes", "range", "point", _includes_point)
_point("includes", "range1", "range2", _includes)
_point("during", "point", "range", lambda p, r: _includes_point(r, p))
_point("during", "range1", "range2", lambda a, b: _includes(b, a))


def _coincides(a: Range, b: Range) -> Truth:
    flags = (a.start_included, a.end_included) == (b.start_included, b.end_included)
    return both(flags, both(_eq(a.start, b.start), _eq(a.end, b.end)))


_point("coincides", "point1", "point2", _eq)
_point("coincides", "range1", "range2", _coincides)


@feel("includes", "range: range", "value: point")
def _includes_value(run: Run, span: Range, value: Value) -> Value:
    return _includes_point(span, value)
