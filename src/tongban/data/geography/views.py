"""The map with its list, the place of an address or a point, one feature."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tongban.base.kernel.api import Invalid
from tongban.engine.registers import api as registers
from tongban.trust.identity.api import actor_of, permitted, public, site

from . import drawing, lookup, queries
from . import layers as seen
from .data import DIVISION, Box, Feature, Layer
from .ogc import BadParameter, View, box_of
from .shapes import read

_DRAWN = 400
_LISTED = 50
_NEAR = [{"rank": "city"}, {"rank": "county"}]
_FAR = [{"rank": "province"}]
_WORLD = Box(73.0, 17.0, 136.0, 54.0)


def _layers(request: HttpRequest) -> tuple[Layer, ...]:
    return seen.layers(None if site() == "public" else actor_of(request))


@require_safe
def map_(request: HttpRequest) -> HttpResponse:
    """The chosen layers inside a box, and beside the picture the same as a list."""
    known = _layers(request)
    wanted = [layer for layer in known if layer.key in request.GET.getlist("layer")]
    chosen = wanted or [layer for layer in known if layer.key == DIVISION]
    box = _box(request)
    mark = _mark(request)
    drawn = [(layer, *_drawn(layer, box)) for layer in chosen]
    links = {
        one.id: reverse("geography:feature", args=[layer.key, one.id]) for layer, found, _more in drawn for one in found
    }
    context = {
        "layers": [
            {
                "layer": one,
                "chosen": one in chosen,
                "colour": drawing.colour(chosen.index(one)) if one in chosen else "",
            }
            for one in known
        ],
        "picture": drawing.picture(
            [(layer.key, found) for layer, found, _more in drawn],
            box,
            _("Map"),
            labelled=DIVISION,
            mark=mark,
            links=links,
        ),
        "lists": [(layer, found[:_LISTED], more or len(found) > _LISTED) for layer, found, more in drawn],
        "moves": _moves(box, [layer.key for layer in chosen]),
        "box": ",".join(f"{number:.5f}" for number in box.corners),
        "corners": box.corners,
        "links": links,
    }
    return render(request, "geography/map.html", context)


def _drawn(layer: Layer, box: Box) -> tuple[tuple[Feature, ...], bool]:
    """What of a layer is drawn, and whether there is more. Of divisions those of one kind: provinces from afar, nearer
    the counties and the cities that have none."""
    ranks: list[dict[str, str]] = [{}] if layer.key != DIVISION else _NEAR if box.east - box.west <= 12 else _FAR
    pages = [queries.features(layer, box=box, limit=_DRAWN, filters=rank) for rank in ranks]
    return tuple(one for page in pages for one in page.features), any(page.after for page in pages)


def _box(request: HttpRequest) -> Box:
    """The box of the address; else around a division; else around the mainland of the province."""
    if text := request.GET.get("bbox", ""):
        try:
            box = box_of(text)
        except BadParameter as bad:
            raise Invalid({"bbox": str(bad)}) from None
        if box.east - box.west < 1e-6 or box.north - box.south < 1e-6:
            raise Invalid({"bbox": _("This part of the map is too small.")})
        return box
    wanted = request.GET.get("division", "")
    rows = registers.model(DIVISION).objects.filter(valid_to=None)
    row = rows.filter(code=wanted).first() if wanted else rows.filter(rank="province").exclude(geometry=None).first()
    made = read(row.geometry) if row else None
    if made is None:
        return _WORLD
    largest = max(getattr(made, "geoms", [made]), key=lambda part: part.area)
    return Box(*largest.bounds).scaled(1.08)


def _mark(request: HttpRequest) -> tuple[float, float] | None:
    try:
        longitude, latitude = (float(part) for part in request.GET.get("at", "").split(","))
    except ValueError:
        return None
    return (longitude, latitude) if abs(longitude) <= 180 and abs(latitude) <= 90 else None


def _moves(box: Box, keys: list[str]) -> list[tuple[str, str]]:
    """Where the map can go from here: nearer, farther, and to the four sides. Words and address."""
    ways = [
        (_("Nearer"), box.scaled(0.5)),
        (_("Farther"), box.scaled(2)),
        (_("West"), box.scaled(1, right=-0.4)),
        (_("East"), box.scaled(1, right=0.4)),
        (_("North"), box.scaled(1, up=0.4)),
        (_("South"), box.scaled(1, up=-0.4)),
    ]
    made = []
    for words, to in ways:
        if to.east - to.west > 1e-4 and to.north - to.south < 170:
            corners = ",".join(f"{number:.5f}" for number in to.corners)
            made.append((words, "?" + urlencode([*(("layer", key) for key in keys), ("bbox", corners)])))
    return made


@require_safe
def locate(request: HttpRequest) -> HttpResponse:
    """The divisions an address may lie in, or the one a point lies in."""
    text = request.GET.get("q", "").strip()[:200]
    context: dict[str, Any] = {"text": text, "point": request.GET.get("at", "").strip()[:40]}
    if text:
        context["found"] = lookup.locate(text)
    elif context["point"]:
        mark = _mark(request)
        if mark is None:
            raise Invalid({"at": _("A point is written as longitude,latitude in degrees.")})
        context |= {"asked": True, "place": queries.at(*mark)}
    return render(request, "geography/locate.html", context)


@require_safe
def feature(request: HttpRequest, key: str, id: str) -> HttpResponse:
    """One feature with its properties and a small map."""
    layer = seen.layer(key, None if site() == "public" else actor_of(request))
    one = queries.feature(layer, id)
    register = registers.definition(key)
    pairs = [
        (str(register.field(name).title), one.properties.get(f"{name}_title") or one.properties.get(name))
        for name in layer.properties
    ]
    made = read(one.geometry)
    picture = ""
    if made is not None:
        box = Box(*made.bounds)
        least = 0.02
        box = Box(box.west - least, box.south - least, box.east + least, box.north + least)
        under = [item for item in _layers(request) if item.key == DIVISION and key != DIVISION]
        behind = [(item.key, _drawn(item, box)[0]) for item in under]
        picture = drawing.picture([*behind, (key, [one])], box, one.title, labelled=DIVISION)
    context = {"layer": layer, "feature": one, "pairs": pairs, "picture": picture}
    return render(request, "geography/feature.html", context)


VIEWS: dict[str, View] = {"map": map_, "locate": locate, "feature": feature}
PUBLIC = {name: public(view) for name, view in VIEWS.items()}
STAFF = {name: permitted("register.read")(view) for name, view in VIEWS.items()}
