"""Three administrators, requests, reviews, emergencies, quotas: who may do what with rights (R7, T2, T6, T7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client

from tongban.base.kernel.api import SHANGHAI, Invalid, Ref, Refused, now, today, travelled
from tongban.base.ledger.api import history
from tongban.trust.identity import api, grants, models
from tongban.trust.identity.authority import emergency, requests, reviews
from tongban.trust.identity.authority.data import ALARMS, Scope, Target, Verdict
from tongban.trust.identity.authority.sightings import looked_up
from tongban.trust.identity.reorganisation.actions import propose

from .conftest import CITIZEN_ID, PASSWORD

pytestmark = pytest.mark.django_db

ADMINISTRATORS = {
    "system": ["identity.read", "identity.manage"],
    "security": ["identity.read", "identity.confirm"],
    "audit": ["identity.read", "identity.audit"],
}
LATER = "2099-01-01"
NEW = "quiet-Heron-72"


@dataclass
class House:
    """The three administrators of the province, a clerk, and one of everything that can be acted upon."""

    clerk: api.Person
    stranger: api.Person
    county: api.Office
    ids: dict[str, str] = field(default_factory=dict)

    def actor(self, name: str) -> api.Actor:
        return api.actor_for(api.person_by_username(name).ref)


@pytest.fixture
def house(people: SimpleNamespace, staff_site: str) -> House:
    api.disable(people.administrator.ref)
    top = api.office_by_code("46")
    for kind, permissions in ADMINISTRATORS.items():
        api.define_role(f"{kind}_admin", kind, permissions, reach="subtree")
        made = api.create_staff(kind, f"{kind}管理员", password=PASSWORD, second_factor=False)
        api.assign_post(made.ref, top.ref, kind, [f"{kind}_admin"])
    house = House(people.clerk, people.stranger, people.county)
    system = house.actor("system")
    post = requests.ask_post(system, people.stranger.ref, people.county.ref, "窗口", ["clerk"])
    given = grants.grant(
        people.stranger.ref, "identity.read", people.county.ref, until=now() + timedelta(days=9), purpose="借调"
    )
    review = reviews.open_review(house.actor("security"), "年度复核", today() + timedelta(days=30))
    line = models.ReviewLine.objects.get(grant__public_id=given.ref.id)
    text = f"title: 改名\non: {today()}\nchanges:\n  - rename: {{office: 460105/commerce, title: 秀英区商务局}}\n"
    reform = propose(text, by=system.person)
    personnel, _token = api_make_system(system, house)
    assert not isinstance(post, api.Post)
    house.ids = {
        "request": post.ref.id,
        "grant": given.ref.id,
        "post": api.posts_of(people.clerk.ref)[0].ref.id,
        "review": review.public_id,
        "line": str(line.pk),
        "reform": reform.public_id,
        "personnel": personnel.public_id,
        "clerk": people.clerk.ref.id,
        "stranger": people.stranger.ref.id,
        "county": people.county.ref.id,
        "text": text,
    }
    return house


def api_make_system(system: api.Actor, house: House) -> tuple[models.PersonnelSystem, str]:
    from tongban.trust.identity.scim.tokens import make_system

    return make_system(system, "人事", house.county.ref, now() + timedelta(days=30))


Send = Callable[[Client, dict[str, str]], Any]


def post(address: str, **body: Any) -> Send:
    return lambda client, ids: client.post(address.format(**ids), {k: _filled(v, ids) for k, v in body.items()})


def _filled(value: Any, ids: dict[str, str]) -> Any:
    if value == "FILE":
        return SimpleUploadedFile("plan.yaml", ids["text"].encode())
    if value == "LIST":
        return SimpleUploadedFile("list.csv", "账号,姓名\nnew.one,新人甲\n".encode())
    return value


def get(address: str) -> Send:
    return lambda client, ids: client.get(address.format(**ids))


GRANT = {"permission": "identity.read", "office": "460105", "purpose": "核查", "until": LATER}
POST = {"office": "460105/commerce", "title": "科员", "valid_from": "2026-01-01"}
OPERATIONS: list[tuple[str, Send, set[str]]] = [
    ("create an account", post("/offices/people/new/", name="甲一", username="new.one", password=PASSWORD), {"system"}),
    ("post without roles", post("/offices/people/{stranger}/post/", **POST), {"system"}),
    ("ask for a post with roles", post("/offices/people/{stranger}/post/", **POST, roles=["clerk"]), {"system"}),
    ("ask for a grant for somebody", post("/offices/people/{stranger}/grant/", **GRANT), {"system"}),
    ("end a post", post("/offices/posts/{post}/end/"), {"system"}),
    ("set a password", post("/offices/people/{clerk}/password/", password=NEW, again=NEW), {"system"}),
    ("close an account", post("/offices/people/{clerk}/account/", do="disable"), {"system"}),
    ("end sessions", post("/offices/people/{clerk}/account/", do="sign_out"), {"system"}),
    ("rename an office", post("/offices/{county}/rename/", title="秀英区商务局"), {"system"}),
    ("bring in a list of people", post("/offices/personnel/list/", file="LIST", keep="on"), {"system"}),
    ("connect a program", post("/offices/personnel/", title="新系统", office="460105", until=LATER), {"system"}),
    ("revoke a personnel system", post("/offices/personnel/{personnel}/revoke/"), {"system"}),
    ("propose a reorganisation", post("/offices/reorganisations/", file="FILE"), {"system"}),
    ("withdraw a reorganisation", post("/offices/reorganisations/{reform}/withdraw/"), {"system"}),
    ("approve a reorganisation", post("/offices/reorganisations/{reform}/approve/"), {"security"}),
    ("confirm a right", post("/offices/rights/{request}/decide/", do="confirm"), {"security"}),
    ("refuse a right", post("/offices/rights/{request}/decide/", do="refuse", reason="不需要"), {"security"}),
    ("revoke a grant", post("/offices/grants/{grant}/revoke/"), {"security"}),
    ("begin a review", post("/offices/reviews/", title="专项复核", due=LATER), {"security"}),
    ("review a right", lambda c, ids: c.post(f"/offices/reviews/{ids['review']}/", {"v" + ids["line"]: "end"}),
     {"security"}),
    ("see what others did", get("/offices/audit/"), {"audit"}),
    ("see rights to confirm", get("/offices/rights/"), {"system", "security"}),
    ("see review rounds", get("/offices/reviews/"), {"security", "audit"}),
    ("see reorganisations", get("/offices/reorganisations/{reform}/"), {"system", "security", "audit"}),
]  # fmt: skip


def everything() -> list[Any]:
    """All that identity keeps, but for sessions and counters; and how much the ledger holds besides the refusals."""
    kept: list[Any] = []
    for model in apps.get_app_config("identity").get_models():
        if model.__name__ not in ("Session", "Limit", "OneTimeCode"):
            kept.append([{**row, "last_login": ""} for row in model._base_manager.order_by("pk").values()])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ledger_leaf WHERE kind NOT LIKE 'identity.sign%' AND kind <> 'site.refused'"
        )
        kept.append(cursor.fetchone())
    return kept


def test_r7_t6_t7_each_operation_passes_for_its_administrator_only(
    house: House, sign_in: Callable[..., Client]
) -> None:
    """Every administrative operation x three administrators and a clerk: only the intended ones pass, and whoever is
    refused has changed nothing."""
    browsers = {name: sign_in(name) for name in ("system", "security", "audit", "clerk")}
    before, wrong = everything(), []
    for what, send, allowed in OPERATIONS:
        for name, browser in browsers.items():
            with transaction.atomic():
                answer = send(browser, house.ids)
                passed = answer.status_code in (200, 302) and "sign-in" not in answer.get("Location", "")
                changed = everything() != before
                refused = answer.status_code in (403, 404) and not changed
                fits = (passed and changed != what.startswith("see ")) if name in allowed else refused
                if not fits:
                    wrong.append((what, name, answer.status_code, changed))
                transaction.set_rollback(True)
    assert wrong == []


def test_t7_the_audit_administrator_changes_nothing_anywhere(house: House, sign_in: Callable[..., Client]) -> None:
    """The auditor is in no operation that writes: M3 reads."""
    assert not [what for what, _send, allowed in OPERATIONS if "audit" in allowed and not what.startswith("see ")]
    page = sign_in("audit").get("/offices/audit/").content.decode()
    assert "周路人" in page and "<form" not in page.split("<main")[1].split("</main")[0]


def test_r7_the_database_keeps_the_three_apart_by_person(house: House) -> None:
    top = api.office_by_code("46").ref
    system = api.person_by_username("system")
    ways: list[Callable[[], Any]] = [
        lambda: api.assign_post(system.ref, top, "兼任", ["security_admin"], concurrent=True),
        lambda: api.assign_post(system.ref, top, "代理", ["audit_admin"], until=today() + timedelta(days=2)),
        lambda: api.assign_post(system.ref, top, "科员", ["clerk"]),
        lambda: api.assign_post(system.ref, top, "将来", ["audit_admin"], valid_from=today() + timedelta(days=99)),
        lambda: grants.grant(system.ref, "identity.read", None, until=now() + timedelta(days=1), purpose="看看"),
        lambda: api.define_role("clerk2", "x", ["identity.manage"]) or api.assign_post(
            house.clerk.ref, top, "x", ["clerk2"]),
        lambda: api.define_role("clerk", "窗口人员", ["identity.read", "identity.audit"]) or api.assign_post(
            system.ref, top, "x", ["clerk"]),
    ]  # fmt: skip
    for way in ways:
        before = everything()
        with pytest.raises(Refused) as caught, transaction.atomic():
            way()
        assert caught.value.code == "administrator"
        assert everything() == before
    # Whatever writes the row: also plain SQL.
    row = models.Post.objects.get(person__public_id=system.ref.id)
    for column, value in (("roles", "{security_admin,system_admin}"), ("roles", "{clerk,system_admin}")):
        with pytest.raises(IntegrityError, match="administrator"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE identity_post SET {column} = %s WHERE id = %s", [value, row.pk])
    # One after the other is no offence.
    api.end_post(row.ref)
    api.assign_post(system.ref, top, "安全", ["security_admin"])


def test_r7_a_role_is_of_one_kind_and_administrators_rights_are_no_grants(house: House) -> None:
    with pytest.raises(Invalid):
        api.define_role("both", "两者", ["identity.manage", "identity.confirm"])
    with pytest.raises(Invalid):
        grants.grant(house.clerk.ref, "identity.confirm", None, until=now() + timedelta(days=1), purpose="x")


def test_t6_nobody_makes_themselves_an_approver(house: House, sign_in: Callable[..., Client]) -> None:
    """Asked for oneself, confirmed by oneself, confirmed by who asked: refused, also by the database."""
    security, system = house.actor("security"), house.actor("system")
    own = requests.ask_grant(security, security.person, "identity.read", None, until=today(), purpose="自用")
    asked = requests.ask_grant(system, house.clerk.ref, "identity.read", None, until=today(), purpose="核查")
    with pytest.raises(Refused):
        requests.decide_request(security, own.ref.id, True)
    with pytest.raises(Refused):
        requests.decide_request(system, asked.ref.id, True)
    for row in (own, asked):
        with pytest.raises(IntegrityError), transaction.atomic():
            models.RightsRequest.objects.filter(public_id=row.ref.id).update(
                decided_by=str(security.person if row is own else system.person), state="confirmed"
            )
    assert not grants.grants_of(security.person) and not grants.grants_of(house.clerk.ref)
    requests.decide_request(security, asked.ref.id, True)
    (given,) = grants.grants_of(house.clerk.ref)
    assert given.until == datetime.combine(today(), datetime.max.time().replace(microsecond=0), SHANGHAI)
    kinds = [leaf.kind for leaf in history(asked.ref)]
    assert kinds == ["identity.rights.asked", "identity.rights.decided"]


def test_trust05_a_grant_reaches_its_register_field_level_and_zone(house: House) -> None:
    api.scoped._items["identity.read"] = True
    try:
        scope = Scope("population", ("phone",), "internal", "outer")
        grants.grant(house.clerk.ref, "identity.read", None, until=now() + timedelta(1), purpose="x", scope=scope)
    finally:
        del api.scoped._items["identity.read"]
    api.end_post(api.posts_of(house.clerk.ref)[0].ref)
    clerk = api.actor_for(house.clerk.ref)
    fits = Target("population", "phone", "internal", "outer")
    assert api.may(clerk, "identity.read", target=fits) and api.may(clerk, "identity.read")
    for wrong in (
        Target("legal_entity", "phone", "internal", "outer"),
        Target("population", "name", "internal", "outer"),
        Target("population", "phone", "sensitive", "outer"),
        Target("population", "phone", "internal", "inner"),
    ):
        assert not api.may(clerk, "identity.read", target=wrong)


def test_a_review_keeps_ends_and_lets_expire(house: House) -> None:
    row = models.Review.objects.get(public_id=house.ids["review"])
    security = house.actor("security")
    (own,) = [line for line in reviews.lines_of(row) if line.person == security.person]
    with pytest.raises(Refused):
        reviews.decide_lines(security, row.public_id, {own.id: Verdict.KEEP})
    reviews.decide_lines(security, row.public_id, {int(house.ids["line"]): Verdict.KEEP})
    (kept,) = grants.grants_of(house.stranger.ref)
    assert kept.ref.id == house.ids["grant"]
    with travelled(timedelta(days=31)):
        assert reviews.expire_reviews() >= 1
        (post,) = api.posts_of(house.clerk.ref)
        assert post.roles == () and not api.may(api.actor_for(house.clerk.ref), "identity.read")
        # Nobody looked at the only security administrator, who stays: else nobody could ever give a right again.
        assert api.may(house.actor("security"), "identity.confirm")
    row.refresh_from_db()
    assert row.closed_at and not row.lines.filter(verdict="").exists()


@pytest.fixture
def officers(house: House) -> tuple[api.Actor, api.Actor]:
    api.define_role("duty", "值班", ["identity.emergency"])
    for name in ("clerk", "stranger"):
        api.assign_post(api.person_by_username(name).ref, house.county.ref, "值班", ["duty"])
    return house.actor("clerk"), house.actor("stranger")


def test_an_emergency_needs_two_officers_and_ends(house: House, officers: tuple[api.Actor, api.Actor]) -> None:
    first, second = officers
    subject = api.person_by_id_number(CITIZEN_ID)
    assert subject
    row = emergency.ask_emergency(first, subject.ref, "老人走失，需要联系家属")
    assert not models.PurposeGrant.objects.exists()
    with pytest.raises(Refused):
        emergency.second_emergency(first, row.public_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Emergency.objects.filter(pk=row.pk).update(second=row.officer)
    emergency.second_emergency(second, row.public_id)
    (opened,) = models.PurposeGrant.objects.all()
    assert (opened.officer_id, opened.subject_id) == (first.person.id, subject.ref.id)
    assert opened.until - now() <= timedelta(hours=1)
    (seen,) = [leaf for leaf in history(subject.ref) if leaf.kind == "identity.emergency.seen"]
    assert seen.by == first.person and seen.facts["why"] == "老人走失，需要联系家属"
    with pytest.raises(Invalid):
        emergency.ask_emergency(first, subject.ref, "急")
    late = emergency.ask_emergency(first, subject.ref, "老人走失，需要联系家属")
    with travelled(timedelta(hours=1)), pytest.raises(Refused):
        emergency.second_emergency(second, late.public_id)


def test_t2_a_thousand_lookups_in_an_hour_are_stopped_and_told(house: House, settings: Any) -> None:
    settings.TONGBAN_LOOKUPS_HOUR, settings.TONGBAN_LOOKUPS_DAY = 40, 60
    clerk = house.actor("clerk")
    seen = 0
    for n in range(100):
        try:
            looked_up(clerk, [Ref("registers.population", str(n))])
            seen += 1
        except Refused as refused:
            assert refused.code == "quota"
    assert seen == 40
    looked_up(clerk, [Ref("registers.population", "7")])  # whom one has seen already, one may see again
    (alarm,) = history(ALARMS)
    assert alarm.by == clerk.person and alarm.facts == {"people": 30, "hours": 1}
    with travelled(timedelta(hours=2)):
        for n in range(100, 120):
            looked_up(clerk, [Ref("registers.population", str(n))])
        with pytest.raises(Refused):
            looked_up(clerk, [Ref("registers.population", "121")])
    assert [leaf.facts["hours"] for leaf in history(ALARMS)] == [1, 24]
