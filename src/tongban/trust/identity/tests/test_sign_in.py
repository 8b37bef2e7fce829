"""Sign-in, sign-out, sessions (T14, T16, T17, T18, T30)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.hashers import identify_hasher, make_password
from django.test import Client

from tongban.base.kernel.api import travelled
from tongban.trust.identity import api, models
from tongban.trust.identity import settings as identity_settings
from tongban.trust.identity.redirects import local_path

from .conftest import CITIZEN_ID, PASSWORD

pytestmark = pytest.mark.django_db
SIGN_IN = "/account/sign-in/"


def _inside(client: Client) -> bool:
    return client.get("/account/").status_code == 200


@pytest.mark.parametrize("login", ["wang", "13800000001", "+86 138-0000-0001", CITIZEN_ID, CITIZEN_ID.lower()])
def test_a_citizen_signs_in_by_username_phone_or_number(
    people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client], login: str
) -> None:
    assert _inside(sign_in(login))


def test_staff_and_citizens_have_their_own_sites(
    people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client], settings: Any
) -> None:
    assert not _inside(sign_in("clerk"))
    citizen = sign_in("wang")
    settings.SITE, settings.ROOT_URLCONF = "staff", "tongban.trust.identity.urls_staff"
    assert not _inside(citizen)  # R21: a session of one site is nothing on the other
    assert not _inside(sign_in("wang"))
    assert _inside(sign_in("clerk"))


def test_t14_wrong_answers_look_the_same(people: SimpleNamespace, public_site: str) -> None:
    bodies = set()
    for login, password in [("wang", "wrong-pass-1"), ("nobody", "wrong-pass-1"), ("13900000009", PASSWORD)]:
        response = Client().post(SIGN_IN, {"login": login, "password": password})
        text = response.content.decode().replace(login, "")
        bodies.add((response.status_code, text.replace(response.wsgi_request.META.get("CSRF_COOKIE", "-"), "")))
    stripped = {(status, _without_token(text)) for status, text in bodies}
    assert len(stripped) == 1


def _without_token(text: str) -> str:
    import re

    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)


def test_t14_unknown_logins_cost_a_hash_too(
    people: SimpleNamespace, public_site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tongban.trust.identity import signin

    costs: list[str] = []
    monkeypatch.setattr(signin, "make_password", lambda password: costs.append(password) or make_password(password))
    Client().post(SIGN_IN, {"login": "nobody", "password": "guess-1-guess"})
    assert costs == ["guess-1-guess"]


def test_passwords_are_argon2(settings: Any) -> None:
    settings.PASSWORD_HASHERS = identity_settings.PASSWORD_HASHERS
    assert identify_hasher(make_password("x")).algorithm == "argon2"


def test_t16_guessing_is_slowed_for_this_network_only(people: SimpleNamespace, public_site: str) -> None:
    guesser = Client(REMOTE_ADDR="203.0.113.9")
    for n in range(8):
        guesser.post(SIGN_IN, {"login": "wang", "password": f"wrong-{n}"})
    guesser.post(SIGN_IN, {"login": "wang", "password": PASSWORD})
    assert not _inside(guesser)
    owner = Client(REMOTE_ADDR="198.51.100.7")
    owner.post(SIGN_IN, {"login": "wang", "password": PASSWORD})
    assert _inside(owner)


def test_t17_the_session_key_changes_at_sign_in(people: SimpleNamespace, public_site: str) -> None:
    client = Client()
    client.post("/account/code/", {"login": "13800000001"})
    before = client.cookies["sessionid" if "sessionid" in client.cookies else _cookie()].value
    client.post(SIGN_IN, {"login": "wang", "password": PASSWORD})
    assert client.cookies[_cookie()].value != before
    assert not models.Session.objects.filter(session_key=before).exists()


def _cookie() -> str:
    from django.conf import settings

    return settings.SESSION_COOKIE_NAME


def test_t17_idle_and_absolute_limits(people: SimpleNamespace, staff_site: str, sign_in: Callable[..., Client]) -> None:
    idle, busy = sign_in("clerk"), sign_in("clerk")
    with travelled(timedelta(minutes=14)):
        assert _inside(idle)
    with travelled(timedelta(minutes=30)):
        assert not _inside(idle)
    for minutes in range(10, 480, 10):
        with travelled(timedelta(minutes=minutes)):
            assert _inside(busy), minutes
    with travelled(timedelta(minutes=481)):
        assert not _inside(busy)


def test_t17_a_disabled_account_is_out_at_once(
    people: SimpleNamespace, staff_site: str, sign_in: Callable[..., Client]
) -> None:
    client = sign_in("clerk")
    assert _inside(client)
    api.disable(people.clerk.ref, by=people.administrator.ref)
    assert not _inside(client)
    assert not models.Session.objects.filter(account__public_id=people.clerk.ref.id).exists()
    assert not _inside(sign_in("clerk"))


def test_t17_sign_out_everywhere(people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client]) -> None:
    here, there = sign_in("wang"), sign_in("wang")
    here.post("/account/sign-out-everywhere/")
    assert not _inside(here) and not _inside(there)


def test_sign_out_needs_a_post(people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client]) -> None:
    client = sign_in("wang")
    assert client.get("/account/sign-out/").status_code == 200
    assert _inside(client)
    client.post("/account/sign-out/")
    assert not _inside(client)


def test_t18_every_form_without_a_token_is_refused(people: SimpleNamespace, public_site: str, settings: Any) -> None:
    from tongban.trust.identity.policies import walk

    for site in ("public", "staff"):
        settings.SITE, settings.ROOT_URLCONF = site, f"tongban.trust.identity.urls_{site}"
        strict = Client(enforce_csrf_checks=True)
        for where, _view in walk():
            if where.startswith("scim/"):
                continue  # for programs with a token: no session that a forged form could use
            address = "/" + where.replace("<str:id_>", "0" * 26).replace("<int:pk>", "1")
            assert strict.post(address, {}).status_code == 403, address


OUTSIDE = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/%0d%0aLocation:x\r\n",
    "javascript:alert(1)",
    "http:evil.example",
    " /ok",
    "///evil.example",
    "/\t/evil.example",
    "evil.example",
    "",
]


@pytest.mark.parametrize("target", OUTSIDE)
def test_t30_only_local_paths_are_followed(
    people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client], target: str
) -> None:
    assert local_path(target) == "/"
    response = Client().post(SIGN_IN, {"login": "wang", "password": PASSWORD, "next": target})
    assert response.status_code == 302 and response["Location"] == "/"
    inside = sign_in("wang").get(SIGN_IN, {"next": target})
    assert inside.status_code == 302 and inside["Location"] == "/"


def test_t30_a_local_path_is_followed(people: SimpleNamespace, public_site: str) -> None:
    response = Client().post(SIGN_IN, {"login": "wang", "password": PASSWORD, "next": "/account/?a=1&b=%E4%B8%AD"})
    assert response["Location"] == "/account/?a=1&b=%E4%B8%AD"


def test_staff_without_a_second_factor_must_set_it_up(
    people: SimpleNamespace, staff_site: str, sign_in: Callable[..., Client]
) -> None:
    models.Person.objects.filter(username="administrator").update(second_factor=True)
    client = sign_in("administrator")
    response = client.get("/offices/")
    assert response.status_code == 302 and response["Location"] == "/account/factors/app/"
    page = "/account/factors/app/"
    assert client.get(page)["Location"].startswith("/account/again/")
    assert client.post("/account/again/", {"password": PASSWORD, "next": page})["Location"] == page
    secret = client.get(page).context["form"].secret
    assert client.post(page, {"code": "000000"}).status_code == 200
    assert client.get("/offices/").status_code == 302
    assert client.post(page, {"code": _totp(secret)}).status_code == 302
    assert client.get("/account/factors/recovery/").status_code == 200
    assert client.get("/offices/").status_code == 200
    assert client.get("/account/factors/").status_code == 200
    assert client.get("/account/factors/app/remove/").status_code == 200
    assert client.get("/account/factors/recovery/new/").status_code == 200
    assert client.get("/account/password/").status_code == 200


def _totp(secret: str) -> str:
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_second_factor_is_asked_for_once_it_is_set_up(people: SimpleNamespace, staff_site: str) -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    secret = generate_totp_secret()
    TOTP.activate(models.Person.objects.get(username="administrator"), secret)
    client = Client()
    response = client.post(SIGN_IN, {"login": "administrator", "password": PASSWORD})
    assert response["Location"].startswith("/account/factor/")
    assert client.get("/offices/").status_code == 302
    assert client.get("/account/factor/").status_code == 200
    client.post("/account/factor/", {"code": "000000"})
    assert client.get("/offices/").status_code == 302
    client.post("/account/factor/", {"code": _totp(secret)})
    assert client.get("/offices/").status_code == 200


def test_t45_the_public_role_can_sign_people_in_and_see_no_grants(
    people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client]
) -> None:
    from django.db import ProgrammingError, connection, transaction

    with connection.cursor() as cursor:
        # What the ledger allows is the ledger's to say; here only identity's own tables are in question.
        cursor.execute("GRANT INSERT ON ledger_leaf TO tongban_public")
        cursor.execute("SET LOCAL ROLE tongban_public")
        assert _inside(sign_in("wang"))
        for table in ("identity_grant", "identity_role", "identity_purpose_grant"):
            with pytest.raises(ProgrammingError), transaction.atomic():
                cursor.execute(f"SELECT 1 FROM {table}")


def test_right_passwords_are_not_counted(
    people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client]
) -> None:
    for _ in range(12):
        assert _inside(sign_in("wang"))
