"""OGC API - Features - Part 1: Core (OGC 17-069r4): the layers for programs, as GeoJSON and JSON.

The public site serves what is open, without signing in; the staff site the same addresses with all the reader's layers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tongban.base.kernel.api import SHANGHAI, Invalid, NotFound, TongbanError, now
from tongban.trust.identity.api import actor_of, permitted, public, site

from . import layers as seen
from . import openapi, queries
from .data import Box, Feature, Layer
from .queries import Span

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CONFORMANCE = [
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{part}" for part in ("core", "oas30", "geojson")
]
GEOJSON, OPENAPI = "application/geo+json", "application/vnd.oai.openapi+json;version=3.0"
DEFAULT_LIMIT = 100
View = Callable[..., HttpResponse]
Link = dict[str, str]


class BadParameter(ValueError):
    """A query parameter is unknown or has no meaning; the argument says which and why (400)."""


def _program(*parameters: str) -> Callable[[View], View]:
    """A view for programs: only these query parameters, errors as JSON, open to other sites' pages when public."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                _known(request, parameters)
                response = view(request, *args, **kwargs)
            except BadParameter as bad:
                response = _error(400, "InvalidParameterValue", str(bad))
            except NotFound:
                response = _error(404, "NotFound", _("There is nothing at this address."))
            except Invalid as invalid:
                response = _error(
                    400, "InvalidParameterValue", "; ".join(f"{n}: {t}" for n, t in invalid.errors.items())
                )
            except TongbanError as error:
                response = _error(error.status, error.code, str(error.message))
            if site() == "public":
                response["Access-Control-Allow-Origin"] = "*"
            return response

        return require_safe(answered)

    return decorate


def _known(request: HttpRequest, parameters: tuple[str, ...]) -> None:
    for name, values in request.GET.lists():
        if name not in (*parameters, "f") and "*" not in parameters:
            raise BadParameter(f"{name}: unknown parameter")
        if len(values) != 1:
            raise BadParameter(f"{name}: given more than once")
    if request.GET.get("f", "json") != "json":
        raise BadParameter("f: json is the one format")


def _error(status: int, code: str, description: str) -> HttpResponse:
    return _json({"code": code, "description": description}, status=status)


def _json(body: Mapping[str, Any], kind: str = "application/json", status: int = 200) -> HttpResponse:
    return JsonResponse(body, content_type=kind, status=status, json_dumps_params={"ensure_ascii": False})


def _link(request: HttpRequest, rel: str, title: str, name: str, *args: str, kind: str = "application/json") -> Link:
    where = request.build_absolute_uri(reverse(f"geography:{name}", args=args))
    return {"href": where, "rel": rel, "type": kind, "title": title}


def _actor(request: HttpRequest) -> Any:
    """None on the public site: signed in or not, it shows what is open."""
    return None if site() == "public" else actor_of(request)


@_program()
def landing(request: HttpRequest) -> HttpResponse:
    """The landing page (/req/core/root-success)."""
    links = [
        _link(request, "self", _("This document"), "ogc"),
        _link(request, "service-desc", _("Definition of the interface"), "ogc_api", kind=OPENAPI),
        _link(request, "conformance", _("What this conforms to"), "ogc_conformance"),
        _link(request, "data", _("Layers"), "ogc_collections"),
        _link(request, "service-doc", _("Map"), "map", kind="text/html"),
    ]
    return _json(
        {"title": _("Natural resources and geography"), "description": _("Layers as features"), "links": links}
    )


@_program()
def conformance(request: HttpRequest) -> HttpResponse:
    """The conformance classes (/req/core/conformance-success)."""
    return _json({"conformsTo": CONFORMANCE})


