"""Acting for others: give an authorisation, accept it, see both sides, end it (T37)."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from tongban.base.kernel.api import SHANGHAI, Invalid, Ref, Refused, now, system

from .. import agents, forms
from ..access import AGENCY_KEY
from ..codes import TOO_MANY
from ..data import AGENCY, Actor, Level, PersonKind
from ..limits import limited
from ..models import Person
from ..policies import signed_in
from ..sealed import phone_index
from .account import page

NOT_FOUND = _("Number and name fit no real-name account. Please ask the person for both.")


def _me(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@signed_in
@require_safe
def agencies(request: HttpRequest) -> HttpResponse:
    """Who acts for me, and for whom I act."""
    me = _me(request).person
    context = {
        "given": agents.agencies_given(me),
        "offered": agents.agencies_offered(me),
        "held": agents.agencies_of(me),
        "represented": agents.represented(me),
        "now": now(),
    }
    return render(request, "identity/agencies.html", context)


@signed_in(level=Level.REAL_NAME)
def new(request: HttpRequest) -> HttpResponse:
    """Authorise somebody with a real-name account, found by phone and name together."""
    me = _me(request).person
    own = agents.own_principals(me)
    choices = [(str(ref), title or str(_("Myself"))) for ref, title in own]
    form = forms.AgentForm(request.POST or None, principals=choices)
    if request.method == "POST" and form.is_valid():
        if limited(f"authorise:{me.id}", 20, 3600):  # name and phone together tell who has an account (T14)
            raise Refused(TOO_MANY, code="too_many")
        agent = _named(form.cleaned_data["phone"], form.cleaned_data["name"])
        if agent is None or agent == me:
            form.add_error("phone", str(NOT_FOUND))
        else:
            return _authorise(request, me, agent, form)
    lead = _("They act in your name, and you answer for it. You can end it at any time.")
    return page(request, _("Authorise somebody"), _("Authorise"), form, lead)


def _named(phone: str, name: str) -> Ref | None:
    with system():  # nobody sees an account but their own
        row = Person.objects.filter(kind=PersonKind.CITIZEN, phone_index=phone_index(phone), is_active=True).first()
    fits = row is not None and row.phone_index and row.name == name.strip() and row.level >= Level.REAL_NAME
    return row.ref if row is not None and fits else None


def _authorise(request: HttpRequest, me: Ref, agent: Ref, form: forms.AgentForm) -> HttpResponse:
    values = form.cleaned_data
    principal = Ref.parse(values["principal"])
    titles = dict(agents.own_principals(me))
    until = datetime.combine(values["until"] + timedelta(days=1), time(), SHANGHAI)
    scopes = values["scopes"].replace(",", " ").replace("，", " ").split() or [agents.EVERYTHING]
    title = titles.get(principal) or _me(request).name
    try:
        agents.authorise_agent(
            principal, agent, until=until, by=me, scopes=scopes, principal_name=title, accepted=False
        )
    except Invalid as invalid:
        for name, message in invalid.errors.items():
            form.add_error(name, str(message))
        return page(request, _("Authorise somebody"), _("Authorise"), form)
    messages.success(request, _("Recorded. It holds as soon as the person accepts it."))
    return redirect("identity:agencies")


@signed_in
@require_POST
def accept(request: HttpRequest, id_: str) -> HttpResponse:
    """Take an authorisation on."""
    agents.accept_agency(Ref(AGENCY, id_), _me(request).person)
    messages.success(request, _("You may act for this party now."))
    return redirect("identity:agencies")


@signed_in
@require_POST
def revoke(request: HttpRequest, id_: str) -> HttpResponse:
    """End it, from either side; the agent's next request is refused."""
    agents.revoke_agent(Ref(AGENCY, id_), _me(request).person)
    if request.session.get(AGENCY_KEY) == id_:
        del request.session[AGENCY_KEY]
    messages.success(request, _("The authorisation has ended."))
    return redirect("identity:agencies")
