"""Items in force: versions, search, facets, guides for a situation, pausing and cancelling."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tongban.base.kernel.api import Invalid, NotFound, Refused
from tongban.base.ledger import api as ledger
from tongban.work.hall.items import actions
from tongban.work.hall.items import api as items
from tongban.work.hall.items.data import ItemDraft, ItemState
from tongban.work.hall.models import Item


def test_versions_are_kept(hall: SimpleNamespace) -> None:
    assert items.publish([hall.draft]).unchanged == 1
    newer = replace(hall.draft, values={**hall.draft.values, "promise_day": 5})
    assert items.publish([newer], reason="缩短时限").changed == 1
    found = items.item("residence_permit")
    assert (found.version, found.promise_day, len(found.materials)) == (2, 5, 3)
    latest, first = items.versions("residence_permit")
    assert latest.changes == {"promise_day": (10, 5)} and latest.reason == "缩短时限" and first.changes == {}
    assert [entry.kind for entry in ledger.history(found.ref)] == ["hall.item.published"] * 2


def test_fields_that_items_do_not_have_and_keys_given_twice(hall: SimpleNamespace) -> None:
    with pytest.raises(Invalid):
        items.publish([ItemDraft("x", {"task_name": "甲"}, materials=[{"colour": "red"}])])
    with pytest.raises(Invalid):
        items.publish([ItemDraft("x", {"task_name": "甲"}), ItemDraft("x", {"task_name": "乙"})])
    with pytest.raises(Invalid):
        items.publish([ItemDraft("x", {"task_name": ""})])
    with pytest.raises(NotFound):
        items.item("x")


def test_search_finds_words_inside_names_codes_and_departments(hall: SimpleNamespace) -> None:
    assert [card.key for card in items.search_items("居住证").rows] == ["residence_permit"]
    assert [card.key for card in items.search_items("护照").rows] == ["passport"]
    assert [card.key for card in items.search_items("passport").rows] == ["passport"]
    assert [card.key for card in items.search_items(audience="person").rows] == ["residence_permit"]
    assert [card.key for card in items.search_items(department=hall.office.ref.id).rows] == ["residence_permit"]
    assert [card.key for card in items.search_items(theme="户籍办理").rows] == ["residence_permit"]
    assert items.search_items("没有这样的事项").rows == ()


def test_pages_follow_each_other(hall: SimpleNamespace) -> None:
    items.publish([ItemDraft(f"k{n}", {"task_name": f"事项{n}"}) for n in range(5)])
    seen: list[str] = []
    after = ""
    while True:
        page = items.search_items(after=after, limit=3)
        seen += [card.key for card in page.rows]
        after = page.after
        if not after:
            break
    assert len(seen) == len(set(seen)) == 7


def test_facets_count_items_in_use(hall: SimpleNamespace) -> None:
    facets = items.item_facets()
    assert {facet.title: facet.count for facet in facets.departments} == {"海口市公安局": 1, "出入境": 1}
    assert [(facet.value, facet.count) for facet in facets.themes] == [("户籍办理", 1)]
    assert [(facet.value, facet.count) for facet in facets.types] == [("01", 1), ("07", 1)]


def test_a_situation_leaves_only_what_applies(hall: SimpleNamespace) -> None:
    def slots(**answers: str) -> list[str]:
        return [material.slot for material in items.guide("residence_permit", answers).materials]

    assert slots() == ["photo", "id", "power"]
    assert slots(who="self") == ["photo", "id"]
    assert slots(who="agent") == ["photo", "id", "power"]
    assert slots(who="nobody", other="x") == ["photo", "id", "power"]
    alone, together = (
        items.guide("residence_permit", {"who": "self"}),
        items.guide("residence_permit", {"who": "agent"}),
    )
    assert [q.key for q in alone.questions] == ["who"] and alone.complete
    assert [q.key for q in together.questions] == ["who", "paper"] and not together.complete


def test_a_state_outlives_a_new_wording_and_a_cancelled_item_stays_so(hall: SimpleNamespace) -> None:
    def become(state: ItemState, reason: str = "") -> None:
        actions.set_state(Item.objects.get(key="residence_permit"), state, reason, None)

    become(ItemState.PAUSED, "系统维护")
    assert items.item("residence_permit").state_reason == "系统维护" and items.search_items("居住证").rows == ()
    items.publish([replace(hall.draft, values={**hall.draft.values, "promise_day": 7})])
    assert items.item("residence_permit").state is ItemState.PAUSED
    become(ItemState.IN_USE)
    become(ItemState.CANCELLED, "并入其他事项")
    with pytest.raises(Refused):
        become(ItemState.IN_USE)
    assert items.item("residence_permit").state is ItemState.CANCELLED
