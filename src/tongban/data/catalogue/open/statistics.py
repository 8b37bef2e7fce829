"""Counts of an open resource's rows by its coded items, safe to publish (T42)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import Field

from .offers import Offer
from .suppression import Counts, Table, one_way, two_way

_STEP = 28
MOST = 60
"""Values of an item beyond which a table is no table."""


@dataclass(frozen=True)
class Statistics:
    """Counts by one item, and by two where a second is asked for. `titles` name the values of each item."""

    field: Field
    counts: Counts
    titles: dict[Any, str]
    second: Field | None = None
    table: Table | None = None
    second_titles: dict[Any, str] | None = None

    @property
    def hidden(self) -> bool:
        """Whether anything is hidden, for the sentence below the table."""
        cells = [*self.counts.cells.values(), *(self.table.cells.values() if self.table else ())]
        return None in cells

    @property
    def lines(self) -> list[tuple[str, int | None]]:
        """The table: title and count of each value."""
        return [(self.titles[key], count) for key, count in self.counts.cells.items()]

    @property
    def bars(self) -> list[dict[str, Any]]:
        """The chart: the largest first, at most 20. Places are in units of the drawing."""
        known = sorted(((title, count) for title, count in self.lines if count), key=lambda one: -one[1])[:20]
        return [
            {"title": title, "count": count, "width": width, "end": 140 + width, "y": _STEP * at}
            for at, (title, count) in enumerate(known)
            for width in [max(1, 230 * count // known[0][1])]
        ]

    @property
    def height(self) -> int:
        """Of the drawing."""
        return _STEP * len(self.bars)


def statistics(found: Offer, by: str = "", second: str = "") -> Statistics | None:
    """Counts of all rows that are in force: never of a filtered part, for two parts could be subtracted.

    None where there is nothing to count by, or the table would be too large to publish or too slow to make.
    `Invalid` for an item that is not one of `Offer.counted`.
    """
    known = {field.name: field for field in found.counted}
    if not known or found.register is None:
        return None
    for name, value in (("by", by), ("and", second)):
        if value and value not in known:
            raise Invalid({name: _("This cannot be counted by.")})
    field = known[by] if by else next(iter(known.values()))
    other = known[second] if second and second != field.name else None
    try:
        with transaction.atomic():
            return _statistics(found, field, other)
    except DatabaseError:  # the process's time limit
        return None


def _statistics(found: Offer, field: Field, other: Field | None) -> Statistics | None:
    key = found.register.key if found.register else ""
    names = [field.name, *([other.name] if other else [])]
    rows = registers.model(key).objects.filter(valid_to=None, level="public").exclude(zone="inner")
    asked = rows.order_by().values_list(*names).annotate(n=Count("id"))[: MOST * MOST + 1]
    counted = {tuple(values): n for *values, n in asked}
    single: dict[Any, int] = {}
    for values, n in counted.items():
        single[values[0]] = single.get(values[0], 0) + n
    if not single or len(single) > MOST or len(counted) > MOST * MOST:
        return None
    titles = {value: _title(field, value) for value in sorted(single, key=lambda one: (one is None, str(one)))}
    counts = one_way({value: single[value] for value in titles})
    if other is None:
        return Statistics(field, counts, titles)
    seconds = dict.fromkeys(values[1] for values in counted)
    if len(seconds) > MOST:
        return Statistics(field, counts, titles)
    pairs = {(value, one): counted.get((value, one), 0) for value in titles for one in seconds}
    return Statistics(field, counts, titles, other, two_way(pairs), {one: _title(other, one) for one in seconds})


def _title(field: Field, value: Any) -> str:
    return registers.shown(field, value) or _("not given")
