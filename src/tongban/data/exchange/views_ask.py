"""Ask another office's data: which grants one's offices hold, the question, its answer."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.kernel.api import Invalid
from tongban.data.catalogue import api as catalogue
from tongban.data.catalogue.data import Grant, GrantState, Mode
from tongban.trust.identity.api import actor_of, may, permitted

from . import queries, questions
from .words import words


@permitted("exchange.ask")
@require_safe
def grants(request: HttpRequest) -> HttpResponse:
    """What may be asked, and one's own last questions."""
    actor = actor_of(request)
    offices = dict.fromkeys(post.office for post in actor.posts if may(actor, "exchange.ask", post.office))
    held = [grant for office in offices for grant in catalogue.grants(office=office, state=GrantState.ACTIVE)]
    asked = [grant for grant in held if grant.mode in (Mode.QUERY, Mode.COMPARE)]
    return render(request, "exchange/grants.html", {"grants": asked, "asks": queries.own_asks(actor.person)})


@permitted("exchange.ask")
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, grant_id: str) -> HttpResponse:
    """The question: whom or what it is about, and for which case."""
    actor = actor_of(request)
    grant = questions.access_grant(actor, grant_id)
    items = _items(grant)
    errors: dict[str, Any] = {}
    if request.method == "POST":
        try:
            where = {name: request.POST.get(name, "") for name in grant.items}
            rows = _rows(request.POST.get("rows", ""), grant) if grant.mode == Mode.COMPARE else []
            made = questions.ask(actor, grant.id, request.POST.get("purpose", ""), where=where, rows=rows)
            return redirect("exchange:answer", ask_id=made.id)
        except Invalid as invalid:
            errors = dict(invalid.errors)
    context = {
        "grant": grant,
        "items": [{"item": item, "value": request.POST.get(item.name, "")} for item in items],
        "compare": grant.mode == Mode.COMPARE,
        "told": request.POST,
        "errors": errors,
    }
    return render(request, "exchange/ask.html", context, status=422 if errors else 200)


@permitted("exchange.ask")
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, ask_id: str) -> HttpResponse:
    """The answer when it is there; personal items masked until one asks to see them, which is recorded."""
    actor, shown = actor_of(request), request.method == "POST"
    row = (questions.show if shown else questions.answered)(actor, ask_id)
    resource = catalogue.resource_by_code(row.resource)
    titles = [(name, resource.item(name)) for name in row.items]
    lines = [
        [{"value": line.get(name), "hidden": bool(item and item.personal and not shown)} for name, item in titles]
        for line in (row.answer or [])
        if isinstance(line, dict)
    ]
    context = {
        "ask": row,
        "why": words(row.code) if row.code else "",
        "resource": resource,
        "titles": [item.title if item else name for name, item in titles],
        "lines": lines,
        "same": [one for one in (row.answer or []) if isinstance(one, bool)],
        "personal": any(item and item.personal for _name, item in titles) and not shown,
    }
    response = render(request, "exchange/answer.html", context)
    response["Cache-Control"] = "no-store, private"
    return response


def _items(grant: Grant) -> list[Any]:
    resource = catalogue.resource(grant.resource)
    return [item for item in resource.items if item.name in grant.items]


def _rows(text: str, grant: Grant) -> list[dict[str, str]]:
    """Pasted lines, one row each, values in the order of the granted items, separated by commas or tabs."""
    lines = [line for line in csv.reader(io.StringIO(text.replace("\t", ","))) if any(cell.strip() for cell in line)]
    wrong = [number for number, line in enumerate(lines, 1) if len(line) != len(grant.items)]
    if wrong:
        raise Invalid({"rows": _("Line %(n)d does not have %(m)d values.") % {"n": wrong[0], "m": len(grant.items)}})
    return [dict(zip(grant.items, (cell.strip() for cell in line), strict=True)) for line in lines]
