"""The registration desk, certificates and policies (staff site)."""

from __future__ import annotations

from typing import Any

from asn1crypto import pem
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from tongban.base.kernel.api import Invalid, Text, now
from tongban.trust.identity.api import actor_of, may, permitted

from .. import desk, forms, policies, queries, words
from ..data import Certificate, CertificateState, PolicyLine, Reason, RequestState
from ..profiles import OWN_VERBS
from .acting import Verb, carried_out, facts, leaves, offered

READ = ("keys.read", "ca.register", "ca.issue")
REQUEST_VERBS = {
    "check": Verb(
        "ca.register", _("Confirm the identity check"), _("Confirm"), _("The identity check is recorded."),
        forms.Evidence, desk.check, _("You have seen who applies. Somebody else will issue the certificate."),
        "primary",
    ),
    "issue": Verb(
        "ca.issue", _("Issue the certificate"), _("Issue the certificate"), _("The certificate is issued."),
        forms.Nothing, desk.issue, _("You take over the registrar's check as it stands above."), "primary",
    ),
    "refuse": Verb(
        "ca.register|ca.issue", _("Refuse the application"), pgettext_lazy("keys", "Refuse"),
        _("The application is refused."), forms.Why, desk.refuse, tone="danger",
    ),
}  # fmt: skip
REQUEST_STEPS = {RequestState.RECEIVED: ("check", "refuse"), RequestState.CHECKED: ("issue", "refuse")}
CERTIFICATE_VERBS = {
    "renew": Verb(
        "ca.register", _("Renew"), _("Take in the renewal"), _("The renewal waits to be issued by somebody else."),
        forms.Nothing, desk.renew, _("The same holder gets a new certificate; this one lives until it ends."),
    ),
    "hold": Verb(
        "ca.issue", _("Suspend"), _("Suspend the certificate"), _("The certificate is suspended."),
        forms.Note, desk.hold, _("It is not to be relied on until it is resumed."),
    ),
    "resume": Verb(
        "ca.issue", _("Resume"), _("Resume the certificate"), _("The certificate is in force again."),
        forms.Note, desk.resume,
    ),
    "revoke": Verb(
        "ca.issue", pgettext_lazy("keys", "Revoke"), _("Revoke the certificate"), _("The certificate is revoked."),
        forms.Revoke, desk.revoke, _("This cannot be taken back."), "danger",
    ),
}  # fmt: skip
CERTIFICATE_STEPS = {
    CertificateState.GOOD: ("renew", "hold", "revoke"),
    CertificateState.HELD: ("resume", "revoke"),
    CertificateState.REVOKED: (),
}


def _state(one: Certificate) -> words.Chip:
    over = one.state is CertificateState.GOOD and one.valid_until <= now()
    return words.EXPIRED if over else words.CERTIFICATE_STATES[one.state]


@permitted(*READ)
@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """Applications that wait."""
    found = queries.waiting()
    names = queries.names(one.holder for one in found)
    rows = [
        {
            "url": reverse("keys:request", args=[one.id]),
            "title": one.title,
            "profile": words.PURPOSES[one.profile],
            "holder": names[one.holder],
            "state": words.REQUEST_STATES[one.state],
            "at": one.at,
        }
        for one in found
    ]
    columns = [
        ("title", _("Name in the certificate")),
        ("profile", _("Kind of certificate")),
        ("holder", _("Holder")),
        ("at", _("Received"), "time"),
        ("state", _("Status"), "chip"),
    ]
    context = {"rows": rows, "columns": columns, "tab": "desk", "takes": may(actor_of(request), "ca.register")}
    return _private(render(request, "keys/desk.html", context))


@permitted("ca.register")
def receive(request: HttpRequest) -> HttpResponse:
    """Take in an application."""
    asked = {key: request.GET.get(key, "")[:200] for key in ("holder", "profile") if key in request.GET}
    form = forms.Receive(request.POST or None, request.FILES or None, initial=asked)
    if request.method == "POST" and form.is_valid():
        try:
            taken = desk.receive(actor_of(request), **form.cleaned_data)
            return redirect("keys:request", taken.id)
        except Invalid as invalid:
            for field, message in invalid.errors.items():
                form.add_error(field if field in form.fields else None, str(message))
    return _private(render(request, "keys/receive.html", {"form": form}, status=422 if form.errors else 200))


@permitted(*READ)
@require_safe
def one_request(request: HttpRequest, request_id: str) -> HttpResponse:
    """One application and what may be done with it."""
    return _request_page(request, request_id)


@permitted("ca.register", "ca.issue")
@require_POST
def request_act(request: HttpRequest, request_id: str, verb: str) -> HttpResponse:
    """Check, issue or refuse."""
    queries.request(request_id)
    wrong = carried_out(request, REQUEST_VERBS, verb, request_id)
    return _request_page(request, request_id, (verb, wrong)) if wrong else redirect("keys:request", request_id)


