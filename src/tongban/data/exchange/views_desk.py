"""Deliveries as the centre took them, and the quarantine desk."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.kernel.api import Invalid
from tongban.data.catalogue import api as catalogue
from tongban.trust.identity.api import actor_of, may, permitted

from . import desk, queries, shapes


@permitted("exchange.read")
@require_safe
def deliveries(request: HttpRequest) -> HttpResponse:
    """What came, newest first."""
    node, refused = request.GET.get("node", ""), bool(request.GET.get("refused"))
    rows, after = queries.deliveries(node=node, refused=refused, after=request.GET.get("after", ""))
    manages = may(actor_of(request), "exchange.manage")
    context = {
        "rows": rows, "page": {"next": after}, "after": after, "refused": refused, "node": node, "manages": manages,
    }  # fmt: skip
    return render(request, "exchange/deliveries.html", context)


@permitted("exchange.manage")
@require_safe
def quarantine(request: HttpRequest) -> HttpResponse:
    """Rows that wait."""
    rows, after = queries.quarantined(request.GET.get("after", ""))
    return render(request, "exchange/quarantine.html", {"rows": rows, "after": after})


@permitted("exchange.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def row(request: HttpRequest, row_id: str) -> HttpResponse:
    """One row: repair it, or drop it."""
    actor = actor_of(request)
    known = desk.access_row(actor, row_id)
    errors = {name: desk.WORDS.get(code, code) for name, code in known.findings.items()}
    if request.method == "POST":
        try:
            if request.POST.get("do") == "drop":
                desk.drop(actor, row_id, request.POST.get("reason", ""))
            else:
                desk.repair(actor, row_id, {name: request.POST.get(name, "") for name in known.findings})
            messages.success(request, _("Done. It is recorded."))
            return redirect("exchange:quarantine")
        except Invalid as invalid:
            errors = dict(invalid.errors)
    resource = catalogue.resource_by_code(known.delivery.resource)
    columns, personal = shapes.columns_of(resource), {item.name for item in resource.items if item.personal}
    fields = [
        {
            "name": name,
            "title": columns[name].title if name in columns else name,
            "value": request.POST.get(name, value),
            "bad": name in known.findings,
            "hidden": name in personal,
            "error": errors.get(name, ""),
        }
        for name, value in known.values.items()
        if not name.startswith(shapes.CONTROL)
    ]
    context = {"row": known, "fields": fields, "error": errors.get("reason", "")}
    return render(request, "exchange/row.html", context, status=422 if request.method == "POST" else 200)
