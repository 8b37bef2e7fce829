"""The staff pages: one asks, another approves, the secret is shown once (T6)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client as Browser

from tongban.trust.identity import api as identity
from tongban.trust.openid.models import Client

from .conftest import CALLBACK, PASSWORD

pytestmark = pytest.mark.django_db
FORM = {
    "title": "不动产登记系统",
    "office": "46",
    "site": "public",
    "purpose": "办理不动产登记",
    "scopes": ["profile"],
    "level": "3",
    "redirect_uris": CALLBACK,
}


@pytest.fixture
def staff_site(world: SimpleNamespace, settings: Any) -> None:
    settings.SITE, settings.ROOT_URLCONF = "staff", "tongban.trust.openid.tests.urls_staff"


def _enter(name: str) -> Browser:
    browser = Browser()
    browser.post("/account/sign-in/", {"login": name, "password": PASSWORD})
    return browser


def test_t6_a_system_is_set_up_by_two_people(world: SimpleNamespace, staff_site: None) -> None:
    asker, approver = _enter("asker"), _enter("approver")
    page = asker.post("/openid/systems/new/", FORM)["Location"]
    made = Client.objects.get(name="不动产登记系统")
    assert made.level == 3 and made.scopes == ["openid", "profile"] and not made.works
    assert asker.post(f"{page}switch/", {"do": "approve"}).status_code == 403
    assert asker.post(f"{page}switch/", {"do": "secret"}).status_code == 403
    assert not Client.objects.get(pk=made.pk).works
    approver.post(f"{page}switch/", {"do": "approve"})
    shown = asker.post(f"{page}switch/", {"do": "secret"})
    secret = shown.context["secret"]
    assert len(secret) >= 60 and secret not in asker.get(page).content.decode()
    assert secret not in Client.objects.get(pk=made.pk).client_secret  # only its hash is kept
    asker.post(f"{page}switch/", {"do": "disable"})
    assert not Client.objects.get(pk=made.pk).works and "已停用" in asker.get("/openid/systems/").content.decode()


def test_who_has_nothing_to_do_with_it_sees_nothing(world: SimpleNamespace, staff_site: None) -> None:
    identity.create_staff("stranger", "周路人", password=PASSWORD, second_factor=False)
    stranger, page = _enter("stranger"), f"/openid/systems/{world.system.client.ref.id}/"
    for address in ("/openid/systems/", "/openid/systems/new/", page):
        assert stranger.get(address).status_code == 403
    assert stranger.post(f"{page}switch/", {"do": "disable"}).status_code == 403
    assert Client.objects.get(public_id=world.system.client.ref.id).works


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("redirect_uris", "http://evil.example/"),
        ("office", "0"),
        ("scopes", ["office"]),
        ("purpose", ""),
        ("level", "9"),
    ],
)
def test_a_muddled_form_registers_nothing(world: SimpleNamespace, staff_site: None, field: str, value: Any) -> None:
    before = Client.objects.count()
    answer = _enter("asker").post("/openid/systems/new/", FORM | {field: value})
    assert answer.status_code == 422 and field in answer.context["form"].errors
    assert Client.objects.count() == before


def test_a_leaked_key_is_replaced_at_once(world: SimpleNamespace, staff_site: None) -> None:
    before = {key["kid"] for key in Browser().get("/openid/keys/").json()["keys"]}
    assert _enter("asker").post("/openid/systems/keys/").status_code == 403
    assert {key["kid"] for key in Browser().get("/openid/keys/").json()["keys"]} == before
    _enter("approver").post("/openid/systems/keys/")
    after = {key["kid"] for key in Browser().get("/openid/keys/").json()["keys"]}
    assert len(after) == 1 and not after & before
