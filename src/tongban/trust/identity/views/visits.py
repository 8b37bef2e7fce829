"""Where I am signed in, and how to end it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from .. import visits
from ..policies import signed_in, to_sign_in


@signed_in
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """My live visits on this site."""
    found = visits.own_visits(request, request.actor.person)  # type: ignore[attr-defined]
    return render(request, "identity/visits.html", {"visits": found})


@signed_in
@require_POST
def end(request: HttpRequest, id_: str) -> HttpResponse:
    """End one of them; one's own present visit as well."""
    here = visits.visit_of(request).id == id_
    visits.end_visit(request.actor.person, id_)  # type: ignore[attr-defined]
    if here:
        request.session.flush()
        return to_sign_in(request)
    messages.success(request, _("That visit is ended."))
    return redirect("identity:visits")
