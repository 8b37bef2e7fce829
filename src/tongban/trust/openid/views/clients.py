"""Systems on the staff site: ask, approve, make a secret, disable."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tongban.base.kernel.api import Invalid, NotFound, Ref
from tongban.trust.identity import api as identity
from tongban.trust.identity.api import may, permitted
from tongban.trust.identity.data import Actor

from .. import clients, signing
from ..data import CLIENT
from ..forms import SystemForm
from ..issuers import issuer
from ..scopes import OF_SITE, SCOPES

REGISTER, APPROVE = "openid.register", "openid.approve"


@permitted(REGISTER, APPROVE)
@require_safe
def systems(request: HttpRequest) -> HttpResponse:
    """The systems of the offices this person looks after."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    context = {"systems": clients.clients(actor), "asks": may(actor, REGISTER), "approves": may(actor, APPROVE)}
    return render(request, "openid/systems.html", context)


@permitted(REGISTER)
def new(request: HttpRequest) -> HttpResponse:
    """Ask for a system; somebody else approves it."""
    form = SystemForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = clients.request_client(request.actor, form.asked())  # type: ignore[attr-defined]
        except Invalid as invalid:
            for name, message in invalid.errors.items():
                form.add_error(name, str(message))
        else:
            messages.success(request, _("The system is registered. Somebody else must approve it now."))
            return redirect("openid:client", made.ref.id)
    return render(request, "openid/new.html", {"form": form}, status=422 if form.errors else 200)


@permitted(REGISTER, APPROVE)
@require_safe
def system(request: HttpRequest, id_: str) -> HttpResponse:
    """One system with all that was registered."""
    return _page(request, id_)


def _page(request: HttpRequest, id_: str, secret: str = "") -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    one = clients.client(actor, Ref(CLIENT, id_))
    people = identity.people_by_ref([ref for ref in (one.requested_by, one.approved_by) if ref])
    context = {
        "one": one,
        "secret": secret,
        "issuer": issuer(one.site),
        "known": [SCOPES[scope] for scope in SCOPES if scope in one.scopes],
        "asker": people.get(one.requested_by),
        "approver": people.get(one.approved_by) if one.approved_by else None,
        "asks": may(actor, REGISTER, one.office),
        "approves": may(actor, APPROVE, one.office) and one.requested_by != actor.person,
    }
    return render(request, "openid/system.html", context)


@permitted(REGISTER, APPROVE)
@require_POST
def switch(request: HttpRequest, id_: str) -> HttpResponse:
    """Approve, make a secret (shown this once), disable or enable."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    ref, do = Ref(CLIENT, id_), request.POST.get("do", "")
    if do == "secret":
        return _page(request, id_, clients.new_secret(actor, ref))
    verbs = {"approve": clients.approve, "disable": clients.disable, "enable": clients.enable}
    if do not in verbs:
        raise NotFound()
    verbs[do](actor, ref)
    return redirect("openid:client", id_)


@permitted(APPROVE)
@require_POST
def new_keys(request: HttpRequest) -> HttpResponse:
    """A signing key may have leaked: new ones for both sites at once, the former ones withdrawn."""
    for site in OF_SITE:
        signing.rotate(site, at_once=True, by=request.actor.person)  # type: ignore[attr-defined]
    messages.success(request, _("New signing keys are in use. Systems fetch them by themselves."))
    return redirect("openid:clients")
