"""Asking for data: checked, decided, granted, used, ended (DATA-06, DATA-43, SCN-23)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tongban.base.kernel.api import Invalid, NotFound, Refused, Stale, today, travelled
from tongban.base.ledger.api import history
from tongban.data.catalogue import api, requesting
from tongban.data.catalogue.data import (
    GrantState,
    Mode,
    Request,
    RequestOverdue,
    RequestState,
    Resource,
    Sharing,
    Wish,
)
from tongban.engine.notify.api import messages

Take, Make = Callable[..., Resource], Callable[..., Wish]


def checked(town: SimpleNamespace, wish: Wish) -> Request:
    made = api.request(town.user, wish)
    return api.check(town.authority, made.id, True, "", made.version)


def test_scn_23_a_conditional_resource_is_checked_decided_and_used(
    town: SimpleNamespace, published: Take, wish: Make
) -> None:
    resource = published()
    made = api.request(town.user, wish(resource))
    assert made.state is RequestState.CHECK and made.due is not None
    passed = api.check(town.authority, made.id, True, "", made.version)
    assert passed.state is RequestState.OWNER and passed.due is not None and passed.due > made.due
    done = api.decide(town.chief, made.id, ["uscc"], "名称可由代码查得", "", passed.version)
    assert (done.state, done.given) == (RequestState.PARTIAL, ("uscc",))
    grant = api.live_grant(done.grant, town.tax, Mode.BATCH, ["uscc"])
    assert grant.number.startswith("SQ-") and grant.office_code == "46.tax"
    api.count_use(grant.number, 500)
    api.count_use(grant.id, 20)
    used = api.grant(grant.number)
    assert (used.uses, used.rows) == (2, 520)
    assert [leaf.kind for leaf in history(made.ref)][-1] == "catalogue.request.decided"
    figures = api.figures()
    assert (figures.shared, figures.granted, figures.grants) == (1.0, 1, 1)
    assert [(one.requests, one.refused) for one in api.demands()] == [(1, 0)]


def test_unconditional_data_are_granted_at_once_but_for_personal_items(
    town: SimpleNamespace, published: Take, wish: Make
) -> None:
    resource = published(sharing=Sharing.UNCONDITIONAL)
    assert api.request(town.user, wish(resource)).state is RequestState.GRANTED
    personal = api.request(town.user, wish(resource, items=("manager_id",)))
    assert personal.state is RequestState.CHECK
    assert api.check(town.authority, personal.id, True, "", personal.version).state is RequestState.GRANTED


def test_what_the_law_forbids_is_not_asked_for(town: SimpleNamespace, published: Take, wish: Make) -> None:
    resource = published(sharing=Sharing.REFUSED, law="《统计法》第二十八条")
    with pytest.raises(Refused, match="统计法"):
        api.request(town.user, wish(resource))
    assert api.requests() == [] and [one.code for one in api.refusals()] == [resource.code]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("items", ("salary",)),
        ("mode", Mode.FILE),
        ("basis", " "),
        ("until", today()),
        ("until", today() + timedelta(days=4000)),
    ],
)
def test_a_request_that_does_not_hold_is_told_by_field(
    town: SimpleNamespace, published: Take, wish: Make, field: str, value: Any
) -> None:
    with pytest.raises(Invalid) as refusal:
        api.request(town.user, wish(published(), **{field: value}))
    assert set(refusal.value.errors) == {field} and api.requests() == []


def test_t36_asking_twice_makes_one_request(town: SimpleNamespace, published: Take, wish: Make) -> None:
    one = wish(published())
    made = api.request(town.user, one)
    with pytest.raises(Refused):
        api.request(town.user, one)
    with pytest.raises(Stale):
        api.check(town.authority, made.id, True, "", made.version + 1)
    assert len(api.requests()) == 1 and api.requested(made.id).state is RequestState.CHECK


def test_a_refusal_needs_reason_and_law_and_can_be_mediated(town: SimpleNamespace, published: Take, wish: Make) -> None:
    waits = checked(town, wish(published()))
    for reason, law in (("", ""), ("不宜", "")):
        with pytest.raises(Invalid):
            api.decide(town.chief, waits.id, [], reason, law, waits.version)
    no = api.decide(town.chief, waits.id, [], "超出职责", "《条例》第十条", waits.version)
    assert no.state is RequestState.REFUSED and no.grant == ""
    asked = api.mediation(town.user, no.id, "确为法定职责所需", no.version)
    with pytest.raises(Refused):
        api.mediate(town.chief, no.id, ["uscc", "name"], "同意", asked.version)
    yes = api.mediate(town.authority, no.id, ["uscc", "name"], "属法定职责，应当共享", asked.version)
    assert yes.state is RequestState.GRANTED and api.live_grant(yes.grant, town.tax, Mode.BATCH, ["name"])


def test_a_returned_request_is_corrected(town: SimpleNamespace, published: Take, wish: Make) -> None:
    one = wish(published())
    made = api.request(town.user, one)
    back = api.check(town.authority, made.id, False, "请写明法条", made.version)
    assert back.state is RequestState.RETURNED
    again = api.resubmit(town.user, back.id, replace(one, basis="《税收征收管理法》第十五条"), back.version)
    assert again.state is RequestState.CHECK and again.due


def test_overdue_is_told_once_to_supervision_and_the_owner(
    town: SimpleNamespace, published: Take, wish: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = checked(town, wish(published()))
    events: list[object] = []
    monkeypatch.setattr(requesting, "emit", events.append)
    assert waits.due
    with travelled(waits.due - today()):
        assert api.watch() == 0
        assert messages(town.chief).messages[0].kind == "catalogue.due_soon"
    with travelled(waits.due - today() + timedelta(days=1)):
        assert api.watch() == 1 and api.watch() == 0
        assert events == [RequestOverdue(waits.id, "DATA.REPLY", town.ic, waits.due)]
        assert messages(town.chief).messages[0].kind == "catalogue.overdue"


def test_t13_live_grants_answer_for_their_office_items_and_time_only(
    town: SimpleNamespace, published: Take, wish: Make
) -> None:
    resource = published(sharing=Sharing.UNCONDITIONAL)
    id = api.request(town.user, wish(resource)).grant
    for office, mode, items, code in (
        (town.ic, Mode.BATCH, ["uscc"], "unknown"),
        (town.tax, Mode.QUERY, ["uscc"], "mode"),
        (town.tax, Mode.BATCH, ["capital"], "items"),
    ):
        with pytest.raises(Refused) as refusal:
            api.live_grant(id, office, mode, items)
        assert refusal.value.code == code
    api.suspend(town.chief, id, "疑似超范围使用")
    with pytest.raises(Refused) as refusal:
        api.live_grant(id, town.tax, Mode.BATCH, ["uscc"])
    assert refusal.value.code == "state"
    api.resume(town.authority, id)
    api.live_grant(id, town.tax, Mode.BATCH, ["uscc"])
    with pytest.raises(NotFound):
        api.revoke(town.stranger, id, "x")
    with travelled(timedelta(days=366)):
        with pytest.raises(Refused) as refusal:
            api.live_grant(id, town.tax, Mode.BATCH, ["uscc"])
        assert refusal.value.code == "expired"
        assert api.expire() == 1 and api.grant(id).state is GrantState.EXPIRED


def test_a_retired_resource_ends_its_grants(town: SimpleNamespace, published: Take, wish: Make) -> None:
    resource = published(sharing=Sharing.UNCONDITIONAL)
    id = api.request(town.user, wish(resource)).grant
    api.retire(town.authority, resource.id, "系统停用")
    assert api.grant(id).state is GrantState.REVOKED
