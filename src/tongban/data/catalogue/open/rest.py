"""Open data for programs: `/open/api/`, without signing in, described at `/open/api/openapi.json`."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLResolver, path
from ninja import NinjaAPI, Schema

from tongban.base.kernel.api import Invalid, TongbanError
from tongban.trust.identity.api import guard, public

from . import offers
from .statistics import statistics

api = NinjaAPI(
    title="Tongban open data",
    version="1",
    urls_namespace="catalogue:open-api",
    docs_url=None,
    description="Published, open resources of the catalogue. Pages go by key: `next` opens the next as `after`.",
)


class ItemOut(Schema):
    """One item of a resource."""

    name: str
    title: str
    type: str
    codes: str


class ResourceOut(Schema):
    """An open resource; `rows` says whether its rows can be had here."""

    code: str
    title: str
    summary: str
    provider: str
    cycle: str
    published_at: Any
    updated_at: Any
    keywords: list[str]
    rows: bool
    items: list[ItemOut]
    filters: list[str]
    orders: list[str]


class ResourcesOut(Schema):
    """One page of resources."""

    resources: list[ResourceOut]
    next: str


class RowsOut(Schema):
    """One page of rows: open items only."""

    rows: list[dict[str, Any]]
    next: str


class CellOut(Schema):
    """How many rows have these values; `count` is null where it is hidden, so that nobody is found by it."""

    values: dict[str, Any]
    count: int | None


class CountsOut(Schema):
    """Counts of all rows in force."""

    by: list[str]
    total: int
    cells: list[CellOut]


@api.get("/resources", response=ResourcesOut)
def list_resources(
    request: HttpRequest, q: str = "", category: str = "", after: str = "", size: int = 20
) -> dict[str, Any]:
    """Open resources, newest first. `q` are words of title and items, `category` 1, 2 or 3 (类)."""
    found = offers.offers(q[:100], category[:1], after[:20], max(1, min(size, offers.LARGEST)))
    return {"resources": [_out(offers.offered(one)) for one in found], "next": found.after}


@api.get("/resources/{code}", response=ResourceOut)
def one_resource(request: HttpRequest, code: str) -> dict[str, Any]:
    """One resource; in addresses its code is written with `-` for `/`."""
    return _out(offers.offer(code))


@api.get("/resources/{code}/rows", response=RowsOut)
def list_rows(request: HttpRequest, code: str, after: str = "", size: int = 50, order: str = "") -> dict[str, Any]:
    """Rows, filtered by any of `filters` (`name=value`; dates and numbers also `name__from`, `name__to`)."""
    found = offers.offer(code)
    asked = {name: str(value) for name, value in request.GET.items() if name not in ("after", "size", "order")}
    got = offers.page(found, asked, after[:500], size, order[:100])
    return {"rows": [offers.values(found, row) for row in got], "next": got.next}


@api.get("/resources/{code}/counts", response=CountsOut)
def counts(request: HttpRequest, code: str, by: str = "") -> dict[str, Any]:
    """How many rows have each value of one or two coded items (`by=kind` or `by=kind,division`)."""
    first, _comma, second = by.partition(",")
    made = statistics(offers.offer(code), first, second)
    if made is None:
        return {"by": [], "total": 0, "cells": []}
    if made.second is None or made.table is None:
        cells = [{"values": {made.field.name: key}, "count": n} for key, n in made.counts.cells.items()]
        return {"by": [made.field.name], "total": made.counts.total, "cells": cells}
    names = [made.field.name, made.second.name]
    pairs = [
        {"values": dict(zip(names, cast(Any, key), strict=True)), "count": n} for key, n in made.table.cells.items()
    ]
    return {"by": names, "total": made.table.total, "cells": pairs}


def _out(found: offers.Offer) -> dict[str, Any]:
    one = found.resource
    return {
        "code": found.slug,
        "title": one.title,
        "summary": one.summary,
        "provider": one.provider_title,
        "cycle": one.cycle.value,
        "published_at": one.published_at,
        "updated_at": one.updated_at,
        "keywords": list(one.keywords),
        "rows": found.register is not None,
        "items": [{"name": i.name, "title": i.title, "type": i.type.value, "codes": i.codes} for i in found.items],
        "filters": [field.name for field in found.filters],
        "orders": list(found.orders),
    }


def _refused(request: HttpRequest, error: TongbanError) -> HttpResponse:
    fields = {name: str(text) for name, text in error.errors.items()} if isinstance(error, Invalid) else {}
    return JsonResponse({"error": str(error), "code": error.code, "fields": fields}, status=error.status)


api.add_exception_handler(TongbanError, cast(Any, _refused))


def mounted(where: str) -> URLResolver:
    """The operations at this address, open to anybody."""
    patterns, app_name, namespace = api.urls
    return path(where, (guard(patterns, public), app_name, namespace))
