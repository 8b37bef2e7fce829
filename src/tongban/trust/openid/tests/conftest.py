"""A province with one department's system, people who sign in to it, and a system's side of the flow in a few words."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client as Browser
from jwcrypto import jwk

from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor, OfficeKind, OfficeRow, PersonKind, Right
from tongban.trust.openid import api, signing
from tongban.trust.openid.data import ClientRequest
from tongban.trust.openid.models import Connection

PASSWORD = "brave-Otter-31"
CALLBACK = "https://tax.example.gov.cn/openid/callback"
PEM = jwk.JWK.generate(kty="RSA", size=2048).export_to_pem(private_key=True, password=None)
FIRST = jwk.JWK.from_pem(PEM)


@pytest.fixture(autouse=True)
def quick(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slow hashes and the making of large keys are not what these tests are about."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(signing, "BITS", 2048)
    spare = [FIRST]
    make = jwk.JWK.generate
    monkeypatch.setattr(jwk.JWK, "generate", lambda **how: spare.pop() if spare else make(**how))


@pytest.fixture
def public_site(settings: Any) -> None:
    settings.SITE, settings.ROOT_URLCONF = "public", "tongban.trust.openid.tests.urls_public"
    settings.TONGBAN_ISSUERS = {"public": "http://testserver", "staff": "http://staff.testserver"}


def administrator(name: str, *permissions: str) -> Actor:
    """Somebody with these permissions everywhere."""
    made = identity.create_staff(name, name, password=PASSWORD, second_factor=False)
    for permission in permissions:
        _grant(made.ref, permission)
    rights = tuple(Right(permission, "", True) for permission in permissions)
    return Actor(made.ref, PersonKind.STAFF, name, 3, rights=rights)


def _grant(person: Any, permission: str) -> None:
    role = permission.replace(".", "_")
    identity.define_role(role, "统一认证管理员", [permission], reach="subtree")
    identity.assign_post(person, identity.office_by_code("46").ref, "管理员", [role])


@pytest.fixture
def world(db: None, public_site: None) -> SimpleNamespace:
    """A citizen, a system that works with its secret, and the two who set it up."""
    identity.load_offices([OfficeRow("46", "海南省人民政府", OfficeKind.PROVINCE, "46")])
    asker, approver = administrator("asker", "openid.register"), administrator("approver", "openid.approve")
    citizen = identity.create_citizen(
        "王小明", id_number="460105199003070017", phone="13800000001", password=PASSWORD, username="wang", level=2
    )
    world = SimpleNamespace(asker=asker, approver=approver, citizen=citizen)
    world.system = system_of(world)
    return world


def system_of(world: SimpleNamespace, **changes: Any) -> System:
    """A system that was asked for, approved and given a secret."""
    asked = {
        "title": "个人所得税系统",
        "site": "public",
        "office": identity.office_by_code("46").ref,
        "purpose": "办理个人所得税申报",
        "redirect_uris": (CALLBACK,),
        "scopes": ("profile", "phone", "id_number"),
        "sign_out_uris": ("https://tax.example.gov.cn/",),
    } | changes
    made = api.request_client(world.asker, ClientRequest(**asked))
    api.approve(world.approver, made.ref)
    return System(api.client(world.asker, made.ref), api.new_secret(world.asker, made.ref))


class System:
    """The system's side: what it sends, and what it does with the answer."""

    def __init__(self, client: Any, secret: str) -> None:
        self.client, self.secret = client, secret
        self.verifier = secrets.token_urlsafe(48)
        self.challenge = urlsafe_b64encode(sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        self.http = Browser()

    def asks(self, **changes: Any) -> dict[str, str]:
        """A sound authorisation request; a change to None leaves the parameter out."""
        asked = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid profile",
            "state": "s/ta te+1&",
            "nonce": "n-0S6",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        } | changes
        return {key: value for key, value in asked.items() if value is not None}

    @property
    def basic(self) -> dict[str, str]:
        return {"HTTP_AUTHORIZATION": "Basic " + b64encode(f"{self.client.client_id}:{self.secret}".encode()).decode()}

    def exchange(self, code: str, /, headers: dict[str, str] | None = None, **changes: Any) -> Any:
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifier,
        }
        body = {key: value for key, value in (body | changes).items() if value is not None}
        return self.http.post("/openid/token/", body, **(self.basic if headers is None else headers))

    def refresh(self, token: str, /, headers: dict[str, str] | None = None, **changes: Any) -> Any:
        body = {"grant_type": "refresh_token", "refresh_token": token} | changes
        return self.http.post("/openid/token/", body, **(self.basic if headers is None else headers))

    def userinfo(self, token: str) -> Any:
        return self.http.get("/openid/userinfo/", HTTP_AUTHORIZATION=f"Bearer {token}")


@pytest.fixture
def browser(world: SimpleNamespace) -> Browser:
    """The citizen's browser, signed in."""
    browser = Browser()
    browser.post("/account/sign-in/", {"login": "wang", "password": PASSWORD})
    return browser


def went_back(response: Any) -> dict[str, str]:
    """What the browser carries back to the system's registered address, however it gets there."""
    url = response.headers.get("Location") or response.headers.get("Refresh", "")[len("0;url=") :]
    assert url.startswith(f"{CALLBACK}?"), url or response.status_code
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def agree(browser: Browser, asked: dict[str, str], *ticks: str) -> dict[str, str]:
    """Read the page of consent and agree; gives what goes back to the system."""
    page = browser.get("/openid/authorize/", asked)
    assert page.status_code == 200 and "Location" not in page.headers
    return went_back(browser.post(page.wsgi_request.get_full_path(), {"answer": "yes", "tick": ticks}))


@pytest.fixture
def code(world: SimpleNamespace, browser: Browser) -> str:
    """A fresh code for the system."""
    return agree(browser, world.system.asks())["code"]


@pytest.fixture
def tokens(world: SimpleNamespace, code: str) -> dict[str, Any]:
    """Fresh tokens of the system."""
    response = world.system.exchange(code)
    assert response.status_code == 200, response.content
    return dict(json.loads(response.content))


@pytest.fixture
def nothing_issued(world: SimpleNamespace) -> Callable[[], bool]:
    """Whether nothing that lets anybody in was made: no code, no token, no connection."""
    from oauth2_provider.models import (
        get_access_token_model,
        get_grant_model,
        get_id_token_model,
        get_refresh_token_model,
    )

    tables = [get_grant_model(), get_access_token_model(), get_refresh_token_model(), get_id_token_model(), Connection]
    before = [set(table.objects.values_list("pk", flat=True)) for table in tables]

    def holds() -> bool:
        return all(
            set(table.objects.values_list("pk", flat=True)) <= had for table, had in zip(tables, before, strict=True)
        )

    return holds
