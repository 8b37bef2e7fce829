"""Open data for people. The pages set no cookie, so that a cache may stand in front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from tongban.base.kernel.api import Invalid, Refused
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import FieldType
from tongban.trust.identity.api import limited, public

from ..titles import CYCLES, TYPES
from . import offers
from .downloads import FORMS, download
from .statistics import statistics

FILES, WINDOW = 30, 600
"""Files that one network may fetch in ten minutes."""
_OWN = ("after", "order", "by", "and")
_PREVIEW = 10
_LONG = (FieldType.GEOMETRY, FieldType.JSON)
_NUMBERS = (FieldType.INT, FieldType.DECIMAL, FieldType.MONEY)


@public
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Open resources by words and theme."""
    words, category = request.GET.get("q", "").strip()[:100], request.GET.get("category", "")[:1]
    found = offers.offers(words, category, request.GET.get("after", "")[:20])
    options = offers.categories()
    filters = [
        {"name": "q", "label": pgettext("search", "Words"), "kind": "text", "value": words},
        {
            "name": "category",
            "label": pgettext("open data", "Class"),
            "kind": "select",
            "value": category,
            "options": options,
        },
    ]
    rows = [(one, offers.slug(one.code)) for one in found]
    context = {"rows": rows, "page": found, "words": words, "filters": filters}
    return render(request, "catalogue/open/index.html", context)


@public
@require_safe
def resource(request: HttpRequest, code: str) -> HttpResponse:
    """One resource: what it is, its items, its first rows, a chart, its files."""
    found = offers.offer(code)
    asked, wrong = _asked(request), ""
    try:
        rows = offers.page(found, asked, request.GET.get("after", "")[:500], _PREVIEW)
    except Invalid as invalid:
        rows, wrong = offers.Rows(()), " ".join(str(text) for text in invalid.errors.values())
    try:
        counted = statistics(found, request.GET.get("by", "")[:60], request.GET.get("and", "")[:60])
    except Invalid:
        counted = statistics(found)
    context = {
        "found": found,
        "rows": rows,
        "wrong": wrong,
        "columns": [_column(field) for field in found.fields if field.type not in _LONG],
        "lines": [dict(zip((f.name for f in found.fields), offers.texts(found, row), strict=True)) for row in rows],
        "forms": FORMS,
        "items": [{"item": item, "type": TYPES[item.type]} for item in found.items],
        "cycle": CYCLES[found.resource.cycle],
        "filters": _filters(found, asked),
        "counted": counted,
        "query": request.GET.urlencode() if asked else "",
    }
    return render(request, "catalogue/open/resource.html", context, status=422 if wrong else 200)


@public
@require_safe
def file(request: HttpRequest, code: str, form: str) -> HttpResponseBase:
    """All rows as a file."""
    if limited(f"open:{request.META.get('REMOTE_ADDR', '')}", FILES, WINDOW):
        raise Refused(_("Too many files from your network. Please wait ten minutes."), code="slow")
    return download(offers.offer(code), form, _asked(request))


def _asked(request: HttpRequest) -> dict[str, str]:
    return {name: str(value)[:200] for name, value in request.GET.items() if name not in _OWN and str(value).strip()}


def _column(field: Any) -> dict[str, str]:
    return {"key": field.name, "title": str(field.title), "kind": "number" if field.type in _NUMBERS else "text"}


def _filters(found: offers.Offer, asked: Mapping[str, str]) -> list[dict[str, object]]:
    made: list[dict[str, object]] = []
    for field in found.filters[:6]:
        value = asked.get(field.name, "")
        one: dict[str, object] = {"name": field.name, "label": str(field.title), "kind": "text", "value": value}
        if field.type is FieldType.CODE and found.register is not None:
            known = registers.choices(found.register.key, field.name)
            if len(known) <= 100:
                one |= {"kind": "select", "options": [(key, str(title)) for key, title in known.items()]}
        made.append(one)
    return made
