"""Administration pages (staff site)."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils.translation import gettext

from tongban.trust.identity import api, grants, models

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(people: SimpleNamespace, staff_site: str, sign_in: Callable[..., Client]) -> Client:
    return sign_in("administrator")


def test_the_tree_opens_branch_by_branch(admin: Client, people: SimpleNamespace) -> None:
    top = admin.get("/offices/").content.decode()
    assert "海南省人民政府" in top and "长北村" not in top
    county = api.office_by_code("460105")
    branch = admin.get(f"/offices/{county.ref.id}/below/", HTTP_HX_REQUEST="true").content.decode()
    assert "长流镇人民政府" in branch and "<html" not in branch
    assert admin.get(f"/offices/{county.ref.id}/below/").status_code == 302
    page = admin.get(f"/offices/{people.county.ref.id}/").content.decode()
    assert "陈窗口" in page and "commerce" in page
    assert "长北村" in admin.get("/offices/", {"q": "长北"}).content.decode()


def test_an_office_is_renamed_within_reach_only(admin: Client, people: SimpleNamespace) -> None:
    admin.post(f"/offices/{people.county.ref.id}/rename/", {"title": "秀英区商务局"})
    assert api.office(people.county.ref).title == "秀英区商务局"
    top = api.office_by_code("46")
    assert admin.post(f"/offices/{top.ref.id}/rename/", {"title": "x"}).status_code == 403
    assert api.office(top.ref).title == "海南省人民政府"


def test_a_person_is_created_posted_granted_and_closed(
    admin: Client, people: SimpleNamespace, sign_in: Callable[..., Client]
) -> None:
    form = {"name": "吴新人", "username": "wu.xr", "password": PASSWORD}
    response = admin.post("/offices/people/new/", form)
    id_ = response["Location"].split("/")[3]
    assert admin.post("/offices/people/new/", form).status_code == 422  # the username is taken
    post = {"office": "460105/commerce", "title": "窗口", "valid_from": "2020-01-01"}
    assert admin.post(f"/offices/people/{id_}/post/", post).status_code == 302
    beyond = admin.post(f"/offices/people/{id_}/post/", post | {"office": "46/commerce"})
    assert beyond.status_code == 403
    grant = {
        "permission": "identity.read",
        "office": "长流镇人民政府",
        "purpose": "核查",
        "until": "2099-01-01",
    }
    assert admin.post(f"/offices/people/{id_}/grant/", grant).status_code == 302
    person = api.person_by_username("wu.xr")
    (held,) = api.posts_of(person.ref)
    assert grants.grants_of(person.ref) == []  # a security administrator has to confirm it
    page = admin.get(f"/offices/people/{id_}/").content.decode()
    assert "秀英区市场监督管理局" in page and gettext("Waits for a security administrator") in page
    admin.post(f"/offices/posts/{held.ref.id}/end/")
    assert api.posts_of(person.ref) == []
    admin.post(f"/offices/people/{id_}/account/", {"do": "disable"})
    assert not api.person(person.ref).active
    admin.post(f"/offices/people/{id_}/account/", {"do": "enable"})
    assert api.person(person.ref).active


def test_an_administrator_touches_nobody_beyond_reach(admin: Client, people: SimpleNamespace) -> None:
    far = api.create_staff("far", "郑远方")
    held = api.assign_post(far.ref, api.office_by_code("46/commerce").ref, "局长")
    assert admin.post(f"/offices/people/{far.ref.id}/account/", {"do": "disable"}).status_code == 403
    assert admin.post(f"/offices/posts/{held.ref.id}/end/").status_code == 403
    assert api.person(far.ref).active and api.posts_of(far.ref)


def test_people_are_listed_by_key_and_found(admin: Client) -> None:
    models.Person.objects.bulk_create(
        [models.Person(username=f"s{n:03d}", name=f"甲{n:03d}", kind="staff") for n in range(120)]
    )
    seen, address = set(), "/offices/people/"
    for _ in range(5):
        response = admin.get(address)
        seen |= {row["username"] for row in response.context["rows"]}
        if not response.context["page"]["next"]:
            break
        address = "/offices/people/?after=" + response.context["page"]["next"]
    assert len([name for name in seen if name.startswith("s")]) >= 120
    assert [row["username"] for row in admin.get("/offices/people/", {"q": "甲05"}).context["rows"]] == [
        f"s05{n}" for n in range(10)
    ]


def test_ambiguous_offices_are_listed(admin: Client, people: SimpleNamespace) -> None:
    form = {"office": "人民政府", "title": "x", "valid_from": "2020-01-01"}
    response = admin.post(f"/offices/people/{people.clerk.ref.id}/post/", form)
    assert response.status_code == 422 and "460105" in response.content.decode()


def test_a_password_is_set_for_somebody_within_reach(
    admin: Client, people: SimpleNamespace, sign_in: Callable[..., Client]
) -> None:
    clerk = sign_in("clerk")
    new = {"password": "quiet-Heron-72", "again": "quiet-Heron-72"}
    assert admin.post(f"/offices/people/{people.clerk.ref.id}/password/", new).status_code == 302
    assert clerk.get("/account/").status_code == 302
    assert sign_in("clerk", "quiet-Heron-72").get("/account/").status_code == 200