def _request_page(request: HttpRequest, request_id: str, sent: tuple[str, Form] | None = None) -> HttpResponse:
    one = queries.request(request_id)
    names = queries.names([one.holder, one.asked_by, one.checked_by, one.decided_by])
    verbs = offered(
        actor_of(request), REQUEST_VERBS, REQUEST_STEPS.get(one.state, ()),
        lambda verb: reverse("keys:request_act", args=[one.id, verb]), sent,
    )  # fmt: skip
    pairs: list[tuple[Text, Any]] = [
        (_("Kind of certificate"), words.PURPOSES[one.profile]),
        (_("Holder"), names[one.holder]),
        (_("Algorithm"), one.algorithm),
        (_("Key"), _("with the holder") if one.own_key else _("made and kept here")),
        (_("Received by"), names.get(one.asked_by) if one.asked_by else ""),
        (_("Checked by"), names.get(one.checked_by) if one.checked_by else ""),
        (_("Documents seen"), one.evidence),
        (_("Decided by"), names.get(one.decided_by) if one.decided_by else ""),
        (_("Reason"), one.refusal),
        (_("Serial number"), one.serial),
    ]
    context = {
        "title": one.title, "chip": words.REQUEST_STATES[one.state], "facts": facts(pairs), "verbs": verbs,
        "back": (reverse("keys:desk"), _("Certificates")),
    }  # fmt: skip
    return _private(render(request, "keys/detail.html", context, status=422 if sent else 200))


@permitted(*READ)
@require_safe
def certificates(request: HttpRequest) -> HttpResponse:
    """Certificates, found by name or serial number; or those about to end."""
    asked, ending = request.GET.get("q", "").strip()[:80], "ending" in request.GET
    found = queries.certificates(asked, ending=ending)
    names = queries.names(one.holder for _id, one in found)
    rows = [
        {
            "url": reverse("keys:certificate", args=[row_id]),
            "title": one.title,
            "profile": words.PURPOSES[one.profile],
            "holder": names[one.holder],
            "until": one.valid_until,
            "state": _state(one),
        }
        for row_id, one in found
    ]
    columns = [
        ("title", _("Name in the certificate")),
        ("profile", _("Kind of certificate")),
        ("holder", _("Holder")),
        ("until", pgettext_lazy("keys", "Valid until"), "date"),
        ("state", _("Status"), "chip"),
    ]
    context = {"rows": rows, "columns": columns, "words": asked, "ending": ending}
    tab = "ending" if ending else "certificates"
    return _private(
        render(request, "keys/certificates.html", context | {"tab": tab, "full": len(rows) == queries.PAGE})
    )


@permitted(*READ)
@require_safe
def one_certificate(request: HttpRequest, certificate_id: str) -> HttpResponse:
    """One certificate, its history and what may be done with it."""
    return _certificate_page(request, certificate_id)


@permitted("ca.register", "ca.issue")
@require_POST
def certificate_act(request: HttpRequest, certificate_id: str, verb: str) -> HttpResponse:
    """Renew, suspend, resume or revoke."""
    queries.certificate(certificate_id)
    wrong = carried_out(request, CERTIFICATE_VERBS, verb, certificate_id)
    if wrong:
        return _certificate_page(request, certificate_id, (verb, wrong))
    return redirect("keys:desk") if verb == "renew" else redirect("keys:certificate", certificate_id)


def _certificate_page(request: HttpRequest, certificate_id: str, sent: tuple[str, Form] | None = None) -> HttpResponse:
    one, actor = queries.certificate(certificate_id), actor_of(request)
    steps = CERTIFICATE_STEPS[one.state] if one.valid_until > now() else ()
    own = one.profile in OWN_VERBS
    verbs = offered(
        actor, CERTIFICATE_VERBS, tuple(step for step in steps if not (own and step == "renew")),
        lambda verb: reverse("keys:certificate_act", args=[certificate_id, verb]), sent,
    )  # fmt: skip
    pairs: list[tuple[Text, Any]] = [
        (_("Kind of certificate"), words.PURPOSES[one.profile]),
        (_("Holder"), queries.names([one.holder])[one.holder]),
        (_("Serial number"), one.serial),
        (pgettext_lazy("keys", "Valid from"), one.valid_from),
        (pgettext_lazy("keys", "Valid until"), one.valid_until),
        (_("Suspended or revoked"), one.revoked),
        (_("Kind of reason"), words.REASONS[Reason(one.reason)] if one.reason else ""),
    ]
    context = {
        "title": one.title, "chip": _state(one), "facts": facts(pairs), "verbs": verbs, "leaves": leaves(one.ref),
        "download": reverse("keys:certificate_file", args=[certificate_id]),
        "back": (reverse("keys:certificates"), _("Certificates")),
    }  # fmt: skip
    return _private(render(request, "keys/detail.html", context, status=422 if sent else 200))


@permitted(*READ)
@require_safe
def certificate_file(request: HttpRequest, certificate_id: str) -> HttpResponse:
    """The certificate as a PEM file."""
    one = queries.certificate(certificate_id)
    headers = {"Content-Disposition": f'attachment; filename="{one.serial}.pem"'}
    return HttpResponse(pem.armor("CERTIFICATE", one.der), content_type="application/x-pem-file", headers=headers)


@permitted(*READ)
def policy_list(request: HttpRequest) -> HttpResponse:
    """Certificate policies and their versions; publishing a new one."""
    publishes = may(actor_of(request), "ca.issue")
    form = forms.PolicyForm(request.POST or None) if publishes else None
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            policies.publish_policy(**form.cleaned_data, by=actor_of(request).by)
            return redirect("keys:policies")
        except Invalid as invalid:
            for field, message in invalid.errors.items():
                form.add_error(field, str(message))
    lines = [(words.LINES[PolicyLine(row.line)], row) for row in policies.policies()]
    context = {"policies": lines, "form": form, "tab": "policies"}
    return _private(render(request, "keys/policies.html", context, status=422 if form and form.errors else 200))


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response
