"""Reorganising offices: what identity itself holds finds a new home, nothing is left behind (NFR-08)."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils.translation import override

from tongban.base.kernel.api import DefinitionError, Refused, now, today, travelled
from tongban.base.ledger.api import history
from tongban.trust.identity import api, grants, models
from tongban.trust.identity.reorganisation import actions, file
from tongban.trust.identity.reorganisation.data import State

pytestmark = pytest.mark.django_db

MERGE = """
title: 海口市机构改革
on: {day}
basis: 琼编〔2026〕12号
changes:
  - merge:
      from: [460105/commerce, 4601/tax]
      into: {{code: 4601/market, title: 海口市市场监管和税务局, kind: department, division: "4601", parent: "4601"}}
  - rename: {{office: "460105100", title: 长流新镇人民政府}}
  - move: {{office: "460105100201", parent: "460105"}}
people:
  - {{person: clerk, to: 4601/market, title: 综合窗口}}
"""
SPLIT = """
title: 拆分
on: {day}
changes:
  - split:
      from: 46/commerce
      into:
        - 46/commerce
        - {{code: 46/quality, title: 海南省质量监督局, division: "46", parent: "46"}}
      rules:
        - {{parts: [quality], to: 46/quality}}
      {rest}
"""


def text(template: str, days: int = 0, **more: str) -> str:
    return template.format(day=today() + timedelta(days=days), **more)


def test_nfr08_two_offices_become_one_and_history_keeps_their_names(people: SimpleNamespace) -> None:
    api.assign_post(people.stranger.ref, api.office_by_code("4601/tax").ref, "税务员", ["clerk"])
    api.grant(people.stranger.ref, "identity.read", people.county.ref, until=now() + timedelta(days=9), purpose="借调")
    row, plan = actions.reorganise(text(MERGE))
    assert row.state == State.APPLIED and plan["possible"]
    market = api.office_by_code("4601/market")
    assert {(post.person_name, post.title) for post in api.people_at(market.ref)} == {
        ("陈窗口", "综合窗口"),
        ("周路人", "税务员"),
    }
    assert api.people_at(people.county.ref) == []
    assert api.office_by_role("commerce", "460105").ref == market.ref == api.office_by_role("tax", "460105").ref
    assert api.may(api.actor_for(people.clerk.ref), "identity.read", market.ref)
    assert not api.may(api.actor_for(people.clerk.ref), "identity.read", people.county)
    assert [grant.office for grant in grants.grants_of(people.stranger.ref)] == [market.ref]
    # The old office is closed, keeps its name and its posts' history, and is found under the old name.
    assert api.office(people.county.ref).until == today()
    assert [post.office_title for post in api.posts_of(people.clerk.ref, history=True)] == [
        "海口市市场监管和税务局",
        "秀英区市场监督管理局",
    ]
    assert [office.ref for office in api.find_offices("秀英区市场监督")] == [market.ref]
    assert api.office_by_code("460105100").title == "长流新镇人民政府"
    assert api.office_by_code("460105100201").parent == api.office_by_code("460105").ref
    assert [leaf.kind for leaf in history(row.ref)][-1] == "identity.offices.reorganised"
    assert {s.former.code for s in models.Succession.objects.select_related("former")} == {
        "460105/commerce",
        "4601/tax",
    }


def test_what_has_no_home_stops_everything(people: SimpleNamespace) -> None:
    with pytest.raises(Refused, match="commerce"):
        actions.reorganise(text(SPLIT, rest=""))
    assert not models.Office.objects.filter(code="46/quality").exists()
    assert api.office_by_role("quality", "46").code == "46/commerce"
    row, _plan = actions.reorganise(text(SPLIT, rest="rest: 46/commerce"))
    assert row.state == State.APPLIED
    assert api.office_by_role("quality", "46").code == "46/quality"
    assert api.office_by_role("commerce", "46").code == "46/commerce"
    assert api.office_by_code("46/commerce").until is None


def test_an_office_is_closed_only_when_it_holds_nothing(people: SimpleNamespace) -> None:
    closing = f"title: 撤销\non: {today()}\nchanges:\n  - close: {{office: 460105/commerce}}\n"
    with pytest.raises(Refused, match="460105/commerce"):
        actions.reorganise(closing)
    assert api.people_at(people.county.ref)
    actions.reorganise(closing.replace("commerce}", 'commerce, to: "460105"}'))
    assert api.office_by_role("commerce", "460105").code == "460105"
    assert [post.office_title for post in api.posts_of(people.clerk.ref)] == ["秀英区人民政府"]


def test_a_stand_in_goes_on_standing_in(people: SimpleNamespace) -> None:
    (held,) = api.posts_of(people.clerk.ref)
    api.assign_post(
        people.stranger.ref, people.county.ref, "代班", ["clerk"], acting_for=held.ref, until=today() + timedelta(9)
    )
    actions.reorganise(text(MERGE))
    (moved,) = api.posts_of(people.clerk.ref)
    (stand_in,) = api.posts_of(people.stranger.ref)
    assert stand_in.acting_for == moved.ref and stand_in.until == today() + timedelta(9)


def test_a_future_day_waits_for_its_job(people: SimpleNamespace) -> None:
    row, _plan = actions.reorganise(text(MERGE, days=10))
    assert row.state == State.APPROVED and actions.apply_due() == 0
    assert api.people_at(people.county.ref)
    with travelled(timedelta(days=10)):
        assert actions.apply_due() == 1
        assert api.people_at(people.county.ref) == []
        assert api.people_at(api.office_by_code("4601/market").ref)


def test_what_cannot_be_done_on_its_day_is_said(people: SimpleNamespace) -> None:
    row, _plan = actions.reorganise(text(SPLIT, days=10, rest="rest: 46/commerce"))
    late = api.office_by_code("46/commerce")
    models.Office.objects.filter(public_id=late.ref.id).update(until=today() + timedelta(days=2))
    with travelled(timedelta(days=10)):
        assert actions.apply_due() == 0
    row.refresh_from_db()
    assert row.state == State.FAILED and "46/commerce" in row.message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("merge: {from: [46/commerce], into: nowhere}", "nowhere"),
        ("merge: {from: [none], into: 46/commerce}", "none"),
        ("rename: {office: 46/commerce}", ":4: `title` is missing"),
        ("split: {from: 46/commerce, into: [46/commerce]}", "two or more"),
        (
            "split: {from: 46/commerce, into: ['4601', '460105'], rules: [{parts: [x], to: '46'}]}",
            "none of the offices",
        ),
        ("move: {office: '4601', parent: '460105'}", "cannot lie below itself"),
        ("explode: {office: '4601'}", "one of merge"),
        ("close: {office: '4601', now: x}", "'now' is not known"),
    ],
)
def test_a_fault_in_the_file_is_named(province: None, change: str, said: str) -> None:
    with override("en"), pytest.raises(DefinitionError) as caught:
        actions.propose(f"title: x\non: {today()}\nchanges:\n  - {change}\n")
    assert said in "\n".join(caught.value.findings)
    assert not models.Reorganisation.objects.exists()


def test_an_office_changes_once() -> None:
    twice = "title: x\non: 2027-01-01\nchanges:\n  - close: {office: a, to: b}\n  - close: {office: b, to: c}\n"
    with pytest.raises(DefinitionError, match="ends with this reorganisation"):
        file.read(twice)
