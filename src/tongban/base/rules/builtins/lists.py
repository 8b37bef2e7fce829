"""List functions (DMN 10.3.4.4)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DecimalException
from functools import cmp_to_key

from .. import arithmetic, compare
from ..data import BudgetExceeded
from ..run import Run
from ..temporal import Months, Span
from ..values import DECIMAL128, Function, Value
from .signature import feel


def _over(name: str) -> Callable[[Callable[[Run, list[Value]], Value]], Callable[[Run, list[Value]], Value]]:
    """A function of one list, which may also be given as its items: `sum([1, 2])`, `sum(1, 2)`."""

    def declare(function: Callable[[Run, list[Value]], Value]) -> Callable[[Run, list[Value]], Value]:
        def over_list(run: Run, items: list[Value]) -> Value:
            run.charge(len(items))
            return function(run, items)

        feel(name, "list: list")(over_list)
        feel(name, "c: any", "more: any*")(lambda run, *items: over_list(run, list(items)))
        return function

    return declare


@feel("list contains", "list: list", "element: any")
def _contains(run: Run, items: list[Value], element: Value) -> Value:
    run.charge(len(items))
    return any(compare.equal(item, element) is True for item in items)


@feel("count", "list: list")
def _count(run: Run, items: list[Value]) -> Value:
    return Decimal(len(items))


def _best(items: list[Value], sign: int) -> Value:
    """The item that comes first in the given direction; null for none, or when two have no order."""
    if not items:
        return None
    best = items[0]
    for item in items:
        found = compare.order(item, best)
        if found is None:
            return None
        if found == sign:
            best = item
    return best


@_over("min")
def _min(run: Run, items: list[Value]) -> Value:
    return _best(items, -1)


@_over("max")
def _max(run: Run, items: list[Value]) -> Value:
    return _best(items, 1)


def _numbers(items: list[Value]) -> bool:
    return bool(items) and all(type(item) is Decimal for item in items)


def _total(items: list[Value]) -> Value:
    total = items[0]
    for item in items[1:]:
        total = arithmetic.add(total, item)
    return total


@_over("sum")
def _sum(run: Run, items: list[Value]) -> Value:
    durations = bool(items) and type(items[0]) in (Months, Span) and len({type(item) for item in items}) == 1
    return _total(items) if _numbers(items) or durations else None


@_over("product")
def _product(run: Run, items: list[Value]) -> Value:
    if not _numbers(items):
        return None
    result = items[0]
    for item in items[1:]:
        result = arithmetic.multiply(result, item)
    return result


@_over("mean")
def _mean(run: Run, items: list[Value]) -> Value:
    durations = bool(items) and type(items[0]) in (Months, Span) and len({type(item) for item in items}) == 1
    return arithmetic.divide(_total(items), Decimal(len(items))) if _numbers(items) or durations else None


@_over("median")
def _median(run: Run, items: list[Value]) -> Value:
    if not _numbers(items):
        return None
    ordered = sorted(items)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return arithmetic.divide(arithmetic.add(ordered[middle - 1], ordered[middle]), Decimal(2))


@_over("stddev")
def _stddev(run: Run, items: list[Value]) -> Value:
    """The standard deviation of a sample."""
    if not _numbers(items) or len(items) < 2:
        return None
    mean = arithmetic.divide(_total(items), Decimal(len(items)))
    try:
        squares = [DECIMAL128.power(DECIMAL128.subtract(item, mean), Decimal(2)) for item in items]
        return DECIMAL128.sqrt(DECIMAL128.divide(_total(squares), Decimal(len(items) - 1)))
    except (DecimalException, TypeError):
        return None


@_over("mode")
def _mode(run: Run, items: list[Value]) -> Value:
    if not items:
        return []
    if not _numbers(items):
        return None
    counts: dict[Decimal, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    most = max(counts.values())
    return sorted(item for item, count in counts.items() if count == most)


@_over("all")
def _all(run: Run, items: list[Value]) -> Value:
    if any(item is False for item in items):
        return False
    return True if all(item is True for item in items) else None


@_over("any")
def _any(run: Run, items: list[Value]) -> Value:
    if any(item is True for item in items):
        return True
    return False if all(item is False for item in items) else None


@feel("sublist", "list: list", "start position: number", "length?: number")
def _sublist(run: Run, items: list[Value], start: Decimal, length: Decimal | None) -> Value:
    first = arithmetic.whole(start)
    count = len(items) if length is None else arithmetic.whole(length)
    if not first or abs(first) > len(items) or count is None or (length is not None and count < 1):
        return None
    begin = first - 1 if first > 0 else len(items) + first
    if length is not None and begin + count > len(items):
        return None
    run.charge(count)
    return items[begin : begin + count]


@feel("append", "list: list", "item: any", "more: any*")
@feel("append", "list: list", "item: any")
@feel("append", "list: list")
def _append(run: Run, items: list[Value], *more: Value) -> Value:
    run.charge(len(items))
    return items + list(more)


def _joined(run: Run, lists: tuple[list[Value], ...]) -> list[Value]:
    made: list[Value] = []
    for items in lists:
        run.charge(len(items))
        made += items
    return made


@feel("concatenate", "list: list", "more: list*")
@feel("concatenate", "list: list")
def _concatenate(run: Run, *lists: list[Value]) -> Value:
    return _joined(run, lists)


@feel("insert before", "list: list", "position: number", "newItem: any")
def _insert(run: Run, items: list[Value], position: Decimal, item: Value) -> Value:
    at = _index(items, position)
    run.charge(len(items))
    return None if at is None else [*items[:at], item, *items[at:]]


@feel("remove", "list: list", "position: number")
def _remove(run: Run, items: list[Value], position: Decimal) -> Value:
    at = _index(items, position)
    run.charge(len(items))
    return None if at is None else items[:at] + items[at + 1 :]


def _index(items: list[Value], position: Decimal) -> int | None:
    at = arithmetic.whole(position)
    if not at or abs(at) > len(items):
        return None
    return at - 1 if at > 0 else len(items) + at


@feel("list replace", "list: list", "position: number", "newItem: any")
def _replace_at(run: Run, items: list[Value], position: Decimal, item: Value) -> Value:
    at = _index(items, position)
    run.charge(len(items))
    return None if at is None else [*items[:at], item, *items[at + 1 :]]


@feel("list replace", "list: list", "match: function", "newItem: any")
def _replace_where(run: Run, items: list[Value], match: Function, item: Value) -> Value:
    made = []
    for old in items:
        met = match.invoke(run, [old, item])
        if type(met) is not bool:
            return None
        made.append(item if met else old)
    return made


@feel("reverse", "list: list")
def _reverse(run: Run, items: list[Value]) -> Value:
    run.charge(len(items))
    return items[::-1]


@feel("index of", "list: list", "match: any")
def _index_of(run: Run, items: list[Value], match: Value) -> Value:
    run.charge(len(items))
    return [Decimal(n) for n, item in enumerate(items, 1) if compare.equal(item, match) is True]


def _distinct(run: Run, items: list[Value]) -> list[Value]:
    made: list[Value] = []
    for item in items:
        run.charge(1 + len(made) // 2)
        if not any(compare.equal(item, old) is True for old in made):
            made.append(item)
    return made


@feel("union", "list: list", "more: list*")
@feel("union", "list: list")
def _union(run: Run, *lists: list[Value]) -> Value:
    return _distinct(run, _joined(run, lists))


@feel("distinct values", "list: list")
def _distinct_values(run: Run, items: list[Value]) -> Value:
    return _distinct(run, items)


@feel("flatten", "list: list")
def _flatten(run: Run, items: list[Value]) -> Value:
    made: list[Value] = []

    def walk(part: list[Value], depth: int) -> None:
        if depth > 100:
            raise BudgetExceeded("a list is nested too deeply")
        for item in part:
            run.charge()
            if type(item) is list:
                walk(item, depth + 1)
            else:
                made.append(item)

    walk(items, 0)
    return made


class _NoOrder(Exception):
    """Two items of a list to sort that have no order."""


@feel("sort", "list: list", "precedes: function")
def _sort(run: Run, items: list[Value], precedes: Function) -> Value:
    def before(a: Value, b: Value) -> int:
        found = precedes.invoke(run, [a, b])
        if type(found) is not bool:
            raise _NoOrder
        return -1 if found else 1 if precedes.invoke(run, [b, a]) is True else 0

    return _sorted(items, before)


@feel("sort", "list: list")
def _sort_plain(run: Run, items: list[Value]) -> Value:
    def before(a: Value, b: Value) -> int:
        run.charge()
        found = compare.order(a, b)
        if found is None:
            raise _NoOrder
        return found

    return _sorted(items, before)


def _sorted(items: list[Value], before: Callable[[Value, Value], int]) -> Value:
    try:
        return sorted(items, key=cmp_to_key(before))
    except _NoOrder:
        return None
