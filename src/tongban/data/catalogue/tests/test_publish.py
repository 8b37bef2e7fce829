"""An entry's life: described, reviewed by unit, secrecy and authority, published, changed, retired (DATA-04, 08)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Stale, today
from tongban.base.ledger.api import history
from tongban.data.catalogue import api, queries
from tongban.data.catalogue.data import Difference, Item, Openness, Resource, Sharing, State
from tongban.trust.identity import api as identity
from tongban.trust.identity.api import Shift

from .conftest import ENTERPRISES, through

Take = Callable[..., Resource]


def test_data_04_an_entry_gets_its_code_and_goes_through_every_review(town: SimpleNamespace) -> None:
    made = api.compile(town.editor, ENTERPRISES)
    assert made.code == "307003/000001" and made.state is State.DRAFT
    assert api.compile(town.editor, replace(ENTERPRISES, title="另一个")).code == "307003/000002"
    shown = through(town, made.id, 1)
    assert (shown.state, shown.edition, shown.provider_uscc) == (State.PUBLISHED, 1, "91350100M000100Y43")
    assert [one.code for one in api.resources("登记")] == [made.code]
    kinds = [leaf.kind.rpartition(".")[2] for leaf in history(made.ref)]
    assert kinds == ["compiled", "submitted", "reviewed", "secrecy", "reviewed", "published"]
    assert history(made.ref)[-1].facts["filing"] == "密审〔2026〕12号"


def test_trust_17_nothing_is_published_without_the_secrecy_review(town: SimpleNamespace) -> None:
    made = api.compile(town.editor, ENTERPRISES)
    one = api.submit(town.editor, made.id, 1)
    one = api.review(town.chief, made.id, True, "", one.revision)
    with pytest.raises(Refused) as refusal:
        api.review(town.authority, made.id, True, "", one.revision)
    assert refusal.value.code == "secrecy"
    with pytest.raises(Invalid):
        api.clear_secrecy(town.secrecy, made.id, True, "可以公开", " ", one.revision)
    with pytest.raises(Refused):
        api.publish(town.authority, made.id, one.revision)
    assert api.resource(made.id).state is State.AUTHORITY_REVIEW


def test_trust_16_nobody_named_for_the_system_stops_it(town: SimpleNamespace) -> None:
    made = api.compile(town.editor, replace(ENTERPRISES, owner="", operator=" ", condition=""))
    with pytest.raises(Invalid) as refusal:
        api.submit(town.editor, made.id, 1)
    assert set(refusal.value.errors) == {"owner", "operator", "condition"}
    assert api.resource(made.id).state is State.DRAFT


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sharing": Sharing.REFUSED, "law": "按规定不宜共享"}, "law"),
        ({"openness": Openness.OPEN}, "openness"),
        ({"openness": Openness.CONDITIONAL}, "open_condition"),
        ({"items": ()}, "items"),
    ],
)
def test_a_class_needs_its_reason(changes: dict[str, object], field: str) -> None:
    found = api.findings(replace(ENTERPRISES, **changes))  # type: ignore[arg-type]
    assert field in {one.field for one in found if one.level == "error"}


def test_t4_who_wrote_or_reviewed_does_not_review_again(town: SimpleNamespace) -> None:
    made = api.compile(town.editor, ENTERPRISES)
    one = api.submit(town.editor, made.id, 1)
    for actor in (town.editor, town.tax_chief, town.user):
        with pytest.raises(Refused):
            api.review(actor, made.id, True, "", one.revision)
    assert api.edition(made.id, 1).state is State.UNIT_REVIEW


def test_what_does_not_pass_goes_back_with_the_opinion(town: SimpleNamespace) -> None:
    made = api.compile(town.editor, ENTERPRISES)
    one = api.submit(town.editor, made.id, 1)
    with pytest.raises(Invalid):
        api.review(town.chief, made.id, False, "", one.revision)
    back = api.review(town.chief, made.id, False, "请补充摘要", one.revision)
    assert (back.state, back.opinion) == (State.DRAFT, "请补充摘要")
    through(town, made.id, back.revision)


def test_t36_a_lost_update_is_told_with_what_changed(town: SimpleNamespace) -> None:
    made = api.compile(town.editor, ENTERPRISES)
    api.change(town.editor, made.id, replace(ENTERPRISES, summary="新的摘要"), 1)
    with pytest.raises(Stale) as refusal:
        api.change(town.editor, made.id, replace(ENTERPRISES, summary="旧页面"), 1)
    assert refusal.value.changes["summary"] == ("旧页面", "新的摘要")
    assert api.resource(made.id).summary == "新的摘要"


def test_a_change_is_a_new_edition_and_the_old_one_holds_until_it_is_published(
    town: SimpleNamespace, published: Take
) -> None:
    first = published()
    more = (*ENTERPRISES.items[:2], replace(ENTERPRISES.items[2], title="注册资本（万元）"), Item("opened", "成立日期"))
    api.change(town.editor, first.id, replace(ENTERPRISES, items=more))
    assert len(api.resource(first.id).items) == 4 and api.resource(first.id).edition == 1
    with pytest.raises(Invalid):
        api.change(town.editor, first.id, replace(ENTERPRISES, subject="004"), 1)
    assert through(town, first.id, 1).edition == 2
    assert api.compare(first.id, 1, 2) == [
        Difference("title", "注册资本", "注册资本（万元）", "capital"),
        Difference("item", "负责人证件号码", None, "manager_id"),
        Difference("item", None, "成立日期", "opened"),
    ]
    assert api.edition(first.id, 1).state is State.SUPERSEDED


def test_data_08_a_datum_has_one_source(town: SimpleNamespace, published: Take) -> None:
    source = published()
    assert api.shared_source_of("legal_entity.uscc") == source
    assert api.shared_source_of("population.name") is None
    theirs = replace(ENTERPRISES, provider="46.tax", title="纳税人信息", items=ENTERPRISES.items[:1])
    made = api.compile(town.tax_editor, theirs)
    with pytest.raises(Invalid) as refusal:
        api.submit(town.tax_editor, made.id, 1)
    assert source.code in str(refusal.value.errors["items"])
    named = replace(theirs, items=(replace(theirs.items[0], source="46.ic"),))
    api.change(town.tax_editor, made.id, named, 1)
    through(town, made.id, 2, "tax_editor", "tax_chief")
    assert api.shared_source_of("legal_entity.uscc") == source
    assert api.figures().sourced == 2
    api.retire(town.authority, source.id, "职责划转")
    assert api.shared_source_of("legal_entity.uscc") is None


def test_t13_drafts_are_seen_by_their_office_and_the_authority_only(town: SimpleNamespace) -> None:
    made = api.compile(town.editor, ENTERPRISES)
    for actor in (town.editor, town.chief, town.authority, town.secrecy):
        assert queries.access_resource(actor, made.id).id == made.id
    for actor in (town.user, town.tax_editor, town.stranger):
        with pytest.raises(NotFound):
            queries.access_resource(actor, made.id)
    with pytest.raises(Refused):
        api.compile(town.tax_editor, ENTERPRISES)


def test_pages_of_the_list_have_no_gaps(town: SimpleNamespace, published: Take) -> None:
    codes = [published(title=f"资源{i}", items=(Item("a", "甲", length=3),)).code for i in range(5)]
    first = api.resources(size=2)
    second = api.resources(size=2, after=first.after)
    third = api.resources(size=2, after=second.after)
    assert [one.code for page in (first, second, third) for one in page] == codes[::-1]
    assert third.after == ""
    assert len(api.resources("307003/0000")) == 5 and len(api.resources("资源3")) == 1


def test_nfr08_a_renamed_office_is_renamed_in_the_catalogue(
    town: SimpleNamespace, published: Take, run_jobs: Callable[[], int]
) -> None:
    resource = published()
    identity.rename_office(town.ic, "示范省市场监管委员会")
    run_jobs()
    assert api.resource(resource.id).provider_title == "示范省市场监管委员会"
    assert len(api.resources("监管委员会")) == 1 and len(api.resources("监督管理局")) == 0


def test_nfr08_resources_pass_to_who_follows_their_office(town: SimpleNamespace, published: Take) -> None:
    resource = published()
    holding = identity.office_holdings.get("catalogue.resource")
    assert holding.count(town.ic) == 1 and [one.number for one in holding.things(town.ic)] == [resource.code]
    former, to = identity.office(town.ic), identity.office(town.tax)
    assert holding.move(Shift(former, to, None, today(), Ref("identity.reorganisation", "r"))) == 1
    moved = api.resource(resource.id)
    assert (moved.provider, moved.provider_office, moved.provider_title) == ("46.tax", town.tax, "示范省税务局")
    assert holding.count(town.ic) == 0 and api.edition(resource.id, 1).description.provider == "46.tax"
