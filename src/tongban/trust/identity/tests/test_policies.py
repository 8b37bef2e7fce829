"""Policies on views (R20) and authorisations to act for others (T37)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import include, path

from tongban.base.kernel.api import Ref, Refused, now, travelled
from tongban.trust.identity import api, policies
from tongban.trust.identity import people as people_module

FIRM = Ref("legal_entity", "91460100MA5TABCD1X")


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse("bare")


def test_r20_a_view_without_policy_is_refused_at_start() -> None:
    good = path("a/", api.public(lambda request: HttpResponse()))
    api.checked_urlconf([good])
    with pytest.raises(ImproperlyConfigured, match="deep/b/"):
        api.checked_urlconf([good, path("deep/", include([path("b/", bare)]))])
    api.checked_urlconf(policies.guard([path("deep/", include([path("b/", bare)]))], api.staff))


@pytest.mark.parametrize("site", ["public", "staff"])
def test_r20_every_address_of_identity_has_a_policy(site: str) -> None:
    api.checked_urlconf(f"tongban.trust.identity.urls_{site}")


def test_r20_two_policies_are_a_mistake() -> None:
    with pytest.raises(ImproperlyConfigured):
        api.public(api.staff(bare))


@pytest.mark.django_db
def test_views_run_as_their_actor(people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client]) -> None:
    seen: list[str] = []

    @api.signed_in
    def view(request: HttpRequest) -> HttpResponse:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tongban_person()")
            seen.append(cursor.fetchone()[0])
        return HttpResponse("ok")

    request = sign_in("wang").get("/account/").wsgi_request
    del request._tongban_actor
    assert view(request).status_code == 200 and seen == [people.citizen.ref.id]


@pytest.mark.django_db
def test_levels_are_required(people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client]) -> None:
    request = sign_in("wang").get("/account/").wsgi_request
    assert api.signed_in(level=2)(bare)(request).content == b"bare"
    with pytest.raises(Refused):
        api.signed_in(level=3)(lambda request: HttpResponse())(request)


@pytest.mark.django_db
def test_strangers_are_sent_to_sign_in_and_back(people: SimpleNamespace, staff_site: str) -> None:
    assert Client().get("/offices/?q=a")["Location"] == "/account/sign-in/?next=%2Foffices%2F%3Fq%3Da"
    assert Client().post("/offices/people/new/")["Location"] == "/account/sign-in/"


@pytest.mark.django_db
def test_permissions_are_asked(people: SimpleNamespace, staff_site: str, sign_in: Callable[..., Client]) -> None:
    assert sign_in("stranger").get("/offices/").status_code == 403
    clerk = sign_in("clerk")  # may look, and change nothing
    assert clerk.get("/offices/people/").status_code == 200
    assert clerk.get("/offices/people/new/").status_code == 403
    page = clerk.get(f"/offices/people/{people.stranger.ref.id}/")
    assert page.status_code == 200 and b"<form" not in page.content.split(b"<main")[1]
    assert sign_in("administrator").get("/offices/people/").status_code == 200


@pytest.mark.django_db
def test_t15_query_codes_are_limited_by_network(db: None) -> None:
    from django.contrib.auth.models import AnonymousUser

    view = api.with_query_code(lambda request: HttpResponse("no"))

    def ask(address: str) -> HttpResponse:
        request = RequestFactory().post("/progress/", REMOTE_ADDR=address)
        request.user = AnonymousUser()
        return view(request)

    for _ in range(30):
        assert ask("203.0.113.5").status_code == 200
    with pytest.raises(Refused) as caught:
        ask("203.0.113.5")
    assert caught.value.code == "too_many"
    assert ask("203.0.113.6").status_code == 200


@pytest.fixture
def boss(people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Ref:
    ref = api.create_citizen("钱老板", phone="13700000003").ref
    monkeypatch.setitem(
        people_module.principal_owners._items,
        "legal_entity",
        lambda person, firm: (person, firm) == (ref, FIRM),
    )
    return ref


@pytest.mark.django_db
def test_t37_a_revoked_agent_is_refused_at_the_next_request(
    people: SimpleNamespace, boss: Ref, public_site: str, sign_in: Callable[..., Client]
) -> None:
    agent = people.citizen.ref
    made = api.authorise_agent(FIRM, agent, until=now() + timedelta(days=30), by=boss, principal_name="某公司")
    client = sign_in("wang")
    client.post("/account/act-for/", {"agency": made.ref.id})
    response = client.get("/account/")
    assert response.wsgi_request.actor.acting_for == FIRM
    assert response.wsgi_request.actor.applicant == FIRM
    api.revoke_agent(made.ref, by=boss)
    assert client.get("/account/").status_code == 403
    assert client.get("/account/").wsgi_request.actor.acting_for is None
    assert client.post("/account/act-for/", {"agency": made.ref.id}).status_code == 404


@pytest.mark.django_db
def test_t37_authorisations_are_bounded(people: SimpleNamespace, boss: Ref) -> None:
    agent = people.citizen.ref
    made = api.authorise_agent(FIRM, agent, until=now() + timedelta(days=1), by=boss, scopes=["tax"])
    actor = api.actor_for(agent)
    assert api.may_act_for(actor, FIRM, "tax") and not api.may_act_for(actor, FIRM, "land")
    assert not api.may_act_for(actor, Ref("legal_entity", "another"), "tax")
    assert not api.may_act_for(api.ANONYMOUS, FIRM) and not api.may_act_for(api.actor_for(people.clerk.ref), FIRM)
    with travelled(timedelta(days=2)):
        assert not api.may_act_for(actor, FIRM, "tax")
    api.revoke_agent(made.ref, by=agent)  # the agent gives it up
    with pytest.raises(Refused):
        api.require_agent(actor, FIRM, "tax")


@pytest.mark.django_db
def test_t37_only_the_owner_authorises(people: SimpleNamespace, boss: Ref) -> None:
    with pytest.raises(Refused):
        api.authorise_agent(FIRM, boss, until=now() + timedelta(days=1), by=people.citizen.ref)
    assert api.agencies_of(boss) == []


@pytest.mark.django_db
def test_t37_another_persons_authorisation_cannot_be_chosen(
    people: SimpleNamespace, boss: Ref, public_site: str, sign_in: Callable[..., Client]
) -> None:
    made = api.authorise_agent(FIRM, boss, until=now() + timedelta(days=1), by=boss)
    assert sign_in("wang").post("/account/act-for/", {"agency": made.ref.id}).status_code == 404


@pytest.mark.django_db
def test_r24_a_refused_view_still_counts(
    people: SimpleNamespace, public_site: str, sign_in: Callable[..., Client]
) -> None:
    request = sign_in("wang").get("/account/").wsgi_request

    @api.signed_in
    def view(request: HttpRequest) -> HttpResponse:
        raise Refused("over" if api.limited("guess", 2, 60) else "no")

    answers = []
    for _ in range(4):
        with pytest.raises(Refused) as caught:
            view(request)
        answers.append(caught.value.message)
    assert answers == ["no", "no", "over", "over"]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "head", "options", "post", "put", "delete"])
def test_t13_nobody_reaches_administration_by_address_or_method(
    people: SimpleNamespace, staff_site: str, sign_in: Callable[..., Client], method: str
) -> None:
    anonymous, stranger = Client(), sign_in("stranger")
    ids = (people.county.ref.id, people.citizen.ref.id, "0" * 26, "1", "..%2f..")
    for where, view in policies.walk():
        if view.policy.kind != "permitted":
            continue
        for id_ in ids:
            address = "/" + where.replace("<str:id_>", id_)
            assert getattr(anonymous, method)(address).status_code in (302, 404, 405), address
            assert getattr(stranger, method)(address).status_code in (403, 404, 405), address


@pytest.mark.django_db
def test_r7_no_command_makes_a_superuser() -> None:
    from django.core.management import call_command

    with pytest.raises(Exception, match="create_superuser"):
        call_command("createsuperuser", interactive=False, username="root", name="x", kind="staff")
