"""Pages of reorganisations: hand in a file, see its plan, let a second administrator approve it, what was done."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from tongban.base.kernel.api import DefinitionError, Refused

from ..access import may
from ..authority import forms
from ..models import Reorganisation
from ..policies import permitted
from ..reorganisation import actions
from ..reorganisation.data import State
from .manage import _actor
from .rights import names_of

MANAGE, CONFIRM, AUDIT = "identity.manage", "identity.confirm", "identity.audit"

STATES = {
    State.PROPOSED: (_("Waits for approval"), "blue"),
    State.APPROVED: (_("Approved, waits for its day"), "amber"),
    State.APPLIED: (_("Applied"), "green"),
    State.FAILED: (_("Could not be applied"), "alert"),
    State.WITHDRAWN: (_("Withdrawn"), "grey"),
}


@permitted(MANAGE, CONFIRM, AUDIT)
def index(request: HttpRequest) -> HttpResponse:
    """All reorganisations, newest first; a system administrator hands in the next one."""
    actor, findings = _actor(request), ()
    form = forms.ReorganisationForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if not may(actor, MANAGE):
            raise Refused()
        if form.is_valid():
            try:
                row = actions.propose(form.cleaned_data["text"], form.cleaned_data["name"], by=actor.person)
                return redirect("identity:reorganisation", id_=row.public_id)
            except DefinitionError as error:
                findings = error.findings  # type: ignore[assignment]
    rows = Reorganisation.objects.order_by("-pk")[:100]
    context = {
        "rows": [(row, STATES[State(row.state)]) for row in rows],
        "form": form,
        "findings": findings,
        "proposes": may(actor, MANAGE),
        "tab": "reorganisations",
    }
    return render(request, "identity/reorganisations.html", context, status=422 if findings or form.errors else 200)


@permitted(MANAGE, CONFIRM, AUDIT)
def page(request: HttpRequest, id_: str) -> HttpResponse:
    """One reorganisation: in words, what moves where, what has no home yet."""
    return _page(request, actions.access_reorganisation(id_))


def _page(request: HttpRequest, row: Reorganisation, refused: str = "") -> HttpResponse:
    actor, shown = _actor(request), row.plan
    if row.state in (State.PROPOSED, State.FAILED):
        try:
            shown = actions.plan_reorganisation(row.text)  # as things stand now
        except DefinitionError as error:
            refused = refused or "\n".join(error.findings)
    names = names_of([row.proposed_by, row.approved_by])
    open_ = row.state in (State.PROPOSED, State.FAILED)
    context: dict[str, Any] = {
        "row": row,
        "state": STATES[State(row.state)],
        "plan": shown,
        "refused": refused,
        "proposed_by": names.get(row.proposed_by, ""),
        "approved_by": names.get(row.approved_by, ""),
        "approves": open_ and shown.get("possible") and may(actor, CONFIRM) and row.proposed_by != str(actor.person),
        "withdraws": row.state in (State.PROPOSED, State.APPROVED, State.FAILED) and may(actor, MANAGE),
        "tab": "reorganisations",
    }
    return render(request, "identity/reorganisation.html", context, status=422 if refused else 200)


@require_POST
@permitted(CONFIRM)
def approve(request: HttpRequest, id_: str) -> HttpResponse:
    """A second administrator lets it happen."""
    actions.approve(_actor(request), id_)
    return redirect("identity:reorganisation", id_=id_)


@require_POST
@permitted(MANAGE)
def withdraw(request: HttpRequest, id_: str) -> HttpResponse:
    """It will not happen."""
    actions.withdraw(_actor(request), id_)
    return redirect("identity:reorganisation", id_=id_)
