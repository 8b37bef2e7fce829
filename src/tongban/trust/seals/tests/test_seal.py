"""Seals are made, used, suspended and revoked; what they seal is valid by our own verdict."""

from __future__ import annotations

from io import BytesIO
from types import SimpleNamespace

import pikepdf
import pytest

from tongban.base.kernel.api import Invalid, Ref, Refused
from tongban.base.ledger.api import history
from tongban.trust.seals import actions, api
from tongban.trust.seals.data import Place, Seal, SealState
from tongban.trust.seals.verdicts import Verdict

from .makers import document

SUBJECT = Ref("documents.document", "doc00000000000000000000001")


@pytest.fixture
def seal(offices: SimpleNamespace) -> Seal:
    return api.make_seal(offices.manager, offices.commerce, offices.keeper.person, "行政审批专用章")


def test_a_sealed_document_is_valid_for_years(offices: SimpleNamespace, seal: Seal) -> None:
    other = api.make_seal(offices.manager, offices.civil, offices.civil_keeper.person)
    sealed = api.apply_seal(offices.keeper, seal.id, document(), "准予许可决定", SUBJECT)
    both = api.apply_seal(offices.civil_keeper, other.id, sealed, "会签", SUBJECT)
    report = api.verify_file(both)
    assert report.verdict is Verdict.VALID, report
    seals = [one for one in report.signatures if one.kind == "seal"]
    assert [one.signer for one in seals] == ["示范省市场监督管理局行政审批专用章", "示范省民政厅"]
    assert all(one.time_source == "timestamp" for one in seals)
    assert {one.kind for one in report.signatures} == {"seal", "timestamp"}
    with pikepdf.open(BytesIO(both)) as opened:
        boxes = [
            [float(x) for x in note.Rect]
            for note in opened.pages[-1].Annots
            if float(note.Rect[2]) > float(note.Rect[0])
        ]
        assert "/DSS" in opened.Root
    assert len(boxes) == 2 and boxes[1][2] <= boxes[0][0]  # beside each other
    leaves = [entry for entry in history(SUBJECT) if entry.kind == "seals.used"]
    assert [leaf.facts["reason"] for leaf in leaves] == ["准予许可决定", "会签"]
    assert leaves[0].facts["after"] == leaves[1].facts["before"] and leaves[0].by == offices.keeper.by


def test_t12_a_sealed_document_that_was_changed_is_altered(offices: SimpleNamespace, seal: Seal) -> None:
    sealed = api.apply_seal(offices.keeper, seal.id, document(), "决定", SUBJECT, place=None, certify=True)
    assert api.verify_file(sealed).verdict is Verdict.VALID
    assert api.verify_file(sealed.replace(b"amount 1000", b"amount 9000")).verdict is Verdict.ALTERED


def test_a_seal_needs_permission_and_a_reason(offices: SimpleNamespace, seal: Seal) -> None:
    for actor in (offices.stranger, offices.civil_keeper, offices.manager):
        with pytest.raises(Refused):
            api.apply_seal(actor, seal.id, document(), "决定", SUBJECT)
    with pytest.raises(Invalid):
        api.apply_seal(offices.keeper, seal.id, document(), "  ", SUBJECT)
    with pytest.raises(Refused):
        api.make_seal(offices.keeper, offices.commerce, offices.keeper.person, "另一枚")
    assert history(SUBJECT) == []
    assert [one.id for one in api.all_seals()] == [seal.id]


def test_suspended_and_revoked_seals_refuse(offices: SimpleNamespace, seal: Seal) -> None:
    api.move_seal(offices.manager, seal.id, SealState.SUSPENDED, "保管人休假")
    with pytest.raises(Refused):
        api.apply_seal(offices.keeper, seal.id, document(), "决定", SUBJECT)
    assert api.seal_document(offices.commerce, document(), SUBJECT, "决定") is None
    api.move_seal(offices.manager, seal.id, SealState.ACTIVE, "保管人返岗")
    assert api.seal_document(offices.commerce, document(), SUBJECT, "决定") is not None
    with pytest.raises(Refused):
        api.move_seal(offices.keeper, seal.id, SealState.REVOKED, "换章")
    api.move_seal(offices.manager, seal.id, SealState.REVOKED, "换章")
    with pytest.raises(Refused):
        api.apply_seal(offices.keeper, seal.id, document(), "决定", SUBJECT)
    with pytest.raises(Refused):
        api.move_seal(offices.manager, seal.id, SealState.ACTIVE, "后悔")
    assert [entry.kind for entry in history(seal.ref)].count("seals.moved") == 3
    fresh = api.make_seal(offices.manager, offices.commerce, offices.keeper.person, seal.caption)
    assert fresh.id != seal.id


def test_a_revoked_certificate_stops_the_seal(offices: SimpleNamespace, seal: Seal) -> None:
    actions.follow_certificate(seal.id, held=True)
    assert api.seal(seal.id).state is SealState.SUSPENDED
    actions.follow_certificate(seal.id, held=False)
    assert api.seal(seal.id).state is SealState.REVOKED


def test_one_seal_of_a_kind(offices: SimpleNamespace, seal: Seal) -> None:
    with pytest.raises(Refused):
        api.make_seal(offices.manager, offices.commerce, offices.keeper.person, seal.caption)
    assert len(api.seals_of(offices.commerce)) == 1


def test_an_unreadable_or_locked_pdf_is_refused(offices: SimpleNamespace, seal: Seal) -> None:
    for content in (b"", b"%PDF-1.7 nothing", document()[:300]):
        with pytest.raises(Refused):
            api.apply_seal(offices.keeper, seal.id, content, "决定", SUBJECT, place=Place())
    assert history(SUBJECT) == []
