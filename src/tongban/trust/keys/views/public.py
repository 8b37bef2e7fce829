"""What everybody may read: authorities, lists, the state of a certificate."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.kernel.api import NotFound, Refused, now
from tongban.trust.identity.api import limited, public

from .. import chains, forms, policies, queries, status, words
from ..data import CertificateState, PolicyLine, Purpose

LARGEST = 10_000  # bytes of a question to the responder
TRIES, WINDOW = 60, 600
PERSONAL = (Purpose.PERSON,)


@public
def overview(request: HttpRequest) -> HttpResponse:
    """Authorities with certificates and lists, the policies in force, and the state of a certificate by number."""
    form, verdict = forms.Number(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        if limited(f"ca:{request.META.get('REMOTE_ADDR', '')}", TRIES, WINDOW):
            raise Refused(_("Too many questions from your network. Please wait ten minutes and try again."), "too_many")
        verdict = _verdict(form.cleaned_data["serial"])
    texts = [(words.LINES[PolicyLine(row.line)], row) for row in policies.policies()]
    context = {"authorities": queries.authorities(), "policies": texts, "form": form, "verdict": verdict}
    return render(request, "keys/public.html", context, status=422 if form.errors else 200)


def _verdict(serial: str) -> dict[str, object]:
    try:
        one = chains.certificate(serial)
    except NotFound:
        return {"chip": (_("Unknown"), "grey"), "known": False}
    over = one.state is CertificateState.GOOD and one.valid_until <= now()
    chip = words.EXPIRED if over else words.CERTIFICATE_STATES[one.state]
    shown = "" if one.profile in PERSONAL else one.title  # a person's name is in the certificate, not for browsing
    return {"chip": chip, "known": True, "title": shown, "profile": words.PURPOSES[one.profile], "it": one}


@public
@require_safe
def authority_file(request: HttpRequest, authority_id: str) -> HttpResponse:
    """An authority's certificate, DER (RFC 2585)."""
    return HttpResponse(status.certificate_of_authority(authority_id), content_type="application/pkix-cert")


@public
@require_safe
def list_file(request: HttpRequest, authority_id: str) -> HttpResponse:
    """An authority's present revocation list, DER."""
    return HttpResponse(status.crl_of(authority_id), content_type="application/pkix-crl")


@csrf_exempt  # a question from programs (RFC 6960); it changes nothing and knows no session
@public
@require_http_methods(["GET", "POST"])
def ocsp(request: HttpRequest, question: str = "") -> HttpResponse:
    """The status responder: POST the question, or GET it as base64."""
    if request.method == "POST":
        body = request.read(LARGEST)
    else:
        try:
            body = base64.b64decode(unquote(question), validate=True)[:LARGEST]
        except (binascii.Error, ValueError):
            body = b""
    return HttpResponse(status.ocsp_answer(body), content_type="application/ocsp-response")
