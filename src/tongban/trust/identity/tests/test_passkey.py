"""A passkey made and used in a real browser, with a virtual authenticator (WebAuthn, TRUST-04)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tongban.base.kernel.api import system

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(chromium: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A page of a browser whose device can hold passkeys; the device says yes to everything."""
    from playwright.sync_api import sync_playwright

    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        page = browser.new_page()
        page.set_default_timeout(10_000)
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield page
        browser.close()


def test_a_passkey_opens_the_account_on_its_own_site_only(
    people: SimpleNamespace, public_site: str, live_server: Any, page: Any, settings: Any
) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)

    def go(path: str) -> None:
        page.goto(f"{live_server.url}{path}")

    def password() -> None:
        page.fill("[name=login]", "wang")
        page.fill("[name=password]", PASSWORD)
        page.click("form:has([name=password]) button[type=submit]")

    go("/account/sign-in/?next=/account/passkeys/new/")
    password()
    page.fill("[name=password]", PASSWORD)  # once more, before something that matters
    page.click("form:has([name=password]) button[type=submit]")
    page.wait_for_url(f"{live_server.url}/account/passkeys/new/")
    page.click("#passkey_button")
    page.wait_for_url("**/account/factors/recovery/")
    page.context.clear_cookies()

    go("/account/sign-in/?next=/account/levels/")
    page.click("#passkey_button")  # alone, instead of the password
    page.wait_for_url(f"{live_server.url}/account/levels/")
    page.context.clear_cookies()

    go("/account/sign-in/")
    password()
    page.wait_for_url("**/account/factor/**")  # or after it, as the second step
    with page.expect_navigation():
        page.click("#passkey_button")
    go("/account/")
    assert page.url == f"{live_server.url}/account/"
    page.context.clear_cookies()

    settings.SITE, settings.ROOT_URLCONF = "staff", "tongban.trust.identity.urls_staff"
    go("/account/sign-in/")
    with page.expect_navigation():
        page.click("#passkey_button")
    go("/account/")
    assert "/account/sign-in/" in page.url  # R21: a citizen's key is nothing among staff
    assert [line for line in said if "Content Security Policy" in line or "TypeError" in line] == []


def test_staff_may_take_a_passkey_as_their_second_factor(people: SimpleNamespace, staff_site: str) -> None:
    from allauth.mfa.models import Authenticator
    from django.test import Client

    from tongban.trust.identity import models

    with system():
        person = models.Person.objects.get(username="clerk")
        models.Person.objects.filter(pk=person.pk).update(second_factor=True)
    client = Client()
    client.post("/account/sign-in/", {"login": "clerk", "password": PASSWORD})
    assert client.get("/offices/")["Location"] == "/account/factors/app/"
    assert "/account/passkeys/new/" in _followed(client)
    with system():
        Authenticator.objects.create(
            user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "x", "credential": {}}
        )
    assert client.get("/offices/").status_code == 200


def _followed(client: Any) -> str:
    client.post("/account/again/", {"password": PASSWORD, "next": "/account/factors/app/"})
    return str(client.get("/account/factors/app/").content.decode())