@_program()
def api(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3.0 definition of these addresses (/req/oas30)."""
    root = request.build_absolute_uri(reverse("geography:ogc"))
    return _json(openapi.document(root, seen.layers(_actor(request))), OPENAPI)


@_program()
def collections(request: HttpRequest) -> HttpResponse:
    """The layers (/req/core/fc-md-success)."""
    found = [_collection(request, layer) for layer in seen.layers(_actor(request))]
    return _json({"links": [_link(request, "self", _("This document"), "ogc_collections")], "collections": found})


@_program()
def collection(request: HttpRequest, key: str) -> HttpResponse:
    """One layer (/req/core/sfc-md-success)."""
    return _json(_collection(request, seen.layer(key, _actor(request)), self_rel=True))


def _collection(request: HttpRequest, layer: Layer, self_rel: bool = False) -> dict[str, Any]:
    made: dict[str, Any] = {"id": layer.key, "title": layer.title, "itemType": "feature", "crs": [CRS84]}
    if box := queries.extent(layer):
        made["extent"] = {"spatial": {"bbox": [list(box.corners)], "crs": CRS84}}
    made["links"] = [
        _link(request, "self" if self_rel else "collection", layer.title, "ogc_collection", layer.key),
        _link(request, "items", layer.title, "ogc_items", layer.key, kind=GEOJSON),
    ]
    return made


@_program("*")
def items(request: HttpRequest, key: str) -> HttpResponse:
    """A page of a layer's features (/req/core/fc-response)."""
    layer = seen.layer(key, _actor(request))
    _known(request, ("limit", "bbox", "datetime", "after", *layer.filters))
    asked = request.GET
    page = queries.features(
        layer,
        box=box_of(asked["bbox"]) if "bbox" in asked else None,
        span=span_of(asked["datetime"]) if "datetime" in asked else None,
        filters={name: asked[name] for name in layer.filters if name in asked},
        limit=_limit(asked.get("limit")),
        after=asked.get("after"),
    )
    own = _link(request, "self", _("This page"), "ogc_items", key, kind=GEOJSON)
    links = [own | {"href": _with(own["href"], asked.dict())}]
    if page.after:
        onward = asked.dict() | {"after": page.after}
        links.append(own | {"rel": "next", "title": _("Next page"), "href": _with(own["href"], onward)})
    links.append(_link(request, "collection", layer.title, "ogc_collection", key))
    body = {
        "type": "FeatureCollection",
        "links": links,
        "timeStamp": now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "numberReturned": len(page.features),
        "features": [geojson(one) for one in page.features],
    }
    return _json(body, GEOJSON)


@_program()
def item(request: HttpRequest, key: str, id: str) -> HttpResponse:
    """One feature (/req/core/f-success)."""
    layer = seen.layer(key, _actor(request))
    found = queries.feature(layer, id)
    links = [
        _link(request, "self", found.title, "ogc_item", key, id, kind=GEOJSON),
        _link(request, "alternate", found.title, "feature", key, id, kind="text/html"),
        _link(request, "collection", layer.title, "ogc_collection", key),
    ]
    return _json(geojson(found) | {"links": links}, GEOJSON)


def geojson(one: Feature) -> dict[str, Any]:
    """A feature as GeoJSON (RFC 7946)."""
    return {"type": "Feature", "id": one.id, "geometry": one.geometry, "properties": dict(one.properties)}


def _with(href: str, parameters: Mapping[str, str]) -> str:
    return f"{href}?{urlencode(parameters)}" if parameters else href


def _limit(text: str | None) -> int:
    """From 1 to 1,000; more than that counts as 1,000 (/req/core/fc-limit-response-1)."""
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) < 1:
        raise BadParameter("limit: a whole number from 1 to 1000")
    return min(int(text), queries.MOST)


def box_of(text: str) -> Box:
    """west,south,east,north, or with heights in third and sixth place, which count for nothing here."""
    parts = text.split(",")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or len(parts) not in (4, 6):
        raise BadParameter("bbox: four or six numbers")
    box = Box(*numbers)
    fits = -180 <= box.west <= 180 and -180 <= box.east <= 180 and -90 <= box.south <= box.north <= 90
    if not fits:
        raise BadParameter("bbox: west,south,east,north in degrees, south not above north")
    return box


def span_of(text: str) -> Span:
    """A moment, a day, or an interval with `/`, open where it says `..` or nothing (RFC 3339)."""
    parts = text.split("/")
    if len(parts) == 1:
        return _moment(parts[0], last=False), _moment(parts[0], last=True)
    if len(parts) != 2:
        raise BadParameter("datetime: a moment, or two with / between them")
    since, until = (None if part in ("", "..") else part for part in parts)
    if since is None and until is None:
        raise BadParameter("datetime: an interval is open on one side at most")
    span = _moment(since, last=False) if since else None, _moment(until, last=True) if until else None
    if span[0] and span[1] and span[0] > span[1]:
        raise BadParameter("datetime: the interval ends before it begins")
    return span


def _moment(text: str, last: bool) -> datetime:
    try:
        if day := parse_date(text):
            return datetime.combine(day, time.max if last else time.min, SHANGHAI)
        found = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        found = None
    if found is None:
        raise BadParameter("datetime: a moment as 2026-11-21T08:00:00Z or a day as 2026-11-21")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


VIEWS: dict[str, View] = {
    "ogc": landing,
    "ogc_conformance": conformance,
    "ogc_api": api,
    "ogc_collections": collections,
    "ogc_collection": collection,
    "ogc_items": items,
    "ogc_item": item,
}
PUBLIC = {name: public(view) for name, view in VIEWS.items()}
STAFF = {name: permitted("register.read")(view) for name, view in VIEWS.items()}
