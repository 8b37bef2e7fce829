"""A doubted value: to its source with evidence, answered in its limit, corrected for everybody (SCN-23)."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tongban.base.files import api as files
from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Stale, today, travelled
from tongban.data.catalogue import api, objecting
from tongban.data.catalogue.data import Objection, ObjectionAnswered, ObjectionOverdue, ObjectionState, Resource
from tongban.engine.registers import api as registers

from .test_quality import depots  # noqa: F401 - a fixture

Take = Callable[..., Resource]


@pytest.fixture
def raised(town: SimpleNamespace, published: Take) -> Objection:
    resource = published()
    evidence = (io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "a.exe")
    with pytest.raises(Invalid):
        api.object_to(town.user, resource.id, town.tax, "name", "91350100M000100Y43", "甲", "乙", "执照不同", evidence)
    assert api.objections() == []
    return api.object_to(town.user, resource.id, town.tax, "name", "91350100M000100Y43", "甲", "乙", "执照不同")


def test_the_source_answers_and_the_correction_travels(
    town: SimpleNamespace, raised: Objection, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[object] = []
    monkeypatch.setattr(objecting, "emit", events.append)
    assert raised.due is not None and raised.due > today()
    for actor in (town.user, town.tax_chief):
        with pytest.raises(Refused):
            api.answer_objection(actor, raised.id, True, "已核", raised.version)
    with pytest.raises(Stale):
        api.answer_objection(town.chief, raised.id, True, "已核", raised.version + 1)
    done = api.answer_objection(town.chief, raised.id, True, "核对登记档案，确系录入错误", raised.version)
    assert (done.state, done.value) == (ObjectionState.CORRECTED, "乙")
    assert events == [ObjectionAnswered(raised.id, raised.resource, "name", True)]
    with pytest.raises(Refused):
        api.answer_objection(town.chief, raised.id, False, "再答", done.version)


def test_t13_an_objection_is_for_both_offices_only(town: SimpleNamespace, raised: Objection) -> None:
    for actor in (town.user, town.chief, town.authority):
        assert objecting.access(actor, raised.id) == raised
    for actor in (town.stranger, town.secrecy):
        with pytest.raises(NotFound):
            objecting.access(actor, raised.id)


def test_overdue_is_told_once(town: SimpleNamespace, raised: Objection, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[object] = []
    monkeypatch.setattr(objecting, "emit", events.append)
    assert raised.due
    with travelled(raised.due - today() + timedelta(days=1)):
        assert api.watch_objections() == 1 and api.watch_objections() == 0
    assert events == [ObjectionOverdue(raised.id, town.ic, raised.due)]


def test_a_register_s_record_is_corrected_with_the_answer(
    town: SimpleNamespace,
    depots: None,  # noqa: F811
    published: Take,
) -> None:
    from tongban.trust.identity.api import office

    described = api.describe_register("depot", office(town.ic))
    resource = published(items=described.items, register="depot")
    one = api.object_to(town.user, resource.id, town.tax, "area", "b", "-5", "5", "现场测量")
    api.answer_objection(town.chief, one.id, True, "更正", one.version)
    row = registers.find("depot", code="b")
    assert row is not None and row["area"] == 5
    lost = api.object_to(town.user, resource.id, town.tax, "area", "zz", "", "5", "现场测量")
    with pytest.raises(Invalid):
        api.answer_objection(town.chief, lost.id, True, "更正", lost.version)
    assert api.objection(lost.id).state is ObjectionState.OPEN


def test_evidence_goes_with_it(town: SimpleNamespace, published: Take) -> None:
    resource = published()
    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(picture, "PNG")
    picture.seek(0)
    one = api.object_to(town.user, resource.id, town.tax, "name", "k", "", "乙", "见附件", (picture, "执照.png"))
    assert [file.name for file in files.files_of(Ref("catalogue.objection", one.id))] == ["执照.png"]
