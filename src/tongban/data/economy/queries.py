"""Reading figures: series as known on a day, vintages, comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import Page, Row
from tongban.trust.identity.api import Actor, may, require

from . import models, periods
from .actions import as_data
from .data import INDICATOR, OBSERVATION, Comparison, Indicator, Point, Release, Series, Vintage

_TENTH = Decimal("0.1")


def indicators(text: str = "", topic: str = "", after: str | None = None, size: int = 30) -> Page:
    """One page of the indicators by code. `Invalid` for an unknown topic."""
    return registers.page(INDICATOR, {"topic": topic}, after, size, search=text)


def indicator(code: str) -> Indicator:
    """One indicator; `NotFound` when there is none."""
    row = registers.find(INDICATOR, code=code)
    if row is None or row.retired:
        raise NotFound(_("There is no such indicator."))
    return indicator_of(row)


def indicator_of(row: Row) -> Indicator:
    """A row of the register as an indicator."""
    words = ("code", "title", "title_en", "unit", "frequency", "topic", "office", "method", "whole")
    return Indicator(places=row["places"], **{name: row[name] or "" for name in words})


def titles(codes: Sequence[str]) -> dict[str, str]:
    """The names of several indicators; one question for all."""
    return {code: row["title"] for code, row in registers.find_many(INDICATOR, "code", codes).items()}


def areas(code: str) -> tuple[tuple[str, str], ...]:
    """The areas an indicator has figures for: code and name."""
    rows = registers.model(OBSERVATION).objects.filter(indicator=code, valid_to=None)
    found = rows.order_by("area").values_list("area", "area_name").distinct("area")
    return tuple((area, name or area) for area, name in found)


_VERSIONS = """
SELECT period, value, status, updated_at, version, NULL::timestamptz AS superseded_at, area_name, valid_to FROM {table}
WHERE indicator = %(indicator)s AND area = %(area)s
UNION ALL
SELECT period, value, status, updated_at, version, superseded_at, area_name, valid_to
FROM economy_former(%(indicator)s, %(area)s)
ORDER BY period, version
"""


def series(code: str, area: str, *, as_of: datetime | None = None, vintage: Vintage = Vintage.LAST) -> Series:
    """The figures of an indicator for an area, earliest period first.

    `as_of`: as they were known at that moment, later figures and revisions left out. `vintage` FIRST: each period as it
    was published first. Only published figures are here at all.
    """
    found: dict[str, Point] = {}
    name = ""
    for period, value, status, known, version, until, area_name, gone in _versions(code, area):
        name = area_name or name
        if gone is not None or (as_of and (known > as_of or (until and until <= as_of))):
            continue
        if vintage is Vintage.FIRST and period in found:
            continue
        found[period] = Point(period, value.normalize() + 0, status, known, version)
    return Series(indicator(code), area, name or area, tuple(found.values()), as_of)


def revisions(code: str, area: str) -> tuple[tuple[Point, ...], ...]:
    """The periods whose figure was changed after it was published, the newest first; of each every figure in turn."""
    found: dict[str, list[Point]] = {}
    for period, value, status, known, version, _until, _name, gone in _versions(code, area):
        if gone is None:
            found.setdefault(period, []).append(Point(period, value.normalize() + 0, status, known, version))
    return tuple(tuple(points) for _period, points in sorted(found.items(), reverse=True) if len(points) > 1)


def _versions(code: str, area: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        table = registers.definition(OBSERVATION).table
        cursor.execute(_VERSIONS.format(table=table), {"indicator": code, "area": area})
        return list(cursor.fetchall())


def compare(
    found: Series, kind: Comparison, *, base: str = "", whole: Series | None = None
) -> tuple[tuple[str, Decimal | None], ...]:
    """Each period set against another figure, to one decimal; None where that figure is missing, nought or negative.

    YEAR and BEFORE in per cent of change; SHARE in per cent of the `whole` series; INDEX with the `base` period as 100.
    `Invalid` when the base has no figure or no whole is given.
    """
    values = {point.period: point.value for point in found.points}
    if kind is Comparison.INDEX and not values.get(base):
        raise Invalid({"base": _("There is no figure for this base period.")})
    if kind is Comparison.SHARE and whole is None:
        raise Invalid({"whole": _("This indicator is not part of a whole.")})
    made = []
    for period, value in values.items():
        if kind is Comparison.YEAR:
            against = values.get(periods.year_before(period))
        elif kind is Comparison.BEFORE:
            against = values.get(periods.before(period))
        elif kind is Comparison.SHARE:
            against = whole.value(period) if whole else None
        else:
            against = values[base]
        made.append((period, _percent(value, against, change=kind in (Comparison.YEAR, Comparison.BEFORE))))
    return tuple(made)


def _percent(value: Decimal, against: Decimal | None, change: bool) -> Decimal | None:
    if against is None or against <= 0:
        return None
    return (value / against * 100 - (100 if change else 0)).quantize(_TENTH, ROUND_HALF_UP)


_LATEST = """
SELECT DISTINCT ON (indicator) indicator, area, area_name, period, value FROM {table}
WHERE indicator = ANY(%s) AND valid_to IS NULL
ORDER BY indicator, area !~ '^[0-9]', area <> 'CHN', area, period DESC
"""


def latest(codes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """For each indicator its newest figure, of the region before the country before others; one question for all."""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST.format(table=registers.definition(OBSERVATION).table), [list(codes)])
        names = ("indicator", "area", "area_name", "period", "value")
        return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


# --- releases, for those who work on them -------------------------------------------------------------


def releases(actor: Actor, after: str = "", size: int = 30) -> tuple[tuple[Release, ...], str]:
    """One page of releases, the newest first, and the key of the next page."""
    _worker(actor)
    rows = models.Release.objects.order_by("-id")
    if after:
        last = rows.filter(public_id=after).values_list("id", flat=True).first()
        rows = rows.filter(id__lt=last or 0)
    found = list(rows[: size + 1])
    return tuple(as_data(row) for row in found[:size]), found[size - 1].public_id if len(found) > size else ""


def release(actor: Actor, id: str) -> Release:
    """One release."""
    _worker(actor)
    row = models.Release.objects.filter(public_id=id).first()
    if row is None:
        raise NotFound()
    return as_data(row)


def _worker(actor: Actor) -> None:
    if not may(actor, "economy.prepare"):
        require(actor, "economy.approve")
