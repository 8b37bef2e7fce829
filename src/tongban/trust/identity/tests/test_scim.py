"""SCIM 2.0: a personnel system drives accounts and offices of its subtree, and nothing else (RFC 7643, RFC 7644)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tongban.base.kernel.api import now, travelled
from tongban.base.ledger.api import history
from tongban.trust.identity import api, models
from tongban.trust.identity.scim.data import ERROR, GROUP, LIST, PATCH, SEARCH, USER
from tongban.trust.identity.scim.filters import holds, parse
from tongban.trust.identity.scim.tokens import make_system, revoke_system

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db

Call = Callable[..., Any]


@pytest.fixture
def system(people: SimpleNamespace, staff_site: str) -> SimpleNamespace:
    """The personnel system of the county of 秀英."""
    actor = api.actor_for(people.administrator.ref)
    row, token = make_system(actor, "秀英人事", api.office_by_code("460105").ref, now() + timedelta(days=30))
    return SimpleNamespace(row=row, token=token, actor=actor)


@pytest.fixture
def call(system: SimpleNamespace) -> Call:
    client = Client()

    def send(method: str, path: str, body: Any = None, token: str | None = None, **headers: str) -> Any:
        given = {"Authorization": f"Bearer {system.token if token is None else token}", **headers}
        content = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
        answer = client.generic(method, f"/scim/v2/{path}", content, "application/scim+json", headers=given)
        answer.body = json.loads(answer.content) if answer.content else None
        return answer

    return send


def user(username: str = "wu.xr", **more: Any) -> dict[str, Any]:
    return {
        "schemas": [USER],
        "userName": username,
        "name": {"formatted": "吴新人"},
        "externalId": f"P-{username}",
        **more,
    }


def patch(*operations: Any) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(operations)}


def test_a_joiner_moves_and_leaves(call: Call, people: SimpleNamespace, sign_in: Callable[..., Client]) -> None:
    phones = [{"value": "13800000088", "type": "mobile"}]
    made = call("POST", "Users", user(title="科员", phoneNumbers=phones))
    assert made.status_code == 201 and made["Location"].endswith(made.body["id"]) and made["ETag"].startswith('W/"')
    id_, office = made.body["id"], people.county.ref.id
    person = api.person_by_username("wu.xr")
    assert (person.name, person.phone, api.posts_of(person.ref)) == ("吴新人", "13800000088", [])
    add = {"op": "add", "path": "members", "value": [{"value": id_}]}
    assert call("PATCH", f"Groups/{office}", patch(add)).status_code == 200
    (post,) = api.posts_of(person.ref)
    assert (post.office, post.title, post.roles) == (people.county.ref, "科员", ())
    assert call("GET", f"Users/{id_}").body["groups"][0]["value"] == office
    # Moves to the township: out of one group, into another.
    township = api.office_by_code("460105100").ref
    call("PATCH", f"Groups/{office}", patch({"op": "remove", "path": f'members[value eq "{id_}"]'}))
    call("PATCH", f"Groups/{township.id}", patch(add))
    assert [post.office for post in api.posts_of(person.ref)] == [township]
    # Leaves: the account is dead with the answer, with its sessions.
    models.Person.objects.filter(username="wu.xr").update(second_factor=False)
    row = models.Person.objects.get(username="wu.xr")
    row.set_password(PASSWORD)
    row.save()
    browser = sign_in("wu.xr")
    assert browser.get("/account/").status_code == 200
    closed = call("PATCH", f"Users/{id_}", patch({"op": "Replace", "value": {"active": "False"}}))
    assert closed.body["active"] is False
    assert browser.get("/account/").status_code == 302 and not api.person(person.ref).active
    assert call("DELETE", f"Users/{id_}").status_code == 204
    assert call("GET", f"Users/{id_}").status_code == 404
    assert api.posts_of(person.ref) == []
    assert "identity.person.left" in [leaf.kind for leaf in history(person.ref)]


def test_lists_are_filtered_and_paged(call: Call, people: SimpleNamespace) -> None:
    for n in range(5):
        call("POST", "Users", user(f"u{n}", name={"familyName": "甲", "givenName": str(n)}, active=n != 3))
    found = call("GET", 'Users?filter=userName sw "U" and active eq true&startIndex=2&count=2').body
    assert (found["schemas"], found["totalResults"], found["startIndex"], found["itemsPerPage"]) == ([LIST], 4, 2, 2)
    assert [each["userName"] for each in found["Resources"]] == ["u1", "u2"]

    def names(text: str) -> set[str]:
        answer = call("POST", "Users/.search", {"schemas": [SEARCH], "filter": text, "attributes": ["userName"]})
        assert answer.status_code == 200, answer.body
        return {each["userName"] for each in answer.body["Resources"]}

    assert names('externalId eq "P-u3" or (name.formatted co "4" and not (active eq false))') == {"u3", "u4"}
    assert names('displayName eq "甲0"') == {"u0"} == names(f'{USER}:userName eq "U0"')
    assert names(f'groups.value eq "{people.county.ref.id}"') == {"clerk"}
    assert names('userName ne "u0" and userName sw "u"') == {"u1", "u2", "u3", "u4"}
    groups = call("GET", 'Groups?filter=displayName co "市场"&excludedAttributes=members').body
    assert [each["externalId"] for each in groups["Resources"]] == ["460105/commerce"]
    assert "members" not in groups["Resources"][0]
    assert call("GET", "Groups?count=0").body["Resources"] == []


def test_versions_stop_a_lost_update(call: Call) -> None:
    id_ = call("POST", "Users", user()).body["id"]
    first = call("GET", f"Users/{id_}")
    assert call("GET", f"Users/{id_}", **{"If-None-Match": first["ETag"]}).status_code == 304
    changed = call("PUT", f"Users/{id_}", user(title="科长"), **{"If-Match": first["ETag"]})
    assert changed.status_code == 200 and changed["ETag"] != first["ETag"]
    stale = call("PUT", f"Users/{id_}", user(title="处长"), **{"If-Match": first["ETag"]})
    assert stale.status_code == 412 and call("GET", f"Users/{id_}").body["title"] == "科长"


def test_offices_are_founded_named_and_closed(call: Call, people: SimpleNamespace) -> None:
    made = call("POST", "Groups", {"schemas": [GROUP], "displayName": "秀英区数据局", "externalId": "460105/data"})
    assert made.status_code == 201
    office = api.office_by_code("460105/data")
    assert office.parent == api.office_by_code("460105").ref
    call("PATCH", f"Groups/{office.ref.id}", patch({"op": "replace", "path": "displayName", "value": "秀英区大数据局"}))
    assert api.office(office.ref).title == "秀英区大数据局"
    assert call("DELETE", f"Groups/{people.county.ref.id}").status_code == 409  # it holds people and parts
    assert call("DELETE", f"Groups/{office.ref.id}").status_code == 204
    assert call("GET", f"Groups/{office.ref.id}").status_code == 404


def test_the_service_tells_what_it_can(call: Call) -> None:
    assert call("GET", "ServiceProviderConfig").body["patch"] == {"supported": True}
    assert {each["id"] for each in call("GET", "Schemas").body["Resources"]} == {USER, GROUP}
    assert call("GET", f"Schemas/{USER}").body["name"] == "User"
    assert call("GET", "ResourceTypes/Group").body["endpoint"] == "/Groups"
    assert call("GET", "Me").status_code == 501 and call("POST", "Bulk", {}).status_code == 501


def test_nothing_beyond_the_subtree_and_no_administrator(call: Call, people: SimpleNamespace) -> None:
    far = api.create_staff("far", "郑远方")
    api.assign_post(far.ref, api.office_by_code("46/commerce").ref, "局长")
    city = api.office_by_code("4601").ref
    for path in (f"Users/{far.ref.id}", f"Users/{people.citizen.ref.id}", f"Groups/{city.id}"):
        for method in ("GET", "DELETE"):
            assert call(method, path).status_code == 404
    township = api.office_by_code("460105100").ref
    joining = patch({"op": "add", "path": "members", "value": [{"value": far.ref.id}]})
    assert call("PATCH", f"Groups/{township.id}", joining).status_code == 404
    assert api.people_at(township) == []
    # Somebody with a second post elsewhere, and an administrator within: seen, not touched.
    api.assign_post(people.clerk.ref, city, "兼任", concurrent=True)
    assert call("DELETE", f"Users/{people.clerk.ref.id}").status_code == 403
    api.define_role("auditor", "审计", ["identity.audit"])
    auditor = api.create_staff("auditor", "审计员")
    api.assign_post(auditor.ref, people.county.ref, "审计员", ["auditor"])
    taking_over = patch({"op": "replace", "path": "phoneNumbers", "value": [{"value": "13900000000"}]})
    assert call("PATCH", f"Users/{auditor.ref.id}", taking_over).status_code == 403
    assert api.person(auditor.ref).phone == "" and api.person(people.clerk.ref).active


@pytest.mark.parametrize("token", ["", "nonsense", "tbps_" + "A" * 43])
def test_without_a_token_nothing_opens(call: Call, token: str, people: SimpleNamespace) -> None:
    before = models.Person.objects.count()
    for method, path in (("GET", "Users"), ("POST", "Users"), ("GET", "Schemas"), ("DELETE", "Users/x")):
        answer = call(method, path, user() if method == "POST" else None, token=token)
        assert (answer.status_code, answer.body["schemas"]) == (401, [ERROR])
    assert models.Person.objects.count() == before


def test_a_session_opens_nothing(people: SimpleNamespace, staff_site: str, sign_in: Callable[..., Client]) -> None:
    assert sign_in("administrator").get("/scim/v2/Users").status_code == 401


def test_tokens_end(call: Call, system: SimpleNamespace) -> None:
    with travelled(timedelta(days=31)):
        assert call("GET", "Users").status_code == 401
    assert call("GET", "Users").status_code == 200
    revoke_system(system.actor, system.row.public_id)
    assert call("GET", "Users").status_code == 401
    assert system.token not in str(models.PersonnelSystem.objects.values().get())


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("POST", "Users", "{", 400, "invalidSyntax"),
        ("POST", "Users", "[]", 400, "invalidSyntax"),
        ("POST", "Users", {"userName": "x"}, 400, "invalidValue"),
        ("POST", "Users", user("clerk"), 409, "uniqueness"),
        ("POST", "Users", user("CLERK"), 409, "uniqueness"),
        ("POST", "Users", user(active="maybe"), 400, "invalidValue"),
        ("POST", "Users", user(phoneNumbers="13800000000"), 400, "invalidValue"),
        ("POST", "Users", user("a\x00b"), 400, "invalidValue"),
        ("GET", 'Users?filter=userName eq "x', None, 400, "invalidFilter"),
        ("GET", "Users?filter=userName", None, 400, "invalidFilter"),
        ("GET", 'Users?filter=password eq "x"', None, 400, "invalidFilter"),
        ("GET", 'Users?filter=id co "x"', None, 400, "invalidFilter"),
        ("GET", "Users?filter=" + "(" * 60 + 'id eq "x"', None, 400, "invalidFilter"),
        ("GET", "Users?count=many", None, 400, "invalidValue"),
        ("PATCH", "Users/{id}", {}, 400, "invalidSyntax"),
        ("PATCH", "Users/{id}", patch({"op": "move", "path": "title"}), 400, "invalidSyntax"),
        ("PATCH", "Users/{id}", patch({"op": "remove"}), 400, "noTarget"),
        ("PATCH", "Users/{id}", patch({"op": "replace", "path": "id", "value": "x"}), 400, "mutability"),
        ("PATCH", "Users/{id}", patch({"op": "add", "path": "groups", "value": []}), 400, "mutability"),
        ("PATCH", "Users/{id}", patch({"op": "add", "path": "roles", "value": ["x"]}), 400, "invalidPath"),
        ("PATCH", "Users/{id}", patch({"op": "replace", "path": "title[", "value": "x"}), 400, "invalidPath"),
        (
            "PATCH", "Users/{id}",
            patch({"op": "replace", "path": 'phoneNumbers[type eq "fax"].value', "value": "1"}), 400, "noTarget",
        ),
        ("PATCH", "Users/{id}", patch({"op": "replace", "value": {"userName": ""}}), 400, "invalidValue"),
        ("PUT", "Users/{id}", user(id="another"), 400, "mutability"),
        ("POST", "Groups", {"displayName": "x", "externalId": "4601"}, 409, "uniqueness"),
        ("POST", "Groups", {"displayName": "x", "members": [{"value": "nobody"}]}, 404, None),
        ("PATCH", "Users", patch(), 405, None),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_refused_in_its_form_and_changes_nothing(
    call: Call, method: str, path: str, body: Any, status: int, kind: str | None
) -> None:
    made = call("POST", "Users", user("base")).body
    before = (list(models.Person.objects.order_by("pk").values()), models.Office.objects.count())
    answer = call(method, path.replace("{id}", made["id"]), body)
    assert (answer.status_code, answer.body.get("scimType")) == (status, kind), answer.body
    assert (answer.body["schemas"], answer.body["status"]) == ([ERROR], str(status))
    assert (list(models.Person.objects.order_by("pk").values()), models.Office.objects.count()) == before


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ('userName eq "BJENSEN"', True),
        ('emails[type eq "work" and value co "@example.com"]', True),
        ('emails[type eq "home"]', False),
        ('userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")', True),
        ('userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")', False),
        ("title pr", False),
        ("age gt 40 and age le 41", True),
        ('age gt "40"', False),
        ("active eq true", True),
    ],
)
def test_the_examples_of_the_rfc(text: str, fits: bool) -> None:
    emails = [{"type": "work", "value": "bjensen@example.com"}]
    one = {"userName": "bjensen", "userType": "Employee", "emails": emails, "age": 41, "active": True, "title": ""}
    assert holds(parse(text), one) is fits
