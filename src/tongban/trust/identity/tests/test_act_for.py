"""Acting for somebody: given, accepted, chosen, bounded, and over at once when it is ended (T37)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tongban.base.kernel.api import now, system, today, travelled
from tongban.trust.identity import api, models

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db
ASKED = {"phone": "13800000002", "name": "李四", "scopes": "permit_opening", "until": ""}


@pytest.fixture
def agent(people: SimpleNamespace) -> Any:
    with system():
        return api.create_citizen("李四", phone="13800000002", password=PASSWORD, username="li", level=2)


def _asked(people: SimpleNamespace, **changes: Any) -> dict[str, Any]:
    until = (today() + timedelta(days=30)).isoformat()
    return ASKED | {"principal": str(people.citizen.ref), "until": until} | changes


def _only() -> models.Agency:
    with system():
        return models.Agency.objects.get()


def test_given_accepted_chosen_and_shown_on_every_page(
    people: SimpleNamespace, agent: Any, public_site: str, sign_in: Callable[..., Client]
) -> None:
    principal, other = sign_in("wang"), sign_in("li")
    assert principal.post("/account/agents/new/", _asked(people)).status_code == 302
    agency = _only()
    assert other.post("/account/act-for/", {"agency": agency.public_id}).status_code == 404  # not accepted yet
    assert "王小明" in other.get("/account/agents/").content.decode()
    other.post(f"/account/agents/{agency.public_id}/accept/")
    assert other.post("/account/act-for/", {"agency": agency.public_id}).status_code == 302
    page = other.get("/account/levels/")
    assert (
        page.wsgi_request.actor.acting_for == people.citizen.ref and page.wsgi_request.actor.principal_name == "王小明"
    )
    assert "王小明" in page.content.decode()  # the banner: in whose name everything is done
    with api.acting(page.wsgi_request.actor):
        assert api.may_act_for(page.wsgi_request.actor, people.citizen.ref, "permit_opening")
        assert not api.may_act_for(page.wsgi_request.actor, people.citizen.ref, "permit_closing")


@pytest.mark.parametrize("ended_by", ["wang", "li", "time"])
def test_t37_ended_means_refused_at_the_next_request(
    people: SimpleNamespace, agent: Any, public_site: str, sign_in: Callable[..., Client], ended_by: str
) -> None:
    with system():
        given = api.authorise_agent(
            people.citizen.ref, agent.ref, until=now() + timedelta(minutes=5), by=people.citizen.ref
        )
    acting, side = sign_in("li"), sign_in(ended_by if ended_by != "time" else "wang")
    acting.post("/account/act-for/", {"agency": given.ref.id})
    assert acting.get("/account/").wsgi_request.actor.acting_for == people.citizen.ref
    if ended_by == "time":
        with travelled(timedelta(minutes=6)):
            assert acting.get("/account/").status_code == 403
            assert acting.get("/account/").wsgi_request.actor.acting_for is None  # from now on in their own name
        return
    assert side.post(f"/account/agents/{given.ref.id}/revoke/").status_code == 302
    assert acting.get("/account/").status_code == 403
    assert acting.get("/account/").wsgi_request.actor.acting_for is None


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "李五"},
        {"phone": "13900000000"},
        {"phone": "13800000001", "name": "王小明"},  # oneself
        {"principal": "registers.legal_entity:1"},
        {"until": "2020-01-01"},
        {"until": "2099-01-01"},
        {"until": ""},
    ],
)
def test_t37_what_cannot_be_given(
    people: SimpleNamespace, agent: Any, public_site: str, sign_in: Callable[..., Client], changes: dict[str, str]
) -> None:
    assert sign_in("wang").post("/account/agents/new/", _asked(people, **changes)).status_code == 422
    with system():
        assert not models.Agency.objects.exists()


def test_t37_strangers_neither_accept_nor_end_it(
    people: SimpleNamespace, agent: Any, public_site: str, sign_in: Callable[..., Client]
) -> None:
    sign_in("wang").post("/account/agents/new/", _asked(people))
    agency = _only()
    with system():
        api.create_citizen("赵六", phone="13800000004", password=PASSWORD, username="zhao", level=2)
    stranger = sign_in("zhao")
    for verb in ("accept", "revoke"):
        assert stranger.post(f"/account/agents/{agency.public_id}/{verb}/").status_code == 404
    assert stranger.post("/account/act-for/", {"agency": agency.public_id}).status_code == 404
    assert "王小明" not in stranger.get("/account/agents/").content.decode()
    assert _only().accepted_at is None and _only().revoked_at is None
