"""One-time codes, registration, password reset (T14, T15)."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tongban.base.kernel.api import travelled
from tongban.trust.identity import api, models
from tongban.trust.identity import people as people_module
from tongban.trust.identity.data import CodeMessage

from .conftest import CITIZEN_ID, PASSWORD

NEW = "quiet-Heron-72"


def _ask(client: Client, login: str = "13800000001", where: str = "code") -> None:
    assert client.post(f"/account/{where}/", {"login": login}).status_code == 302


@pytest.mark.django_db
def test_a_code_signs_in_once(people: SimpleNamespace, public_site: str, sent: list[CodeMessage]) -> None:
    client = Client()
    _ask(client)
    (message,) = sent
    assert (message.to, message.person, message.purpose) == ("13800000001", people.citizen.ref, "signin")
    assert message.code not in repr(message) and message.to not in repr(message)
    assert not models.OneTimeCode.objects.filter(code_hash__contains=message.code).exists()
    copy = Client()
    copy.cookies = client.cookies.copy()  # the same pending session in a second window
    assert client.post("/account/code/enter/", {"code": message.code}).status_code == 302
    assert client.get("/account/").status_code == 200
    copy.post("/account/code/enter/", {"code": message.code})
    assert models.Session.objects.filter(account__isnull=False).count() == 1


@pytest.mark.django_db
def test_t15_wrong_codes_lock_and_old_codes_die(
    people: SimpleNamespace, public_site: str, sent: list[CodeMessage]
) -> None:
    client = Client()
    _ask(client)
    wrong = "111111" if sent[0].code != "111111" else "222222"
    for _ in range(5):
        assert client.post("/account/code/enter/", {"code": wrong}).status_code == 422
    assert client.post("/account/code/enter/", {"code": sent[0].code}).status_code == 422
    _ask(client)
    with travelled(timedelta(minutes=5, seconds=1)):
        client.post("/account/code/enter/", {"code": sent[1].code})
    assert not models.Session.objects.filter(account__isnull=False).exists()


@pytest.mark.django_db
def test_t15_the_number_of_codes_is_limited(people: SimpleNamespace, public_site: str, sent: list[CodeMessage]) -> None:
    clients = [Client(REMOTE_ADDR=f"192.0.2.{n}") for n in range(7)]
    statuses = [c.post("/account/code/", {"login": "13800000001"}).status_code for c in clients]
    assert statuses == [302] * 5 + [429] * 2
    assert len(sent) == 5


@pytest.mark.django_db(transaction=True)
def test_t15_fifty_parallel_right_codes_make_one_session(
    people: SimpleNamespace, public_site: str, sent: list[CodeMessage]
) -> None:
    first = Client()
    _ask(first)
    code = sent[0].code

    def attempt(_n: int) -> int:
        client = Client(raise_request_exception=False)
        client.cookies = first.cookies.copy()
        try:
            return client.post("/account/code/enter/", {"code": code}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(25) as pool:
        statuses = list(pool.map(attempt, range(50)))
    assert statuses.count(302) >= 1
    assert models.Session.objects.filter(account__isnull=False).count() == 1
    assert models.OneTimeCode.objects.exclude(used=None).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["code", "reset"])
def test_t14_known_and_unknown_accounts_get_the_same_answer(
    people: SimpleNamespace, public_site: str, sent: list[CodeMessage], where: str
) -> None:
    answers = set()
    for login in ("13800000001", "13999999999", CITIZEN_ID, "460105198506110020"):
        client = Client()
        response = client.post(f"/account/{where}/", {"login": login}, follow=True)
        body = re.sub(rb'csrfmiddlewaretoken" value="[^"]*"', b"", response.content)
        answers.add((response.status_code, str(response.redirect_chain), body))
    assert len(answers) == 1
    # The same work is done as well: a row and a call of the sender for each, but nothing to send it to.
    assert models.OneTimeCode.objects.count() == len(sent) == 4
    assert [bool(message.to) for message in sent] == [True, False, True, False]


@pytest.mark.django_db
def test_t14_known_and_unknown_accounts_cost_the_same_statements(
    people: SimpleNamespace, public_site: str, sent: list[CodeMessage]
) -> None:
    def statements(login: str) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            Client().post("/account/code/", {"login": login})
        texts = [query["sql"].split("VALUES")[0].split("WHERE")[0] for query in captured.captured_queries]
        return [re.sub(r'"s\d+_x\d+"', "", text) for text in texts]

    statements("13700000000")
    assert statements("13800000001") == statements("13999999999")


@pytest.mark.django_db
def test_t14_a_code_of_an_unknown_account_signs_nobody_in(
    people: SimpleNamespace, public_site: str, sent: list[CodeMessage]
) -> None:
    client = Client()
    _ask(client, "13999999999")
    assert client.post("/account/code/enter/", {"code": sent[0].code}).status_code == 422
    assert not models.Session.objects.filter(account__isnull=False).exists()


@pytest.mark.django_db
def test_reset_changes_the_password_and_ends_sessions(
    people: SimpleNamespace, public_site: str, sent: list[CodeMessage], sign_in: Callable[..., Client]
) -> None:
    old = sign_in("wang")
    client = Client()
    _ask(client, where="reset")
    form = {"code": sent[0].code, "password": NEW, "again": NEW}
    assert client.post("/account/reset/code/", form | {"again": "another-one-1"}).status_code == 422
    assert client.post("/account/reset/code/", form | {"password": "12345678", "again": "12345678"}).status_code == 422
    assert client.post("/account/reset/code/", form).status_code == 302
    assert old.get("/account/").status_code == 302
    assert sign_in("wang", PASSWORD).get("/account/").status_code == 302
    assert sign_in("wang", NEW).get("/account/").status_code == 200


@pytest.mark.django_db
def test_a_sign_in_code_does_not_reset_a_password(
    people: SimpleNamespace, public_site: str, sent: list[CodeMessage], sign_in: Callable[..., Client]
) -> None:
    client = Client()
    _ask(client)
    client.post("/account/reset/code/", {"code": sent[0].code, "password": NEW, "again": NEW})
    assert sign_in("wang", PASSWORD).get("/account/").status_code == 200


@pytest.fixture
def register_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {("李小红", "460105198506110020"), ("王小明", CITIZEN_ID)}
    monkeypatch.setitem(
        people_module.name_checks._items, "population", lambda name, kind, number: (name, number) in known
    )


def _to_details(client: Client, sent: list[CodeMessage], phone: str = "13900000002") -> None:
    client.post("/account/register/", {"phone": phone, "next": "/account/"})
    client.post("/account/register/code/", {"code": sent[-1].code})


@pytest.mark.django_db
@pytest.mark.parametrize(("number", "level"), [("460105198506110020", 2), ("", 1)])
def test_registration(
    province: None,
    public_site: str,
    sent: list[CodeMessage],
    register_of_people: None,
    number: str,
    level: int,
) -> None:
    client = Client()
    _to_details(client, sent)
    form = {"name": "李小红", "id_number": number, "password": NEW, "again": NEW}
    response = client.post("/account/register/details/", form)
    assert response.status_code == 302 and response["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    assert models.Person.objects.get().level == level


@pytest.mark.django_db
def test_t14_registration_tells_nothing_of_other_peoples_numbers(
    people: SimpleNamespace, public_site: str, sent: list[CodeMessage], register_of_people: None
) -> None:
    count, bodies = models.Person.objects.count(), set()
    client = Client()
    _to_details(client, sent)
    for name, number in [("王小明", CITIZEN_ID), ("赵小刚", CITIZEN_ID), ("赵小刚", "460105198506110020")]:
        form = {"name": "x", "id_number": number, "password": NEW, "again": NEW} | {"name": name}
        response = client.post("/account/register/details/", form)
        text = response.content.decode().replace(number, "").replace(name, "")
        bodies.add((response.status_code, re.sub(r'csrfmiddlewaretoken" value="[^"]*"', "", text)))
    assert len(bodies) == 1 and models.Person.objects.count() == count


@pytest.mark.django_db
def test_registration_needs_the_code_of_the_phone(province: None, public_site: str, sent: list[CodeMessage]) -> None:
    client = Client()
    client.post("/account/register/", {"phone": "13900000002"})
    assert client.get("/account/register/details/")["Location"] == "/account/register/"
    client.post("/account/register/code/", {"code": "1"})
    form = {"name": "李小红", "password": NEW, "again": NEW}
    assert client.post("/account/register/details/", form)["Location"] == "/account/register/"
    assert not models.Person.objects.exists()


@pytest.mark.django_db
def test_level_one_account_confirms_its_real_name(
    province: None, public_site: str, register_of_people: None, sign_in: Callable[..., Client]
) -> None:
    made = api.create_citizen("小红", phone="13900000002", password=NEW)
    client = sign_in("13900000002", NEW)
    wrong = client.post("/account/real-name/", {"name": "赵小刚", "id_number": "460105198506110020"})
    assert wrong.status_code == 422 and api.person(made.ref).level == 1
    client.post("/account/real-name/", {"name": "李小红", "id_number": "460105198506110020"})
    assert (api.person(made.ref).level, api.person(made.ref).name) == (2, "李小红")


@pytest.mark.django_db
def test_limited_counts_within_a_window() -> None:
    assert [api.limited("a", 2, 60) for _ in range(3)] == [False, False, True]
    assert not api.limited("b", 2, 60)
    with travelled(timedelta(seconds=61)):
        assert not api.limited("a", 2, 60)
    assert not models.Limit.objects.filter(key="a").exists()


@pytest.mark.django_db
def test_an_unconfirmed_number_is_not_kept(db: None) -> None:
    liar = api.create_citizen("假名字", id_number=CITIZEN_ID, phone="13900000002")
    assert (liar.level, liar.id_number) == (1, "")
    owner = api.create_citizen("王小明", id_number=CITIZEN_ID, level=3)
    assert api.person_by_id_number(CITIZEN_ID) == owner
