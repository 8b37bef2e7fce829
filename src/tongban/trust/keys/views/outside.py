"""The page of outside authorities (staff site): import a root, trust it no more, bind a certificate to its holder."""

from __future__ import annotations

import hashlib

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from tongban.trust.identity.api import actor_of, permitted
from tongban.trust.identity.data import Actor

from .. import forms, outside
from .acting import Verb, carried_out, facts, offered


def _import(actor: Actor, _subject: str, *, certificate: bytes, title: str, delegation: str) -> None:
    outside.import_root(actor, certificate, title, delegation)


def _distrust(actor: Actor, _subject: str, *, root: str, reason: str) -> None:
    outside.distrust(actor, root, reason)


def _bind(actor: Actor, _subject: str, **told: object) -> None:
    outside.bind(actor, **told)  # type: ignore[arg-type]


VERBS = {
    "bind": Verb(
        "ca.register", _("Bind a certificate to its holder"), _("Bind it"), _("The certificate is bound."),
        forms.Bind, _bind, _("You have seen that it is theirs. They can sign in with it from now on."), "primary",
    ),
    "import": Verb(
        "ca.issue", _("Trust another authority's root"), _("Trust it"), _("The root is trusted."),
        forms.ImportRoot, _import, _("Whatever it vouches for is believed here. Compare the fingerprint first."),
    ),
    "distrust": Verb(
        "ca.issue", _("Trust a root no more"), _("Trust it no more"), _("The root is trusted no more."),
        forms.Distrust, _distrust, _("What it vouched for is refused from now on."), "danger",
    ),
}  # fmt: skip


@permitted("ca.register", "ca.issue")
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The trusted roots of others, and what may be done."""
    return _page(request)


@permitted("ca.register", "ca.issue")
@require_POST
def act(request: HttpRequest, verb: str) -> HttpResponse:
    """Import, trust no more, bind."""
    wrong = carried_out(request, VERBS, verb, "")
    return _page(request, (verb, wrong)) if wrong else redirect("keys:outside")


def _page(request: HttpRequest, sent: tuple[str, Form] | None = None) -> HttpResponse:
    known = outside.roots()
    steps = tuple(verb for verb in VERBS if known or verb == "import")
    pairs = [(root.title, hashlib.sha256(bytes(root.certificate)).hexdigest()) for root in known]
    context = {
        "title": _("Outside authorities"), "facts": facts(pairs), "tab": "outside",
        "verbs": offered(actor_of(request), VERBS, steps, lambda verb: reverse("keys:outside_act", args=[verb]), sent),
    }  # fmt: skip
    response = render(request, "keys/detail.html", context, status=422 if sent else 200)
    response["Cache-Control"] = "private, no-store"
    return response
