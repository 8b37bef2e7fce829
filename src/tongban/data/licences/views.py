"""Verification for anyone, licences of their holder, and the staff's look-up."""

from __future__ import annotations

import hashlib

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tongban.base.kernel.api import Invalid, NotFound, Refused
from tongban.engine.documents import api as documents
from tongban.trust.identity.api import actor_of, limited, may, permitted, public, require, signed_in

from . import actions, queries
from .data import Status, Verdict

TRIES, WINDOW = 30, 600
MAX_FILE = 10 * 1024 * 1024


@public
def verify(request: HttpRequest) -> HttpResponse:
    """Verification by number. Posted, so that numbers do not end up in addresses and logs (T41)."""
    number, verdict, error = request.POST.get("number", "").strip(), None, ""
    if request.method == "POST":
        _slow_down(request)
        if not 6 <= len(number) <= 100:
            error = _("Please give the whole number of the licence, as printed on it.")
        else:
            verdict = queries.verify(number)
    context = {"number": number, "verdict": verdict, "error": error}
    return _private(render(request, "licences/verify.html", context, status=422 if error else 200))


@public
def verify_token(request: HttpRequest, token: str) -> HttpResponse:
    """Verification by the address in the QR code; a file may be compared with the one that was issued."""
    verdict, compared = queries.verify(token), ""
    if request.method == "POST" and verdict.status is not Status.UNKNOWN:
        _slow_down(request)
        compared = _compare(request, verdict)
    return _private(render(request, "licences/verify.html", {"verdict": verdict, "token": token, "compared": compared}))


def _compare(request: HttpRequest, verdict: Verdict) -> str:
    file = request.FILES.get("file")
    if file is None or (file.size or 0) > MAX_FILE:
        return "missing"
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return "same" if verdict.file_digest and digest.hexdigest() == verdict.file_digest else "different"


def _slow_down(request: HttpRequest) -> None:
    if limited(f"verify:{request.META.get('REMOTE_ADDR', '')}", TRIES, WINDOW):
        raise Refused(_("Too many questions from your network. Please wait ten minutes and try again."), "too_many")


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response


@signed_in
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The valid licences of the person, or of the enterprise they act for."""
    return _private(render(request, "licences/mine.html", {"licences": queries.of_holder(actor_of(request).applicant)}))


@signed_in
@require_safe
def mine_pdf(request: HttpRequest, identifier: str) -> HttpResponse:
    """The PDF, for the holder only."""
    known = queries.licence(identifier)
    if known.holder is None or known.holder != actor_of(request).applicant or not known.document:
        raise NotFound
    return documents.response(known.document, inline=False)


@permitted("licences.read")
@require_safe
def look_up(request: HttpRequest) -> HttpResponse:
    """Licences of the offices that the reader's right reaches, by number or holder."""
    wanted = request.GET.get("q", "").strip()
    page = queries.look_up(actor_of(request), wanted, request.GET.get("after"))
    found = [queries.as_data(row, None) for row in page]
    return _private(render(request, "licences/look_up.html", {"licences": found, "q": wanted, "page": page}))


@permitted("licences.read")
@require_safe
def detail(request: HttpRequest, identifier: str) -> HttpResponse:
    """One licence."""
    known = queries.access_licence(actor_of(request), identifier)
    mine = known.issuer is not None and may(actor_of(request), "licences.revoke", known.issuer)
    revocable = mine and known.status is not Status.REVOKED
    return _private(render(request, "licences/detail.html", {"licence": known, "revocable": revocable}))


@permitted("licences.revoke")
@require_POST
def revoke(request: HttpRequest, identifier: str) -> HttpResponse:
    """Revoke, with a reason; only for licences of one's own office."""
    actor = actor_of(request)
    known = queries.access_licence(actor, identifier)
    if known.issuer is None:
        raise Refused(_("This licence was not issued here; only its issuer can revoke it."))
    require(actor, "licences.revoke", known.issuer)
    try:
        actions.revoke(identifier, request.POST.get("reason", ""), by=actor.by)
    except Invalid as invalid:
        context = {"licence": known, "revocable": True, "error": invalid.errors["reason"]}
        return _private(render(request, "licences/detail.html", context, status=422))
    messages.success(request, _("The licence has been revoked."))
    return redirect("licences:detail", identifier=identifier)
