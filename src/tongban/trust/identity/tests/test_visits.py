"""Visits: listed, ended one by one, and told of to the rooms above (T17)."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client

from tongban.base.kernel.api import system
from tongban.trust.identity import models, visits

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
WECHAT = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36 MicroMessenger/8.0.50"


def _inside(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def _enter(agent: str) -> Client:
    client = Client(HTTP_USER_AGENT=agent)
    client.post("/account/sign-in/", {"login": "wang", "password": PASSWORD})
    return client


def test_t17_a_person_sees_and_ends_their_own_visits(people: SimpleNamespace, public_site: str) -> None:
    here, there = _enter(FIREFOX), _enter(WECHAT)
    listed = here.get("/account/visits/").context["visits"]
    assert [visit.device for visit in listed] == ["Firefox · Linux", "WeChat · Android"]
    assert [visit.here for visit in listed] == [True, False]
    assert here.post(f"/account/visits/{listed[1].id}/end/").status_code == 302
    assert _inside(here) and not _inside(there)
    here.post(f"/account/visits/{listed[0].id}/end/")
    assert not _inside(here)


def test_t13_nobody_ends_the_visit_of_another(
    people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client]
) -> None:
    from tongban.trust.identity import api

    with system():
        api.create_citizen("李四", phone="13800000002", password=PASSWORD, username="li")
    mine, other = sign_in("wang"), sign_in("li")
    visit = mine.get("/account/visits/").context["visits"][0].id
    assert len(other.get("/account/visits/").context["visits"]) == 1
    assert other.post(f"/account/visits/{visit}/end/").status_code == 404
    assert _inside(mine)


def test_t17_a_visit_keeps_its_number_when_the_key_changes(
    people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client]
) -> None:
    client = sign_in("wang")
    session = client.session
    number, key = session["visit"], session.session_key
    client.post("/account/act-for/", {"agency": ""})
    assert client.session["visit"] == number
    with system():
        assert models.Session.objects.filter(session_key=key).count() == 1


@pytest.mark.parametrize(("agent", "shown"), [("", ""), ("curl/8.0", ""), (f"{FIREFOX} Edg/130.0", "Edge · Linux")])
def test_devices_in_a_few_words(agent: str, shown: str) -> None:
    assert visits.device(agent) == shown
