"""What must not work (T30, T31, T18): each case is refused, and nothing that lets anybody in is made."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client as Browser
from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model

from tongban.base.kernel.api import Invalid, Refused, now, system
from tongban.trust.identity import api as identity
from tongban.trust.openid import api, rows
from tongban.trust.openid.models import Connection, Consent

from .conftest import CALLBACK, agree, system_of, went_back

pytestmark = pytest.mark.django_db
AUTHORIZE = "/openid/authorize/"
Nothing = Callable[[], bool]

REDIRECTS = {
    "suffix": f"{CALLBACK}.evil.example",
    "longer path": f"{CALLBACK}/more",
    "shorter path": CALLBACK.rsplit("/", 1)[0],
    "slash at the end": f"{CALLBACK}/",
    "traversal": f"{CALLBACK}/../../evil",
    "encoded traversal": f"{CALLBACK}/%2e%2e/evil",
    "user": CALLBACK.replace("https://", "https://tax.example.gov.cn@evil.example/"),
    "user of the right host": CALLBACK.replace("https://", "https://evil@"),
    "fragment": f"{CALLBACK}#evil",
    "empty fragment": f"{CALLBACK}#",
    "query": f"{CALLBACK}?next=evil",
    "empty query": f"{CALLBACK}?",
    "path parameter": f"{CALLBACK};evil=1",
    "case of the host": CALLBACK.replace("tax", "TAX"),
    "case of the path": CALLBACK.replace("callback", "Callback"),
    "port": CALLBACK.replace(".cn/", ".cn:444/"),
    "standard port": CALLBACK.replace(".cn/", ".cn:443/"),
    "scheme": CALLBACK.replace("https", "http"),
    "other scheme": "javascript:alert(1)//" + CALLBACK,
    "another host": "https://evil.example/openid/callback",
    "subdomain": CALLBACK.replace("tax.", "evil.tax."),
    "backslash": CALLBACK.replace(".cn/", ".cn\\@evil.example/"),
    "space": f" {CALLBACK}",
    "line break": f"{CALLBACK}\r\nX: y",
    "nothing": "",
}


def test_t30_nobody_is_sent_to_an_address_that_was_not_registered(
    world: SimpleNamespace, browser: Browser, subtests: pytest.Subtests
) -> None:
    agree(browser, world.system.asks())  # also for people who agreed before
    for case, address in REDIRECTS.items():
        with subtests.test(case):
            answer = browser.get(AUTHORIZE, world.system.asks(redirect_uri=address))
            assert answer.status_code == 400 and not {"Location", "Refresh"} & set(answer.headers)
            assert Connection.objects.count() == 1


def test_t30_a_parameter_given_twice_is_no_request(
    world: SimpleNamespace, browser: Browser, nothing_issued: Nothing, subtests: pytest.Subtests
) -> None:
    for name in ("client_id", "redirect_uri", "scope", "state", "code_challenge", "response_type"):
        with subtests.test(name):
            twice = f"{urlencode(world.system.asks())}&{urlencode({name: 'https://evil.example/'})}"
            answer = browser.get(f"{AUTHORIZE}?{twice}")
            assert answer.status_code == 400 and "Location" not in answer.headers and nothing_issued()


REQUESTS: dict[str, tuple[dict[str, Any], str]] = {
    "implicit token": ({"response_type": "token"}, "unsupported_response_type"),
    "implicit id_token": ({"response_type": "id_token"}, "unsupported_response_type"),
    "hybrid": ({"response_type": "code id_token"}, "unsupported_response_type"),
    "none": ({"response_type": "none"}, "unsupported_response_type"),
    "no response type": ({"response_type": None}, "unsupported_response_type"),
    "fragment mode": ({"response_mode": "fragment"}, "invalid_request"),
    "no PKCE": ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    "PKCE without method": ({"code_challenge_method": None}, "invalid_request"),
    "PKCE plain": ({"code_challenge_method": "plain"}, "invalid_request"),
    "PKCE in lower case": ({"code_challenge_method": "s256"}, "invalid_request"),
    "PKCE too short": ({"code_challenge": "abc"}, "invalid_request"),
    "request object": ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
    "request by address": ({"request_uri": "https://evil.example/r"}, "request_uri_not_supported"),
    "registration": ({"registration": "{}"}, "registration_not_supported"),
    "no openid": ({"scope": "profile"}, "invalid_scope"),
    "no scope": ({"scope": None}, "invalid_scope"),
    "scope of others": ({"scope": "openid office"}, "invalid_scope"),
    "unknown scope": ({"scope": "openid everything"}, "invalid_scope"),
    "prompt none and login": ({"prompt": "none login"}, "invalid_request"),
    "unknown prompt": ({"prompt": "create"}, "invalid_request"),
    "max_age in words": ({"max_age": "-1"}, "invalid_request"),
    "resource": ({"resource": "https://evil.example/"}, "invalid_request"),
}


def test_t31_a_request_out_of_the_agreed_way_is_told_back(
    world: SimpleNamespace, browser: Browser, nothing_issued: Nothing, subtests: pytest.Subtests
) -> None:
    for case, (changes, error) in REQUESTS.items():
        with subtests.test(case):
            asked = world.system.asks(**changes)
            told = went_back(browser.get(AUTHORIZE, asked))
            assert told == {"error": error, "state": asked["state"], "iss": "http://testserver"} and nothing_issued()


def test_t31_prompt_none_never_shows_a_page(world: SimpleNamespace, browser: Browser, nothing_issued: Nothing) -> None:
    silent = world.system.asks(prompt="none")
    assert went_back(Browser().get(AUTHORIZE, silent))["error"] == "login_required"
    assert went_back(browser.get(AUTHORIZE, silent))["error"] == "consent_required"
    with system():
        api.end_all(world.citizen.ref, "test")
    aged = world.system.asks(prompt="none", max_age="0")
    assert went_back(browser.get(AUTHORIZE, aged))["error"] == "login_required" and nothing_issued()


@pytest.mark.parametrize("case", ["unknown", "not approved", "disabled", "of the other site"])
def test_t31_a_system_that_does_not_work_gets_nothing(
    world: SimpleNamespace, browser: Browser, nothing_issued: Nothing, case: str, code: str
) -> None:
    the_system = world.system
    if case == "unknown":
        the_system.client = SimpleNamespace(client_id="0" * 40)
    elif case == "not approved":
        with system():
            type(Consent.objects.get().client).objects.update(approved_at=None)
    elif case == "disabled":
        api.disable(world.asker, the_system.client.ref)
    else:
        with system():
            type(Consent.objects.get().client).objects.update(site="staff")
    before = get_access_token_model().objects.count()
    assert browser.get(AUTHORIZE, the_system.asks()).status_code == 400
    assert the_system.exchange(code).status_code == 401
    assert get_access_token_model().objects.count() == before


def test_t18_agreeing_needs_the_page_of_this_site(world: SimpleNamespace, nothing_issued: Nothing) -> None:
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(_account(world))
    address = f"{AUTHORIZE}?{urlencode(world.system.asks())}"
    assert strict.post(address, {"answer": "yes"}).status_code == 403
    assert strict.post("/account/systems/x/disconnect/").status_code == 403
    assert nothing_issued() and not Consent.objects.exists()


def _account(world: SimpleNamespace) -> Any:
    from django.contrib.auth import get_user_model

    with system():
        return get_user_model().objects.get(username="wang")


def test_t31_what_is_posted_beside_the_request_changes_nothing(world: SimpleNamespace, browser: Browser) -> None:
    address = f"{AUTHORIZE}?{urlencode(world.system.asks(scope='openid'))}"
    posted = {
        "answer": "yes",
        "scope": "openid id_number",
        "tick": "id_number",
        "redirect_uri": "https://evil.example/",
    }
    tokens = world.system.exchange(went_back(browser.post(address, posted))["code"]).json()
    assert tokens["scope"] == "openid"


def test_t31_refusing_tells_the_system_and_nothing_else(
    world: SimpleNamespace, browser: Browser, nothing_issued: Nothing
) -> None:
    address = f"{AUTHORIZE}?{urlencode(world.system.asks())}"
    told = went_back(browser.post(address, {"answer": "no"}))
    assert told["error"] == "access_denied" and "code" not in told and nothing_issued()
    assert not Consent.objects.exists()


EXCHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "no verifier": ({"code_verifier": None}, "invalid_request"),
    "wrong verifier": ({"code_verifier": "w" * 43}, "invalid_grant"),
    "verifier is the challenge": ({"code_verifier": "challenge"}, "invalid_grant"),
    "another address": ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
    "no address": ({"redirect_uri": None}, "invalid_request"),
    "unknown code": ({"code": "x" * 30}, "invalid_grant"),
    "no code": ({"code": None}, "invalid_request"),
    "password": (
        {"grant_type": "password", "username": "wang", "password": "brave-Otter-31"},
        "unsupported_grant_type",
    ),
    "client credentials": ({"grant_type": "client_credentials", "scope": "openid"}, "unsupported_grant_type"),
    "device code": ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, "unsupported_grant_type"),
    "jwt bearer": ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}, "unsupported_grant_type"),
    "no grant type": ({"grant_type": None}, "unsupported_grant_type"),
    "resource": ({"resource": "https://evil.example/"}, "invalid_target"),
    "both ways to authenticate": ({"client_secret": "secret"}, "invalid_request"),
    "named another client": ({"client_id": "somebody"}, "invalid_request"),
    "a zero byte": ({"code_verifier": "a\x00"}, "invalid_request"),
}


def test_t31_a_code_is_not_exchanged(world: SimpleNamespace, code: str, subtests: pytest.Subtests) -> None:
    for case, (changes, error) in EXCHANGES.items():
        with subtests.test(case):
            if changes.get("code_verifier") == "challenge":
                changes = {"code_verifier": world.system.challenge}
            answer = world.system.exchange(code, **changes)
            assert answer.status_code in (400, 401) and answer.json()["error"] == error
            assert _no_tokens()


def _no_tokens() -> bool:
    with system():
        return not get_access_token_model().objects.exists() and not get_refresh_token_model().objects.exists()


def test_t31_only_the_system_itself_exchanges_its_code(
    world: SimpleNamespace, code: str, subtests: pytest.Subtests
) -> None:
    mine, other = world.system, system_of(world, title="社保系统")
    named = {"client_id": mine.client.client_id}
    wrong = "Basic " + base64.b64encode(f"{mine.client.client_id}:wrong".encode()).decode()
    cases: dict[str, tuple[dict[str, str], dict[str, str]]] = {
        "wrong secret": ({"HTTP_AUTHORIZATION": wrong}, {}),
        "none": ({}, named),
        "another system's": (other.basic, {}),
        "empty": ({}, named | {"client_secret": ""}),
        "not base64": ({"HTTP_AUTHORIZATION": "Basic ***"}, {}),
        "in the body, wrong": ({}, named | {"client_secret": "wrong"}),
        "the stored hash": ({}, named | {"client_secret": rows.digest(mine.secret)}),
    }
    for case, (headers, body) in cases.items():
        with subtests.test(case):
            answer = mine.exchange(code, headers=headers, **body)
            assert answer.status_code in (400, 401) and answer.json()["error"] in ("invalid_client", "invalid_grant")
            assert _no_tokens()
    assert mine.exchange(code).status_code == 200  # and the owner loses nothing by it


def test_t31_a_replayed_code_ends_what_it_gave(world: SimpleNamespace, code: str) -> None:
    tokens = world.system.exchange(code).json()
    assert world.system.exchange(code).json() == {"error": "invalid_grant"}
    assert world.system.userinfo(tokens["access_token"]).status_code == 401
    assert world.system.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    with system():
        assert Connection.objects.get().ended_for == "code_replayed" and not get_access_token_model().objects.exists()


def test_t31_a_code_lives_a_minute(world: SimpleNamespace, code: str) -> None:
    with system():
        get_grant_model().objects.update(expires=now() - timedelta(seconds=1))
    assert world.system.exchange(code).json()["error"] == "invalid_grant"


def test_t31_a_stolen_refresh_token_ends_the_family(world: SimpleNamespace, tokens: dict[str, Any]) -> None:
    stolen = tokens["refresh_token"]
    fresh = world.system.refresh(stolen).json()
    assert world.system.refresh(stolen).json()["error"] == "invalid_grant"  # the thief, or the one stolen from
    assert world.system.refresh(fresh["refresh_token"]).json()["error"] == "invalid_grant"
    assert world.system.userinfo(fresh["access_token"]).status_code == 401
    with system():
        assert Connection.objects.get().ended_for == "refresh_replayed"
        assert not get_refresh_token_model().objects.filter(revoked=None).exists()


def test_t31_a_refresh_token_is_one_systems_own(world: SimpleNamespace, tokens: dict[str, Any]) -> None:
    other = system_of(world, title="社保系统")
    assert other.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert world.system.refresh(tokens["refresh_token"], headers={}).status_code == 401
    assert world.system.refresh(tokens["refresh_token"]).status_code == 200


def test_t31_no_more_scope_at_refresh(
    world: SimpleNamespace, tokens: dict[str, Any], subtests: pytest.Subtests
) -> None:
    for scope in ("openid profile id_number", "openid phone", "everything"):
        with subtests.test(scope):
            assert world.system.refresh(tokens["refresh_token"], scope=scope).json()["error"] == "invalid_scope"
            with system():
                assert get_access_token_model().objects.count() == 1


def test_t31_t17_a_disabled_person_is_nobody_at_once(world: SimpleNamespace, tokens: dict[str, Any]) -> None:
    with system():
        identity.disable(world.citizen.ref)
    assert world.system.userinfo(tokens["access_token"]).status_code == 401  # before any job has run
    assert world.system.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_t31_a_disabled_system_loses_everything(world: SimpleNamespace, tokens: dict[str, Any]) -> None:
    api.disable(world.asker, world.system.client.ref)
    assert world.system.userinfo(tokens["access_token"]).status_code == 401
    assert world.system.refresh(tokens["refresh_token"]).status_code == 401
    with system():
        assert Connection.objects.get().ended_for == "client"


def test_t31_claims_only_for_an_access_token_in_the_header(
    world: SimpleNamespace, tokens: dict[str, Any], subtests: pytest.Subtests
) -> None:
    http, address, mine = Browser(), "/openid/userinfo/", {"access_token": tokens["access_token"]}
    cases = {
        "in the address": lambda: http.get(address, mine),
        "in the body": lambda: http.post(address, mine),
        "none": lambda: http.get(address),
        "a client's own": lambda: http.get(address, **world.system.basic),
        "refresh token": lambda: world.system.userinfo(tokens["refresh_token"]),
        "ID token": lambda: world.system.userinfo(tokens["id_token"]),
        "unknown": lambda: world.system.userinfo("x" * 30),
    }
    for case, asked in cases.items():
        with subtests.test(case):
            answer = asked()
            assert answer.status_code in (400, 401) and "sub" not in answer.json()


def test_t31_an_access_token_is_looked_into_by_its_own_system_only(
    world: SimpleNamespace, tokens: dict[str, Any]
) -> None:
    other, address = system_of(world, title="社保系统"), "/openid/introspect/"
    ask = {"token": tokens["access_token"]}
    assert Browser().post(address, ask, **world.system.basic).json()["active"] is True
    assert Browser().post(address, ask, **other.basic).json() == {"active": False}
    assert Browser().post(address, ask).status_code == 401
    assert Browser().post("/openid/revoke/", ask, **other.basic).status_code == 200
    assert world.system.userinfo(tokens["access_token"]).status_code == 200  # another cannot give it up
    Browser().post("/openid/revoke/", ask, **world.system.basic)
    assert world.system.userinfo(tokens["access_token"]).status_code == 401
    assert Browser().post(address, ask, **world.system.basic).json() == {"active": False}


UNSOUND = [
    "http://tax.example.gov.cn/cb",
    "https://*.gov.cn/cb",
    "https://a@tax.gov.cn/",
    "https://tax.gov.cn/#x",
    "/cb",
    "https://tax.gov.cn/a/../b",
    "https://tax.gov.cn/%2e%2e/",
    "javascript:alert(1)",
    "https://TAX.gov.cn/",
    "https://tax.gov.cn\\@evil.example/",
]


def test_t30_such_addresses_cannot_be_registered(world: SimpleNamespace, subtests: pytest.Subtests) -> None:
    for address in UNSOUND:
        with subtests.test(address):
            with pytest.raises(Invalid) as refused:
                system_of(world, redirect_uris=(address,))
            assert "redirect_uris" in refused.value.errors


def test_t6_two_people_set_a_system_up(world: SimpleNamespace) -> None:
    from django.db import IntegrityError, transaction

    from tongban.trust.openid.data import ClientRequest
    from tongban.trust.openid.models import Client

    asked = ClientRequest("x", "public", identity.office_by_code("46").ref, "y", (CALLBACK,))
    made = api.request_client(world.asker, asked)
    both = type(world.asker)(**{**_fields(world.asker), "rights": world.asker.rights + world.approver.rights})
    with pytest.raises(Refused):
        api.approve(both, made.ref)
    with pytest.raises(Refused):
        api.new_secret(world.asker, made.ref)
    with pytest.raises(IntegrityError), transaction.atomic(), system():
        Client.objects.filter(public_id=made.ref.id).update(approved_by=str(world.asker.person))
    with system():
        assert Client.objects.get(public_id=made.ref.id).approved_at is None


def _fields(actor: Any) -> dict[str, Any]:
    return {name: getattr(actor, name) for name in type(actor).__dataclass_fields__}


def test_t45_tokens_of_others_are_not_visible(world: SimpleNamespace, tokens: dict[str, Any]) -> None:
    """As the role of the public process, with nobody signed in and no token shown."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE tongban_public")
        for name in ("person_id", "system", "openid_client", "openid_token"):  # they end with a request's transaction
            rows._set(f"tongban.{name}", "")
        for table in (Connection, Consent, get_access_token_model(), get_refresh_token_model(), get_grant_model()):
            assert not table.objects.exists(), table
        rows.show_token(tokens["access_token"])
        assert get_access_token_model().objects.count() == 1 and not get_refresh_token_model().objects.exists()
