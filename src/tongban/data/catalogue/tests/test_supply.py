"""After a grant: supplied within twenty working days, fed back on, ended with notice (DATA-06, 政务数据共享条例)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Invalid, NotFound, TongbanError, today, travelled
from tongban.base.ledger.api import history
from tongban.data.catalogue import api
from tongban.data.catalogue.data import Feedback, Grant, GrantState, Mode, Resource, Sharing, SupplyOverdue, Wish
from tongban.engine.notify.api import messages
from tongban.trust.identity.data import Actor

Given = Callable[..., Grant]


@pytest.fixture
def given(town: SimpleNamespace, published: Callable[..., Resource], wish: Callable[..., Wish]) -> Given:
    def make(**changes: object) -> Grant:
        resource = published(sharing=Sharing.UNCONDITIONAL, condition="")
        return api.grant(api.request(town.user, wish(resource, **changes)).grant)

    return make


def kinds(actor: Actor) -> list[str]:
    return [one.kind for one in messages(actor).messages]


def test_the_clock_of_supply_stops_at_the_first_use(town: SimpleNamespace, given: Given) -> None:
    grant = given()
    (clock,) = calendars.deadlines(grant.ref)
    assert (clock.code, clock.n, clock.due) == ("DATA.SUPPLY", 20, grant.supply_due)
    api.count_use(grant.number, 3)
    api.count_use(grant.number, 4)
    used = api.grant(grant.id)
    assert used.supply_due is None and used.supplied_at is not None and used.rows == 7
    assert [leaf.kind for leaf in history(grant.ref)].count("catalogue.grant.supplied") == 1
    assert [one.status for one in calendars.deadlines(grant.ref)] == ["met"]


def test_only_the_provider_says_that_it_supplies(town: SimpleNamespace, given: Given) -> None:
    grant = given()
    for actor in (town.user, town.stranger):
        with pytest.raises(TongbanError):
            api.supply(actor, grant.id)
    assert api.grant(grant.id).supplied_at is None
    api.supply(town.chief, grant.id)
    assert api.grant(grant.id).supplied_at is not None


def test_late_supply_is_told_once(town: SimpleNamespace, given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    grant = given()
    events: list[object] = []
    monkeypatch.setattr("tongban.data.catalogue.supplying.emit", events.append)
    with travelled(timedelta(days=45)):
        assert (api.watch_supply(), api.watch_supply()) == (1, 0)
    assert events == [SupplyOverdue(grant.id, town.ic, grant.supply_due)]
    assert kinds(town.chief).count("catalogue.supply_late") == 1


def test_a_grant_that_ends_is_announced_and_ends_for_both(town: SimpleNamespace, given: Given) -> None:
    grant = given(until=today() + timedelta(days=60))
    api.watch_supply()
    assert "catalogue.grant_ends" not in kinds(town.user)
    with travelled(timedelta(days=40)):
        api.watch_supply()
        api.watch_supply()
    assert kinds(town.user).count("catalogue.grant_ends") == 1
    with travelled(timedelta(days=61)):
        assert api.expire() == 1
    assert api.grant(grant.id).state is GrantState.EXPIRED and api.grant(grant.id).supply_due is None
    assert "catalogue.grant_ended" in kinds(town.user) and "catalogue.grant_ended" in kinds(town.chief)
    assert [one.status for one in calendars.deadlines(grant.ref)] == ["closed"]


def test_feedback_is_the_holders_and_reaches_the_provider(town: SimpleNamespace, given: Given) -> None:
    grant = given(mode=Mode.QUERY)
    with pytest.raises(Invalid) as wrong:
        api.give_feedback(town.user, grant.id, " ", -1, 6)
    assert set(wrong.value.errors) == {"effect", "cases", "score"}
    for actor in (town.chief, town.stranger):
        with pytest.raises(TongbanError):
            api.give_feedback(actor, grant.id, "好", 1, 5)
    with pytest.raises(NotFound):
        api.give_feedback(town.user, "0" * 26, "好", 1, 5)
    assert api.feedback(grant.id) == []
    said = api.give_feedback(town.user, grant.id, "核对税务登记1200户，减少重复提交", 1200, 4)
    assert api.feedback(grant.id) == [said] and isinstance(said, Feedback) and said.cases == 1200
    assert "catalogue.feedback" in kinds(town.chief)
