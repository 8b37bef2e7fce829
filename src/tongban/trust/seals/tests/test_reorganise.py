"""Offices merge, split and are renamed: their seals follow, and nobody seals in a name that is no more (NFR-08)."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tongban.base.kernel.api import Refused, today
from tongban.trust.identity import api as identity
from tongban.trust.identity.reorganisation import actions as reorganisations
from tongban.trust.keys import api as keys
from tongban.trust.keys.data import Purpose
from tongban.trust.seals import api
from tongban.trust.seals.data import Seal, SealState

from .makers import document

CAPTION = "行政审批专用章"
MERGE = """
title: 机构改革
on: {day}
changes:
  - merge:
      from: [46/commerce, 46/civil]
      into: {{code: 46/market, title: 示范省市场和民政厅, kind: department, division: "46", parent: "46"}}
"""
SPLIT = """
title: 拆分
on: {day}
changes:
  - split:
      from: 46/commerce
      into: [46/commerce, {{code: 46/quality, title: 示范省质量监督局, division: "46", parent: "46"}}]
      rules:
        - {{things: [seals.seal], to: 46/quality}}
        {more}
      rest: 46/commerce
"""
RENAME = "title: 更名\non: {day}\nchanges:\n  - rename: {{office: 46/civil, title: 示范省社会厅}}\n"


@pytest.fixture
def seals(offices: SimpleNamespace) -> tuple[Seal, Seal]:
    return (
        api.make_seal(offices.manager, offices.commerce, offices.keeper.person, CAPTION),
        api.make_seal(offices.manager, offices.civil, offices.civil_keeper.person, CAPTION),
    )


def _applied(text: str, **more: str) -> None:
    reorganisations.reorganise(text.format(day=today(), **more))


def test_nfr08_seals_pass_suspended_and_are_cut_anew(offices: SimpleNamespace, seals: tuple[Seal, Seal]) -> None:
    _applied(MERGE)
    market = identity.office_by_code("46/market")
    found = {(one.title, one.state): one for one in api.seals_of(market.ref)}
    assert set(found) == {
        ("示范省市场监督管理局", SealState.SUSPENDED),
        ("示范省民政厅", SealState.SUSPENDED),
        ("示范省市场和民政厅", SealState.ACTIVE),
    }
    fresh = found["示范省市场和民政厅", SealState.ACTIVE]
    assert (fresh.caption, fresh.custodian) == (CAPTION, offices.keeper.person)
    assert all(keys.held(one.ref) for one in seals) and not keys.held(fresh.ref)
    keeper = identity.actor_for(offices.keeper.person)
    assert api.verify_file(api.apply_seal(keeper, fresh.id, document(), "决定", fresh.ref)).verdict == "valid"
    with pytest.raises(Refused):
        api.apply_seal(keeper, seals[0].id, document(), "决定", fresh.ref)


def test_nfr08_a_custodian_who_stays_behind_has_no_home_in_the_plan(
    offices: SimpleNamespace, seals: tuple[Seal, Seal]
) -> None:
    shown = reorganisations.plan_reorganisation(SPLIT.format(day=today(), more=""))
    assert not shown["possible"]
    assert [(one["sort"], one["examples"]) for one in shown["homeless"]] == [
        ("seals.seal", [f"示范省市场监督管理局{CAPTION}"])
    ]
    with pytest.raises(Refused):
        _applied(SPLIT, more="")
    assert api.seal(seals[0].id) == seals[0]
    _applied(SPLIT, more="- {numbers: [keeper], to: 46/quality}")
    quality = identity.office_by_code("46/quality")
    assert {one.title for one in api.seals_of(quality.ref)} == {"示范省市场监督管理局", "示范省质量监督局"}


def test_nfr08_a_new_name_is_a_new_seal(
    offices: SimpleNamespace, seals: tuple[Seal, Seal], run_jobs: Callable[[], int]
) -> None:
    _applied(RENAME)
    run_jobs()
    states = {one.title: one.state for one in api.seals_of(offices.civil)}
    assert states == {"示范省民政厅": SealState.SUSPENDED, "示范省社会厅": SealState.ACTIVE}


def test_a_suspended_seal_holds_its_certificate_until_it_is_used_again(
    offices: SimpleNamespace, seals: tuple[Seal, Seal]
) -> None:
    seal = seals[0]
    certificate = keys.certificate_of(keys.key_for(Purpose.SEAL, seal.ref).id)
    api.move_seal(offices.manager, seal.id, SealState.SUSPENDED, "清点")
    assert keys.judge(certificate).why == "held"
    api.move_seal(offices.manager, seal.id, SealState.ACTIVE, "清点完毕")
    assert keys.judge(certificate).good
