"""The addresses systems call themselves: discovery, keys, tokens, claims, revocation, introspection."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import unquote_plus

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe
from oauth2_provider.models import get_access_token_model, get_refresh_token_model
from oauth2_provider.utils import parse_bearer_token

from tongban.trust.identity.api import limited, public

from .. import connections
from ..asking import PROMPTS, core
from ..data import ACR
from ..issuers import here, issuer
from ..rows import digest, show_client, show_token
from ..scopes import OF_SITE
from ..signing import public_keys

View = Callable[[HttpRequest], HttpResponse]


@public
@require_safe
def discovery(request: HttpRequest) -> HttpResponse:
    """What this issuer offers, and not a word more (OpenID Connect Discovery 1.0)."""
    mine = issuer(here())

    def at(name: str) -> str:
        return mine + reverse(f"openid:{name}")

    offered = {
        "issuer": mine,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at("keys"),
        "revocation_endpoint": at("revoke"),
        "introspection_endpoint": at("introspect"),
        "end_session_endpoint": at("leave"),
        "scopes_supported": OF_SITE[here()],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": sorted(PROMPTS),
        "acr_values_supported": [ACR.format(level) for level in range(5)],
        "claims_supported": [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "at_hash",
            "acr",
            "amr",
            "sid",
            "name",
        ],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }
    return JsonResponse(offered, headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=3600"})


@public
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """The public halves of the keys that signed, sign, or will sign (RFC 7517)."""
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=3600"}
    return JsonResponse({"keys": public_keys(here())}, headers=headers)


def from_system(view: View) -> View:
    """An address for programs: one transaction, each parameter once, one way to authenticate.

    No browser carries a session here, so there is nothing a forged form could use (T18).
    """

    @wraps(view)
    def called(request: HttpRequest) -> HttpResponse:
        if limited(f"openid:{request.META.get('REMOTE_ADDR', '')}", 1200, 60):
            return _wrong("temporarily_unavailable", 429)
        if _muddled(request):
            return _wrong("invalid_request")
        with transaction.atomic():
            return view(request)

    return called


def _muddled(request: HttpRequest) -> bool:
    """Parameters given twice or in the address, or two ways to authenticate: nobody can say what is meant."""
    given = request.POST
    if request.GET or any(len(values) > 1 or "\x00" in values[0] for _name, values in given.lists()):
        return True
    basic = _basic(request)
    return basic is not None and ("client_secret" in given or given.get("client_id", basic) != basic)


def _basic(request: HttpRequest) -> str | None:
    """The client that HTTP Basic names; empty where it names none, None without such a header."""
    kind, _space, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        return unquote_plus(b64decode(value, validate=True).decode().partition(":")[0])
    except (NotBase64, UnicodeDecodeError, ValueError):
        return ""


def _wrong(error: str, status: int = 400) -> JsonResponse:
    return JsonResponse({"error": error}, status=status)


def _answer(made: Any) -> HttpResponse:
    _uri, headers, body, status = made
    response = HttpResponse(body or "", status=status, content_type="application/json")
    for name, value in (headers or {}).items():
        response[name] = value
    return response


@public
@csrf_exempt
@never_cache
@require_POST
@from_system
@sensitive_post_parameters("client_secret", "code", "code_verifier", "refresh_token")
def token(request: HttpRequest) -> HttpResponse:
    """A code, or a refresh token, for tokens (RFC 6749, RFC 7636). A refusal that ends a connection is kept."""
    if request.POST.get("grant_type") not in ("authorization_code", "refresh_token"):
        return _wrong("unsupported_grant_type")
    if "resource" in request.POST:
        return _wrong("invalid_target")
    if request.POST["grant_type"] == "authorization_code" and not request.POST.get("redirect_uri"):
        return _wrong("invalid_request")
    return _answer(core().create_token_response(request))


@public
@csrf_exempt
@never_cache
@require_POST
@from_system
def revoke(request: HttpRequest) -> HttpResponse:
    """A system gives up a token of its own, and with it everything of that connection (RFC 7009)."""
    if not core().authenticate_client(request):
        return _unauthenticated()
    checksum, client = digest(request.POST.get("token", "")), request.POST.get("client_id") or _basic(request)
    rows = get_refresh_token_model().objects.select_related("application")
    for column in ("token_checksum", "access_token__token_checksum"):
        for row in rows.filter(**{column: checksum, "application__client_id": client}):
            if connection := connections.of_family(row.token_family):
                connections.end(connection, "client_revoked")
    return HttpResponse(status=200)


@public
@csrf_exempt
@never_cache
@require_POST
@from_system
def introspect(request: HttpRequest) -> HttpResponse:
    """Whether an access token lives (RFC 7662): only of a system's own; another's is as good as none."""
    if not core().authenticate_client(request):
        return _unauthenticated()
    checksum, client = digest(request.POST.get("token", "")), request.POST.get("client_id") or _basic(request)
    found = get_access_token_model().objects.filter(token_checksum=checksum, application__client_id=client).first()
    family = get_refresh_token_model().objects.filter(access_token=found).first() if found else None
    connection = connections.of_family(family.token_family) if family else None
    if found is None or connection is None or found.is_expired() or not connections.live(connection):
        return JsonResponse({"active": False})
    told = {"active": True, "scope": found.scope, "client_id": client, "sub": connection.consent.sub}
    return JsonResponse(told | {"iss": issuer(here()), "exp": int(found.expires.timestamp()), "token_type": "Bearer"})


def _unauthenticated() -> HttpResponse:
    response = _wrong("invalid_client", 401)
    response["WWW-Authenticate"] = "Basic"
    return response


@public
@csrf_exempt
@never_cache
@from_system
@sensitive_variables("token")
def userinfo(request: HttpRequest) -> HttpResponse:
    """The claims of a live access token, carried in the header alone (RFC 6750)."""
    token = parse_bearer_token(request.headers.get("Authorization", ""))
    if token is None or request.method not in ("GET", "POST") or request.POST:
        response = _wrong("invalid_token", 401)
        response["WWW-Authenticate"] = "Bearer"
        return response
    show_token(token)
    row = get_access_token_model().objects.filter(token_checksum=digest(token)).only("application_id").first()
    if row is not None and row.application_id:
        show_client(row.application_id)  # the toolkit reads the token's client and person with it
    answer = _answer(core().create_userinfo_response(request))
    if answer.status_code == 200:
        answer.content = json.dumps(json.loads(answer.content), ensure_ascii=False).encode()
    return answer
