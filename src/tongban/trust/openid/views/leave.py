"""A system signs somebody out here too (OpenID Connect RP-Initiated Logout 1.0). Nobody is signed out unasked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from jwcrypto import jwt
from jwcrypto.common import JWException

from tongban.trust.identity.api import public

from ..asking import Fatal
from ..issuers import here, issuer
from ..models import Client
from ..validator import Validator
from .authorize import lead_on


@dataclass(frozen=True)
class Leaving:
    """Which system asks, and where to go afterwards; both empty where nothing sound was given."""

    client: Client | None
    url: str


@public
@never_cache
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """Ask, sign out, go back to an address registered for this."""
    try:
        leaving = read(request)
    except Fatal:
        return render(request, "openid/wrong.html", status=400)
    if not request.user.is_authenticated:
        return HttpResponseRedirect(leaving.url or "/")
    if request.method == "POST":
        if request.POST.get("answer") != "yes":
            return HttpResponseRedirect("/")
        get_adapter().logout(request)
        return lead_on(request, leaving.url or "/")
    return render(request, "openid/sign_out.html", {"client": leaving.client, "action": request.get_full_path()})


def read(request: HttpRequest) -> Leaving:
    """The request in the address; `Fatal` for a hint that is not ours or an address that was not registered."""
    given = request.GET
    if any(len(values) > 1 for _name, values in given.lists()):
        raise Fatal
    named = given.get("client_id", "")
    if hint := given.get("id_token_hint"):
        audience = hinted(hint)
        if audience is None or (named and named != audience):
            raise Fatal
        named = audience
    client = Client.objects.filter(client_id=named).first() if named else None
    target = given.get("post_logout_redirect_uri", "")
    if not target:
        return Leaving(client, "")
    if client is None or not client.is_usable(request) or not client.post_logout_redirect_uri_allowed(target):
        raise Fatal
    state = given.get("state", "")
    return Leaving(client, target + (("&" if "?" in target else "?") + urlencode({"state": state}) if state else ""))


def hinted(token: str) -> str | None:
    """The system an ID token of ours was made for, also when it has run out; None if we did not sign it."""
    key = Validator()._get_key_for_token(token)
    if key is None:
        return None
    try:
        claims: dict[str, Any] = json.loads(jwt.JWT(key=key, jwt=token, check_claims={}, algs=["RS256"]).claims)
    except (JWException, ValueError):
        return None
    return str(claims.get("aud")) if claims.get("iss") == issuer(here()) and "events" not in claims else None
