"""The systems I let know me, and how to take it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from tongban.base.kernel.api import Ref
from tongban.trust.identity.api import signed_in

from .. import connections
from ..data import CLIENT
from ..scopes import SCOPES


@signed_in
@require_safe
def systems(request: HttpRequest) -> HttpResponse:
    """What each may know, since when, and when it last asked."""
    found = connections.connected(request.actor.person)  # type: ignore[attr-defined]
    lines = [{"it": one, "known": [SCOPES[scope] for scope in SCOPES if scope in one.scopes]} for one in found]
    return render(request, "openid/mine.html", {"systems": lines})


@signed_in
@require_POST
def disconnect(request: HttpRequest, id_: str) -> HttpResponse:
    """From this moment the system learns nothing more."""
    connections.disconnect(request.actor.person, Ref(CLIENT, id_))  # type: ignore[attr-defined]
    messages.success(request, _("The system is disconnected. What it learned before, it must answer for itself."))
    return redirect("openid:mine")
