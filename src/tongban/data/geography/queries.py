"""Reading features: pages by keyset, by box and by time; the place of a point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Max, Min, Q, QuerySet
from django.db.models.expressions import RawSQL

from tongban.base.kernel.api import Invalid, NotFound
from tongban.engine.registers import api as registers

from .data import DIVISION, Box, Feature, FeaturePage, Layer, Place
from .models import Extent
from .shapes import covers, in_box

MOST = 1000
_CHUNK = 200
_RANKS = (("province", 2), ("city", 4), ("county", 6), ("township", 9), ("village", 12))
_TOUCHES = "box(point(west, south), point(east, north)) && box(point(%s, %s), point(%s, %s))"

Span = tuple[datetime | None, datetime | None]
"""From when until when, both included; None where it is open."""


def features(
    layer: Layer,
    *,
    box: Box | None = None,
    span: Span | None = None,
    filters: Mapping[str, str] | None = None,
    limit: int = 100,
    after: str | None = None,
) -> FeaturePage:
    """One page of a layer's features, by id. Without a span: those in force; with one: those in force within it.

    Boxes are looked up by index, then each geometry is tested. `Invalid` for a filter the layer has not.
    """
    found: list[Feature] = []
    more = False
    for row in _candidates(layer, box, span, filters or {}, after or ""):
        value = getattr(row, layer.geometry)
        if box is not None and not in_box(value, box):
            continue
        if len(found) == min(limit, MOST):
            more = True
            break
        found.append(_feature(layer, row))
    return FeaturePage(tuple(found), found[-1].id if more else None)


def feature(layer: Layer, id: str) -> Feature:
    """One feature, also one no longer in force; `NotFound` where there is none."""
    row = registers.model(layer.key).objects.filter(id=id).first()
    if row is None:
        raise NotFound()
    return _feature(layer, row)


def extent(layer: Layer) -> Box | None:
    """The box around everything in a layer; None when nothing in it has a place."""
    found = Extent.objects.filter(register=layer.key).aggregate(
        west=Min("west"), south=Min("south"), east=Max("east"), north=Max("north")
    )
    return Box(**found) if found["west"] is not None else None


def boxed(key: str, box: Box) -> QuerySet[Extent]:
    """The extents of a register's rows that touch a box, by index."""
    touching = Q(pk__in=[])
    for half in box.halves:
        touching |= Q(RawSQL(_TOUCHES, list(half.corners), BooleanField()))  # noqa: S611 - parameters
    return Extent.objects.filter(touching, register=key)


def _candidates(
    layer: Layer, box: Box | None, span: Span | None, filters: Mapping[str, str], after: str
) -> Iterator[Any]:
    rows = _in_time(registers.model(layer.key).objects.order_by("id"), span)
    for name, value in filters.items():
        if name not in layer.filters:
            raise Invalid({name: "this layer cannot be filtered by this"})
        rows = rows.filter(**{name: value})
    while True:
        if box is None:
            chunk = list(rows.filter(id__gt=after)[:_CHUNK])
            last = chunk[-1].id if chunk else ""
        else:
            # The ids first: in a small box the box's index finds them, in a large one the order of the ids does.
            ids = list(
                boxed(layer.key, box).filter(row__gt=after).order_by("row").values_list("row", flat=True)[:_CHUNK]
            )
            chunk = list(rows.filter(id__in=ids)) if ids else []
            last = ids[-1] if ids else ""
        yield from chunk
        if not last:
            return
        after = last


def _in_time(rows: Any, span: Span | None) -> Any:
    if span is None:
        return rows.filter(valid_to=None)
    since, until = span
    if until is not None:
        rows = rows.filter(valid_from__lte=until)
    if since is not None:
        rows = rows.filter(Q(valid_to=None) | Q(valid_to__gte=since))
    return rows


def _feature(layer: Layer, row: Any) -> Feature:
    register = registers.definition(layer.key)
    properties: dict[str, Any] = {}
    for name in layer.properties:
        field = register.field(name)
        value = registers.masked(field, getattr(row, name))
        properties[name] = value
        if value is not None and field.type == "code":
            properties[f"{name}_title"] = registers.shown(field, value)
    title = properties.get(layer.label) or row.id
    return Feature(
        layer.key, row.id, str(title), getattr(row, layer.geometry), properties, row.valid_from, row.valid_to
    )


# --- divisions ----------------------------------------------------------------------------------------


def place(code: str) -> Place:
    """The division of a code of 2 to 12 digits with the names above it. `NotFound` for an unknown one."""
    wanted = code.ljust(12, "0")
    found = places([wanted]).get(wanted)
    if found is None:
        raise NotFound()
    return found


def places(codes: list[str]) -> dict[str, Place]:
    """Several divisions by their codes of twelve digits; one question for all."""
    above = {code: ancestors(code) for code in codes}
    wanted = {*codes, *(code for chain in above.values() for code in chain)}
    rows = registers.find_many(DIVISION, "code", sorted(wanted))
    return {
        code: Place(
            code,
            rows[code]["name"],
            rows[code]["rank"],
            (*(rows[up]["name"] for up in above[code] if up in rows), rows[code]["name"]),
        )
        for code in codes
        if code in rows
    }


def ancestors(code: str) -> tuple[str, ...]:
    """The codes above a division, from the province down."""
    ups = (code[:digits].ljust(12, "0") for _rank, digits in _RANKS)
    return tuple(dict.fromkeys(up for up in ups if up != code and len(up.rstrip("0")) < len(code.rstrip("0"))))


def at(longitude: float, latitude: float) -> Place | None:
    """The smallest division whose area has the point in it; None at sea, abroad, or where no areas are known."""
    spot = Box(longitude, latitude, longitude, latitude)
    rows = registers.model(DIVISION).objects.filter(id__in=boxed(DIVISION, spot).values("row"), valid_to=None)
    inside = [row.code for row in rows if covers(row.geometry, longitude, latitude)]
    deepest = max(inside, key=lambda code: len(code.rstrip("0")), default=None)
    return place(deepest) if deepest else None
