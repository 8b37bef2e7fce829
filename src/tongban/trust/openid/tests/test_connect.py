"""The way in that works: sign in, agree, a code, tokens, claims, refresh, the way out."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client as Browser
from jwcrypto import jwk, jwt

from tongban.trust.identity import api as identity
from tongban.trust.openid import api, connections, signing
from tongban.trust.openid.models import Connection, Consent, SigningKey

from .conftest import PASSWORD, agree, system_of, went_back

pytestmark = pytest.mark.django_db
AUTHORIZE = "/openid/authorize/"


def read(token: str, browser: Browser) -> dict[str, Any]:
    """The claims of an ID token, checked with the published key its header names."""
    published = {key["kid"]: key for key in browser.get("/openid/keys/").json()["keys"]}
    header = json.loads(jwt.JWT(jwt=token).token.objects["protected"])
    key = jwk.JWK(**published[header["kid"]])
    return dict(json.loads(jwt.JWT(key=key, jwt=token, algs=["RS256"]).claims))


def test_discovery_offers_the_code_flow_and_nothing_else(world: SimpleNamespace) -> None:
    offered = Browser().get("/.well-known/openid-configuration").json()
    assert offered["issuer"] == "http://testserver"
    assert offered["response_types_supported"] == ["code"] and offered["code_challenge_methods_supported"] == ["S256"]
    assert offered["grant_types_supported"] == ["authorization_code", "refresh_token"]
    assert offered["id_token_signing_alg_values_supported"] == ["RS256"]


def test_sign_in_agree_and_come_back(world: SimpleNamespace) -> None:
    browser, asked = Browser(), world.system.asks(scope="openid profile id_number")
    to_sign_in = browser.get(AUTHORIZE, asked)
    assert to_sign_in["Location"].startswith("/account/sign-in/?next=%2Fopenid%2Fauthorize%2F")
    back = browser.post(to_sign_in["Location"], {"login": "wang", "password": PASSWORD, "next": _next(to_sign_in)})
    page = browser.get(back["Location"])
    assert "办理个人所得税申报" in page.content.decode() and page.content.decode().count('type="checkbox"') == 1
    came = went_back(browser.post(back["Location"], {"answer": "yes"}))
    assert came["state"] == asked["state"] and came["iss"] == "http://testserver"
    tokens = world.system.exchange(came["code"]).json()
    assert tokens.get("scope") == "openid profile", tokens
    assert tokens["token_type"] == "Bearer"  # not ticked, not told
    assert "id_number" not in world.system.userinfo(tokens["access_token"]).json()


def _next(response: Any) -> str:
    from urllib.parse import parse_qs, urlsplit

    return parse_qs(urlsplit(response["Location"]).query)["next"][0]


def test_id_token_says_who_when_and_how_surely(world: SimpleNamespace, tokens: dict[str, Any]) -> None:
    claims = read(tokens["id_token"], Browser())
    assert claims["iss"] == "http://testserver" and claims["aud"] == world.system.client.client_id
    assert claims["nonce"] == "n-0S6" and claims["acr"] == "urn:tongban:level:2" and claims["amr"] == ["pwd"]
    assert {"at_hash", "auth_time", "sid", "exp", "iat", "jti"} <= set(claims)
    assert not {"name", "id_number", "phone_number"} & set(claims)  # asked for at userinfo, where each answer is noted
    told = world.system.userinfo(tokens["access_token"]).json()
    assert told["sub"] == claims["sub"] and told["name"] == "王小明" and "phone_number" not in told


def test_the_identity_number_needs_a_tick_of_its_own(world: SimpleNamespace, browser: Browser) -> None:
    came = agree(browser, world.system.asks(scope="openid id_number"), "id_number")
    tokens = world.system.exchange(came["code"]).json()
    assert world.system.userinfo(tokens["access_token"]).json()["id_number"] == "460105199003070017"


def test_two_systems_know_one_person_by_two_numbers(world: SimpleNamespace, browser: Browser) -> None:
    other = system_of(world, title="社保系统")
    subs = []
    for system in (world.system, other):
        tokens = system.exchange(agree(browser, system.asks())["code"]).json()
        subs.append(read(tokens["id_token"], browser)["sub"])
    assert len(set(subs)) == 2 and world.citizen.ref.id not in subs


def test_an_agreement_is_remembered_and_taken_back(
    world: SimpleNamespace, browser: Browser, tokens: dict[str, Any]
) -> None:
    again = went_back(browser.get(AUTHORIZE, world.system.asks(prompt="none")))
    assert "code" in again
    sub = Consent.objects.get().sub
    assert "个人所得税系统" in browser.get("/account/systems/").content.decode()
    browser.post(f"/account/systems/{world.system.client.ref.id}/disconnect/")
    assert world.system.userinfo(tokens["access_token"]).status_code == 401
    assert world.system.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert world.system.exchange(again["code"]).json()["error"] == "invalid_grant"
    assert went_back(browser.get(AUTHORIZE, world.system.asks(prompt="none")))["error"] == "consent_required"
    agree(browser, world.system.asks())
    assert Consent.objects.get().sub == sub


def test_refresh_gives_new_tokens_and_ends_the_old(world: SimpleNamespace, tokens: dict[str, Any]) -> None:
    fresh = world.system.refresh(tokens["refresh_token"]).json()
    assert fresh["refresh_token"] != tokens["refresh_token"]
    assert world.system.userinfo(tokens["access_token"]).status_code == 401
    assert world.system.userinfo(fresh["access_token"]).status_code == 200
    assert read(fresh["id_token"], Browser())["sid"] == read(tokens["id_token"], Browser())["sid"]


def test_keys_roll_over_without_a_gap(world: SimpleNamespace, tokens: dict[str, Any]) -> None:
    first = signing.signing_key("public").key_id
    second = signing.rotate("public")
    assert signing.signing_key("public").key_id == first  # known for a day before it signs
    assert {key["kid"] for key in Browser().get("/openid/keys/").json()["keys"]} == {first, second}
    SigningKey.objects.filter(kid=second).update(signs_from=SigningKey.objects.get(kid=first).created_at)
    fresh = world.system.refresh(tokens["refresh_token"]).json()
    assert signing.signing_key("public").key_id == second
    assert read(fresh["id_token"], Browser()) and read(tokens["id_token"], Browser())
    signing.rotate("public", at_once=True)
    assert first not in {key["kid"] for key in Browser().get("/openid/keys/").json()["keys"]}


def test_t40_a_key_nobody_sealed_is_neither_published_nor_used(world: SimpleNamespace) -> None:
    ours = signing.signing_key("public").key_id
    row = SigningKey.objects.get(kid=ours)
    forged = jwk.JWK.generate(kty="RSA", size=2048)
    SigningKey.objects.create(
        kid="forged", site="public", sealed=forged.export_to_pem(True, None), signs_from=row.signs_from
    )
    SigningKey.objects.create(kid="moved", site="public", sealed=row.sealed, signs_from=row.signs_from)
    assert [key["kid"] for key in Browser().get("/openid/keys/").json()["keys"]] == [ours]
    assert b"PRIVATE" not in bytes(row.sealed)


def test_signing_out_here_signs_out_there(
    world: SimpleNamespace, browser: Browser, tokens: dict[str, Any], run_jobs: Any
) -> None:
    browser.post("/account/sign-out/")
    run_jobs()
    assert world.system.userinfo(tokens["access_token"]).status_code == 401
    assert world.system.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert Connection.objects.get().ended_for == "signed_out"


def test_the_system_asks_to_sign_out_and_the_person_decides(
    world: SimpleNamespace, browser: Browser, tokens: dict[str, Any], run_jobs: Any
) -> None:
    asked = {
        "id_token_hint": tokens["id_token"],
        "post_logout_redirect_uri": "https://tax.example.gov.cn/",
        "state": "x",
    }
    page = browser.get("/openid/leave/", asked)
    assert page.status_code == 200 and browser.get("/account/").status_code == 200  # asked, not done
    done = browser.post(page.wsgi_request.get_full_path(), {"answer": "yes"})
    assert done["Refresh"] == "0;url=https://tax.example.gov.cn/?state=x"
    assert browser.get("/account/").status_code == 302
    again = browser.get("/openid/leave/", asked)
    assert again["Location"] == "https://tax.example.gov.cn/?state=x"  # nobody is here any more: nothing to ask


def test_prompt_login_and_max_age_ask_again(world: SimpleNamespace, browser: Browser, tokens: dict[str, Any]) -> None:
    for changes in ({"prompt": "login"}, {"max_age": "0"}):
        asked = world.system.asks(**changes, state=str(changes))
        answer = browser.get(AUTHORIZE, asked)
        assert answer["Location"].startswith("/account/again/?next=")
        assert browser.get(AUTHORIZE, asked)["Location"].startswith("/account/again/")  # no way round
        browser.post("/account/again/", {"password": PASSWORD, "next": _next(answer)})
        assert "code" in went_back(browser.get(AUTHORIZE, asked))
    assert "code" in went_back(browser.get(AUTHORIZE, world.system.asks(max_age="600")))


def test_a_system_may_want_to_know_more_surely(world: SimpleNamespace, browser: Browser) -> None:
    strict = system_of(world, title="不动产登记系统", level=3)
    answer = browser.get(AUTHORIZE, strict.asks())
    assert answer["Location"].startswith("/account/levels/?need=3&next=")
    assert went_back(browser.get(AUTHORIZE, strict.asks(prompt="none")))["error"] == "interaction_required"
    assert not Connection.objects.exists()


def test_staff_systems_know_posts(world: SimpleNamespace, settings: Any) -> None:
    settings.SITE, settings.ROOT_URLCONF = "staff", "tongban.trust.openid.tests.urls_staff"
    system = system_of(world, title="公文系统", site="staff", scopes=("profile", "office"))
    browser = Browser()
    browser.post("/account/sign-in/", {"login": "asker", "password": PASSWORD})
    tokens = system.exchange(agree(browser, system.asks(scope="openid office"))["code"]).json()
    assert read(tokens["id_token"], browser)["iss"] == "http://staff.testserver"
    post = {"title": "管理员", "office": "46", "office_title": "海南省人民政府"}
    assert system.userinfo(tokens["access_token"]).json()["posts"] == [post]


def test_old_connections_are_forgotten(world: SimpleNamespace, tokens: dict[str, Any]) -> None:
    assert connections.forget_old() == 0
    api.end_all(world.citizen.ref, "test")
    Connection.objects.update(ended_at=identity_day())
    assert connections.forget_old() == 1


def identity_day() -> Any:
    from datetime import timedelta

    from tongban.base.kernel.api import now

    return now() - timedelta(days=31)


def test_the_night_keeps_what_lives(world: SimpleNamespace, tokens: dict[str, Any]) -> None:
    from tongban.trust.openid.jobs import tidy

    tidy(0)
    assert world.system.userinfo(tokens["access_token"]).status_code == 200
    assert world.system.refresh(tokens["refresh_token"]).status_code == 200


def test_a_changed_password_ends_every_connection(
    world: SimpleNamespace, tokens: dict[str, Any], run_jobs: Any
) -> None:
    from tongban.trust.identity.people import set_password

    set_password(world.citizen.ref, "other-Otter-32")
    run_jobs()
    assert world.system.userinfo(tokens["access_token"]).status_code == 401
    assert identity.person(world.citizen.ref).active
