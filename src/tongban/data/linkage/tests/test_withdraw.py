"""What a source withdraws: its row ends, the golden record is made of what is left, or goes out of force."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tongban.base.kernel.api import system
from tongban.data.linkage import api
from tongban.data.linkage.models import Difference, Review, Row

from .conftest import golden, insured, number, resident

pytestmark = pytest.mark.django_db
CARD = number()


def withdrawn(line: dict[str, str]) -> dict[str, str]:
    """The line as a delivery says that it is gone: with its last values."""
    return line | {"cd_operation": "D"}


def kept(line: dict[str, str]) -> dict[str, str]:
    return line | {"cd_operation": "U"}


def test_a_withdrawn_row_ends_and_the_record_is_made_of_the_others(town: SimpleNamespace) -> None:
    lines = [insured("s1", "陈小明", CARD, 住址="海口市人民路9号", 电话="13812345678"), insured("s2", "林大海", "")]
    api.absorb("population", "police/residents", [resident("p1", "陈小明", CARD, 住址="海口市人民路1号")])
    api.absorb("population", "insurance/persons", lines)
    assert golden(CARD)["phone"] == "13812345678"
    assert Difference.objects.filter(closed_at=None).count() == 1
    batch = [withdrawn(lines[0]), kept(lines[1])]
    done = api.absorb("population", "insurance/persons", batch, whole=False)
    assert (done.counts["gone"], done.counts["same"], done.counts["golden_changed"]) == (1, 1, 1)
    assert golden(CARD)["phone"] is None and golden(CARD)["name"] == "陈小明"
    assert Difference.objects.filter(closed_at=None).count() == 0
    assert api.changes("population")[-1].items == ("phone",)
    again = api.absorb("population", "insurance/persons", batch, whole=False)
    assert (again.counts["gone"], again.counts["golden_changed"]) == (0, 0)


def test_a_record_nobody_delivers_goes_out_of_force_and_comes_back(town: SimpleNamespace) -> None:
    line = resident("p1", "陈小明", CARD)
    api.absorb("population", "police/residents", [line, resident("p2", "林大海", number(serial=7))])
    api.absorb("population", "police/residents", [withdrawn(line)], whole=False)
    assert golden(CARD).retired and not golden(number(serial=7)).retired
    last = api.changes("population")[-1]
    assert (last.kind, last.number) == ("withdrawn", CARD)
    api.absorb("population", "police/residents", [line], whole=False)
    assert not golden(CARD).retired
    assert [change.kind for change in api.changes("population", after=last.id)] == ["created"]
    whole = api.absorb("population", "police/residents", [line])
    assert whole.counts["gone"] == 1 and golden(number(serial=7)).retired, "missing from a whole delivery is gone too"


def test_a_number_is_free_for_who_waited_for_it(town: SimpleNamespace) -> None:
    wrong = resident("p1", "陈小明", CARD)
    api.absorb("population", "police/residents", [wrong])
    api.absorb("population", "insurance/persons", [insured("s1", "林大海", CARD)])
    with system():
        assert Review.objects.get().why == "one_number"
    api.absorb("population", "police/residents", [withdrawn(wrong)], whole=False)
    with system():
        cluster = Row.objects.get(key="s1").cluster
        assert cluster is not None and not cluster.held
        assert Review.objects.get().state == "void", "there is nothing left to ask"
