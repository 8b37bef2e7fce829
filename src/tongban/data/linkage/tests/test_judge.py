"""Two records before people: seen for a reason, merged by two, kept apart for good, split again."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import connection

from tongban.base.kernel.api import Refused, system
from tongban.base.ledger import api as ledger
from tongban.data.linkage import api
from tongban.data.linkage.data import ReviewState, Verdict
from tongban.data.linkage.models import Cluster, Difference, Number, Review, Row
from tongban.trust.identity import api as identity
from tongban.trust.identity.api import acting

from .conftest import by, golden, insured, number, resident

pytestmark = pytest.mark.django_db
CARD, OTHER = number(), number(serial=7)


@pytest.fixture
def twice(town: SimpleNamespace) -> str:
    """One person with two numbers, as the police wrote them down."""
    same = {"住址": "海口市人民路1号", "出生日期": "1990-03-07"}
    api.absorb(
        "population",
        "police/residents",
        [resident("p1", "陈小明", CARD, **same), resident("p2", "陈小明", OTHER, **same)],
    )
    return Review.objects.get().public_id


def test_t4_a_merge_needs_two_and_is_undone(town: SimpleNamespace, twice: str) -> None:
    with acting(by(town.judge)):
        assert api.judge(by(town.judge), twice, Verdict.MERGE, "地址电话一致") == ReviewState.SECOND
    assert golden(OTHER) is not None and not golden(OTHER).retired
    with acting(by(town.judge)), pytest.raises(Refused):
        api.judge(by(town.judge), twice, Verdict.MERGE, "再次确认")
    with acting(by(town.second)):
        assert api.judge(by(town.second), twice, Verdict.MERGE, "同意") == ReviewState.MERGED
    assert golden(OTHER).retired and not golden(CARD).retired
    assert [(c.kind, c.number, c.other) for c in api.changes("population")][-1] == ("merged", OTHER, CARD)
    with acting(by(town.second)):
        api.undo(by(town.second), twice, "两人同名同住址")
    assert not golden(OTHER).retired
    with system():
        assert sorted(Cluster.objects.values_list("rows", flat=True)) == [1, 1]
    same = {"住址": "海口市人民路1号", "出生日期": "1990-03-07"}
    api.absorb(
        "population",
        "police/residents",
        [resident("p1", "陈小明", CARD, **same), resident("p2", "陈小明", OTHER, 电话="13812345678", **same)],
    )
    assert Review.objects.filter(state="open").count() == 0, "never asked again"


def test_apart_tells_the_source_whose_number_it_is(town: SimpleNamespace) -> None:
    api.absorb("population", "police/residents", [resident("p1", "陈小明", CARD)])
    api.absorb("population", "insurance/persons", [insured("s1", "林大海", CARD)])
    review = Review.objects.get(why="one_number")
    with acting(by(town.judge)):
        api.judge(by(town.judge), review.public_id, Verdict.APART, "姓名完全不同")
    with system():
        assert Difference.objects.get(closed_at=None).why == "another"
    assert golden(CARD)["name"] == "陈小明"


def test_t1_rows_are_seen_only_while_judged_and_masked(town: SimpleNamespace, twice: str) -> None:
    judge = by(town.judge)
    with acting(judge), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE tongban_app")
        assert not any(model.objects.count() for model in (Row, Cluster, Number))
        pair = api.look(judge, twice)
        assert Row.objects.count() == 2, "the two that are before them"
        name = next(item for item in pair.items if item.item == "name")
        assert name.left == [("陈**", False)] and name.state == "same"
        bare = api.look(judge, twice, "核对笔误")
        assert next(item for item in bare.items if item.item == "name").left[0][0] == "陈小明"
        cursor.execute("RESET ROLE")
    kinds = [entry.kind for entry in ledger.history(Review.objects.get().ref)]
    assert kinds.count("linkage.review.opened") == 1 and kinds.count("linkage.review.unmasked") == 1
    stranger = by(town.stranger)
    with acting(stranger), pytest.raises(Refused):
        api.look(stranger, twice)
    assert identity.may(stranger, "linkage.review") is False
