"""Signing in with a certificate: a signed challenge, or mutual TLS seen by the proxy in front."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.kernel.api import NotFound, Ref, Refused, now, system

from .. import levels
from ..codes import TOO_MANY
from ..forms import SignatureForm
from ..limits import limited, network
from ..methods import SignInMethod, sign_in_methods
from ..models import Person
from ..policies import public
from ..redirects import local_path
from ..signin import site_kind

METHOD, ASKED = "certificate", "certificate_challenge"
MINUTES = 5
WRONG = _("The signature does not fit this challenge, or the certificate is not valid here.")


def method() -> SignInMethod:
    """The registered method; `NotFound` in an installation without certificates."""
    if METHOD not in sign_in_methods:
        raise NotFound()
    return sign_in_methods.get(METHOD)


@public
@never_cache
@require_http_methods(["GET", "POST"])
def certificate(request: HttpRequest) -> HttpResponse:
    """Show a challenge, take its signature. A challenge is good for one answer within five minutes."""
    known, form = method(), SignatureForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if limited(f"certificate:{network(request)}", 20, 600):
            raise Refused(TOO_MANY, code="too_many")
        challenge = _asked(request)
        if form.is_valid():
            person = known.answered(challenge, *form.signed()) if challenge else None
            if person is not None and (answer := _enter(request, person, known)) is not None:
                return answer
            form.add_error(None, str(WRONG))
    challenge = known.challenge()
    request.session[ASKED] = [challenge, now().isoformat()]
    context = {"form": form, "challenge": challenge, "next": _next(request), "tls": _tls(request)}
    return render(request, "identity/certificate.html", context, status=422 if form.errors else 200)


def _asked(request: HttpRequest) -> str:
    """The challenge of this session, once."""
    kept: list[Any] = request.session.pop(ASKED, None) or ["", ""]
    fresh = kept[1] and now() - datetime.fromisoformat(kept[1]) < timedelta(minutes=MINUTES)
    return str(kept[0]) if fresh else ""


@public
@never_cache
@require_safe
def challenge_file(request: HttpRequest) -> HttpResponse:
    """The challenge as a file, for the tool that signs it."""
    kept: list[Any] = request.session.get(ASKED) or [""]
    if not kept[0]:
        raise NotFound()
    headers = {"Content-Disposition": 'attachment; filename="challenge.txt"'}
    return HttpResponse(str(kept[0]).encode(), content_type="text/plain; charset=utf-8", headers=headers)


@public
@never_cache
@require_http_methods(["POST"])
def certificate_tls(request: HttpRequest) -> HttpResponse:
    """Sign in with the certificate the browser has shown to the proxy."""
    shown = _tls(request)
    person = method().presented(shown) if shown else None
    if person is not None and (answer := _enter(request, person, method())) is not None:
        return answer
    raise Refused(WRONG, code="certificate")


def _tls(request: HttpRequest) -> bytes:
    """The client certificate the proxy has verified: only where it is configured, and only from the proxy itself.

    The proxy must set or clear both headers on every request (deploy/nginx). Behind a proxy `REMOTE_ADDR` is the
    visitor's word passed on; who really connected is kept by the web process as `tongban.peer`.
    """
    peer = request.META.get("tongban.peer", request.META.get("REMOTE_ADDR"))
    if peer not in settings.TONGBAN_TLS_PROXIES or request.headers.get("X-Client-Verify") != "SUCCESS":
        return b""
    return unquote(request.headers.get("X-Client-Certificate", "")).encode()


def _enter(request: HttpRequest, person: Ref, known: SignInMethod) -> HttpResponse | None:
    """Sign them in if their open account is one of this site; a certificate is both steps at once."""
    with system():
        row = Person.objects.filter(public_id=person.id, kind=site_kind(), is_active=True).first()
        if row is None:
            return None
        levels.prove(person, known.level)
        record_authentication(request, row, method=METHOD)
        answer: HttpResponse = perform_login(request, Login(user=row, redirect_url=_next(request)))
    return answer if isinstance(answer, HttpResponseRedirect) else redirect("/")


def _next(request: HttpRequest) -> str:
    return local_path(request.POST.get("next") or request.GET.get("next"))
