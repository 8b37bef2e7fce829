"""Real-name levels 0 to 4 (standards.md 6.4): raised by what somebody proves, never by asking."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tongban.base.kernel.api import Invalid, Refused, system
from tongban.trust.identity import api, levels
from tongban.trust.identity.data import CodeMessage

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db
NUMBER = "460105199101010018"
PHONE = "13800000003"


@pytest.fixture
def newcomer(people: SimpleNamespace) -> Any:
    with system():
        return api.create_citizen("张三", password=PASSWORD, username="zhang")


def _level(person: Any) -> int:
    with system():
        return api.person(person.ref).level


def test_from_nothing_to_a_phone(
    newcomer: Any, public_site: str, sign_in: Callable[..., Client], sent: list[CodeMessage]
) -> None:
    client = sign_in("zhang")
    client.post("/account/levels/phone/", {"phone": PHONE})
    assert client.post("/account/levels/phone/code/", {"code": "000000"}).status_code == 422 and _level(newcomer) == 0
    client.post("/account/levels/phone/code/", {"code": sent[-1].code})
    assert _level(newcomer) == 1 and sent[-1].to == PHONE


def test_a_phone_of_another_account_is_not_taken(
    newcomer: Any, public_site: str, sign_in: Callable[..., Client], sent: list[CodeMessage]
) -> None:
    client = sign_in("zhang")
    client.post("/account/levels/phone/", {"phone": "13800000001"})
    assert client.post("/account/levels/phone/code/", {"code": sent[-1].code}).status_code == 422
    assert _level(newcomer) == 0


def test_the_page_says_what_is_needed_and_leads_back(
    people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client]
) -> None:
    client = sign_in("wang")
    page = client.get("/account/levels/", {"need": "3", "next": "/hall/apply/"}).content.decode()
    assert 'href="/hall/apply/"' not in page
    page = client.get("/account/levels/", {"need": "2", "next": "/hall/apply/"}).content.decode()
    assert 'href="/hall/apply/"' in page
    page = client.get("/account/levels/", {"need": "2", "next": "//evil.example/"}).content.decode()
    assert "evil" not in page


@pytest.fixture
def officer(people: SimpleNamespace) -> Any:
    api.define_role("window", "综合窗口", ["identity.check_in_person"])
    with system():
        api.assign_post(people.clerk.ref, people.county.ref, "综合窗口", ["window"])
    return people.clerk


def test_an_officer_who_has_seen_card_and_person_gives_level_3(
    officer: Any, newcomer: Any, people: SimpleNamespace, staff_site: str, sign_in: Callable[..., Client]
) -> None:
    with system():
        levels.confirm_phone(newcomer.ref, PHONE)
    client, seen = sign_in("clerk"), {"phone": PHONE, "name": "张三", "id_number": NUMBER}
    assert client.post("/visitors/confirm/", seen | {"id_number": "460105199101010011"}).status_code == 422
    assert client.post("/visitors/confirm/", seen | {"phone": "13900000000"}).status_code == 422
    assert client.post("/visitors/confirm/", seen | {"phone": "13800000001"}).status_code == 422  # another's number
    assert _level(newcomer) == 1 and _level(people.citizen) == 2
    assert client.post("/visitors/confirm/", seen).status_code == 302 and _level(newcomer) == 3
    assert sign_in("stranger").post("/visitors/confirm/", seen).status_code == 403


def test_t4_nobody_confirms_their_own_account(officer: Any, people: SimpleNamespace, staff_site: str) -> None:
    from tongban.trust.identity.models import Person
    from tongban.trust.identity.sealed import id_index

    with system():
        Person.objects.filter(public_id=officer.ref.id).update(id_index=id_index(NUMBER))
        mine = api.create_citizen("陈窗口", phone=PHONE, password=PASSWORD)
        actor = api.actor_for(officer.ref)
    with pytest.raises((Refused, Invalid)):
        levels.confirm_in_person(actor, PHONE, "陈窗口", NUMBER)
    assert _level(mine) == 1
