"""An authorisation request, read and judged before anybody is asked anything (OpenID Connect Core 1.0, 3.1.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.views.mixins import OAuthLibMixin

from .issuers import here, issuer
from .models import Client

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
PROMPTS = frozenset({"none", "login", "consent", "select_account"})


class Fatal(Exception):
    """Nobody can be told but the person: the system or its address is not what it says (T30)."""


class Back(Exception):
    """The system is told this error at its own registered address."""

    def __init__(self, asked: Asked, error: str) -> None:
        super().__init__(error)
        self.url = asked.answer(error=error)


@dataclass(frozen=True)
class Asked:
    """A sound request: a system that works, at one of its addresses, with PKCE, for things it may ask."""

    client: Client
    redirect_uri: str
    state: str
    scopes: tuple[str, ...]
    prompt: frozenset[str]
    max_age: int | None
    credentials: dict[str, Any]

    def answer(self, **parameters: str) -> str:
        """The address to go back to, with the state untouched and the issuer named (RFC 9207)."""
        told = parameters | ({"state": self.state} if self.state else {}) | {"iss": issuer(here())}
        return f"{self.redirect_uri}{'&' if urlsplit(self.redirect_uri).query else '?'}{urlencode(told)}"


def core() -> Any:
    """The toolkit's door to oauthlib."""
    return OAuthLibMixin.get_oauthlib_core()


def read(request: HttpRequest) -> Asked:
    """The request in the address. `Fatal` where nobody may be sent back, `Back` where the system is told.

    Everything is read from the query alone, also when the person's answer is posted, and each parameter once.
    """
    given = request.GET
    if any(len(values) > 1 for _name, values in given.lists()) or not given.get("redirect_uri"):
        raise Fatal
    client = Client.objects.select_related("office").filter(client_id=given.get("client_id", "")).first()
    uri = given["redirect_uri"]
    if client is None or not client.is_usable(request) or not client.redirect_uri_allowed(uri):
        raise Fatal
    prompt = frozenset(given.get("prompt", "").split())
    age = given.get("max_age", "")
    asked = Asked(
        client=client,
        redirect_uri=uri,
        state=given.get("state", ""),
        scopes=tuple(dict.fromkeys(given.get("scope", "").split())),
        prompt=prompt,
        max_age=int(age) if age.isascii() and age.isdigit() and len(age) < 10 else None,
        credentials={},
    )
    if error := _error(given, asked):
        raise Back(asked, error)
    try:
        _scopes, credentials = core().validate_authorization_request(_read_only(request))
    except FatalClientError:
        raise Fatal from None
    except OAuthToolkitError as wrong:
        raise Back(asked, str(wrong.oauthlib_error.error)) from None
    credentials.pop("request", None)
    asked.credentials.update(credentials, redirect_uri=uri)
    return asked


def _error(given: Any, asked: Asked) -> str:
    """What oauthlib leaves to the provider."""
    if "request" in given:
        return "request_not_supported"
    if "request_uri" in given:
        return "request_uri_not_supported"
    if "registration" in given:
        return "registration_not_supported"
    if given.get("response_type") != "code":
        return "unsupported_response_type"
    if given.get("response_mode", "query") != "query" or "resource" in given:
        return "invalid_request"
    if given.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(given.get("code_challenge", "")):
        return "invalid_request"
    if "openid" not in asked.scopes or not set(asked.scopes) <= set(asked.client.scopes):
        return "invalid_scope"
    if not asked.prompt <= PROMPTS or ("none" in asked.prompt and len(asked.prompt) > 1):
        return "invalid_request"
    if given.get("max_age", "") and asked.max_age is None:
        return "invalid_request"
    if len(given.get("nonce", "")) > 255 or len(asked.state) > 1000 or "\x00" in "".join(given.values()):
        return "invalid_request"
    return ""


def _read_only(request: HttpRequest) -> HttpRequest:
    """The same address as a GET: what is posted beside it never becomes part of the request."""
    plain = HttpRequest()
    plain.method, plain.path, plain.path_info = "GET", request.path, request.path_info
    plain.META = {key: value for key, value in request.META.items() if isinstance(value, str)}
    plain.GET = request.GET
    return plain
