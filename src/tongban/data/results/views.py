"""Published results for everybody; taking one back for staff."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tongban.base.kernel.api import Invalid
from tongban.trust.identity.api import actor_of, may, permitted, public, site

from . import actions, queries
from .data import WORKDAYS, Kind


@public
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The list, the newest decisions first."""
    text, asked = request.GET.get("q", "").strip()[:100], request.GET.get("kind", "")
    kinds = {Kind.APPROVAL.value: _("Approvals"), Kind.PENALTY.value: _("Penalties")}
    if asked and asked not in kinds:
        raise Invalid({"kind": _("There is no such kind of result.")})
    kind = Kind(asked) if asked else None
    page = queries.published(kind, text, after=request.GET.get("after", ""))
    bar = [
        {
            "name": "q",
            "label": _("Name, credit code or document number"),
            "kind": "text",
            "value": text,
        },
        {"name": "kind", "label": _("Kind"), "kind": "select", "value": asked, "options": list(kinds.items())},
    ]
    rows = [(one, kinds[one.kind.value]) for one in page]
    return render(request, "results/index.html", {"filters": bar, "rows": rows, "page": page, "days": WORKDAYS})


@public
@require_safe
def detail(request: HttpRequest, id: str) -> HttpResponse:
    """One published result."""
    return _detail(request, id)


def _detail(request: HttpRequest, id: str, errors: dict[str, object] | None = None) -> HttpResponse:
    one = queries.publication(id)
    takes_back = site() == "staff" and may(actor_of(request), "results.publish")
    context = {"one": one, "penalty": one.kind is Kind.PENALTY, "may_withdraw": takes_back, "errors": errors}
    return render(request, "results/detail.html", context, status=422 if errors else 200)


@permitted("results.publish")
@require_POST
def withdraw(request: HttpRequest, id: str) -> HttpResponse:
    """Take a publication back, with the reason."""
    try:
        actions.withdraw(actor_of(request), id, request.POST.get("reason", ""))
    except Invalid as invalid:
        return _detail(request, id, dict(invalid.errors))
    messages.success(request, _("The publication is taken back."))
    return redirect("results:index")
