"""Entries by the guide's spreadsheet and from registers: nothing is declared twice (DATA-04, DATA-09)."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest

from tongban.base.files import api as files
from tongban.base.kernel.api import Invalid, NotFound, Refused
from tongban.data.catalogue import api, importing, intake, models
from tongban.data.catalogue.data import DataType, Mode, Sharing, State
from tongban.engine.registers import api as registers
from tongban.trust.identity.data import Actor

DEFINITION = Path(__file__).resolve().parents[5] / "packs/base_registers/registers/legal_entity.yaml"
HEAD = (
    "类,项,目,信息资源名称,信息资源提供方,信息资源摘要,信息项名称,字段名,数据类型,数据长度,"
    "共享类型,共享条件,共享方式,更新周期,来源系统,主管责任人,运维责任人"
)
FIRST = (
    "3,7,3,企业年报信息,示范省市场监督管理局,企业报送的年度报告。,统一社会信用代码,uscc,C,18,"
    "有条件共享,行政机关核验企业年报时使用,查询、库表,每年,年报系统,信用监管处处长,信息中心"
)
REST = ",,,,,,从业人数,staff,I,,,,,,,,"
WRONG = "3,7,3,抽查结果,某某局,抽查。,结果,result,文字,,全部共享,,接口,每年,系统,甲,乙"


def csv(*lines: str, encoding: str = "utf-8-sig") -> io.BytesIO:
    return io.BytesIO("\n".join(lines).encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_lines_become_a_resource_with_its_items(town: SimpleNamespace, encoding: str) -> None:
    report = api.import_entries(town.editor, csv("填表说明", HEAD, FIRST, REST, encoding=encoding), "目录.csv")
    (made,) = report.made
    assert (made.code, made.state, made.sharing) == ("307003/000001", State.DRAFT, Sharing.CONDITIONAL)
    assert [(item.name, item.type, item.length) for item in made.items] == [
        ("uscc", DataType.TEXT, 18),
        ("staff", DataType.INTEGER, 0),
    ]
    assert made.modes == (Mode.QUERY, Mode.BATCH) and not report.refused
    api.submit(town.editor, made.id, 1)


def test_a_line_that_does_not_hold_refuses_its_resource_alone_and_is_named(town: SimpleNamespace) -> None:
    report = api.import_entries(town.editor, csv(HEAD, WRONG, FIRST, REST), "a.csv")
    assert [one.title for one in report.made] == ["企业年报信息"] and report.refused == ("抽查结果",)
    assert {(one.row, one.field) for one in report.findings if one.level == "error"} == {
        (2, "provider"),
        (2, "sharing"),
        (2, "type"),
    }
    again = api.import_entries(town.editor, csv(HEAD, FIRST, REST), "a.csv")
    assert again.refused == ("企业年报信息",) and len(api.resources(state=State.DRAFT)) == 1


def test_trying_keeps_nothing_and_others_offices_are_refused(town: SimpleNamespace) -> None:
    assert len(api.import_entries(town.editor, csv(HEAD, FIRST), "a.csv", tried=True).made) == 1
    assert api.import_entries(town.tax_editor, csv(HEAD, FIRST), "a.csv").refused == ("企业年报信息",)
    assert len(api.resources(state=State.DRAFT)) == 0
    for content, name in ((b"PK nothing", "a.xlsx"), (b"1,2", "a.csv")):
        with pytest.raises(Invalid):
            api.import_entries(town.editor, io.BytesIO(content), name)


def test_r10_a_job_that_dies_goes_on_where_its_last_part_ended(
    town: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(actor: Actor, entries: list[importing.Entry], *rest: Any) -> importing.ImportReport:
        assert "资源4" not in str(entries), "killed"
        return importing.take(actor, entries, *rest)

    monkeypatch.setattr(intake, "PART", 2)
    lines = [FIRST.replace("企业年报信息", f"资源{n}") for n in (1, 2, 3, 4, 1)]
    slot = files.Slot(formats=("csv",), max_bytes=files.MB)
    assert town.editor.by
    for tried in (True, False):
        file = files.receive(csv(HEAD, *lines), "目录.csv", slot, by=town.editor.by)
        asked = intake.ask_import(town.editor, file, tried)
        monkeypatch.setattr(intake, "take", dies)
        with pytest.raises(AssertionError):
            intake.carry_out(asked.public_id)
        row = intake.access_import(town.editor, asked.public_id)
        assert (row.done, row.total, len(row.made)) == (2, 5, 2)
        monkeypatch.setattr(intake, "take", importing.take)
        models.Import.objects.update(ended_at=None, error="")  # the process was killed before it could say so
        intake.carry_out(asked.public_id)
        intake.carry_out(asked.public_id)
        row = intake.access_import(town.editor, asked.public_id)
        assert [one["title"] for one in row.made] == ["资源1", "资源2", "资源3", "资源4"]
        assert (row.done, row.refused, row.error) == (5, ["资源1"], "") and row.ended_at
        assert len(api.resources(state=State.DRAFT)) == (0 if tried else 4)
        with pytest.raises(NotFound):
            intake.access_import(town.tax_editor, asked.public_id)


def test_the_template_is_taken_in_again(town: SimpleNamespace) -> None:
    book = openpyxl.load_workbook(io.BytesIO(api.template()))
    sheet = book.worksheets[0]
    heads = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, heads["信息资源提供方"], "46.ic")
    sheet.cell(3, heads["权威来源"], "46.tax")
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    report = api.import_entries(town.editor, out, "目录.xlsx")
    assert [len(one.items) for one in report.made] == [2] and not report.refused
    assert not [one for one in report.findings if one.level == "error"]


def test_a_register_is_described_by_one_click_and_once(town: SimpleNamespace) -> None:
    registers.forget_definitions()
    registers.apply([registers.parse(DEFINITION.read_text("utf-8"), "legal_entity.yaml")])
    assert [one.key for one in api.unregistered()] == ["legal_entity"]
    from tongban.trust.identity.api import office

    described = api.describe_register("legal_entity", office(town.ic))
    made = api.compile(town.editor, described)
    uscc = made.item("uscc")
    assert uscc and (uscc.title, uscc.length, uscc.required, uscc.element) == (
        "统一社会信用代码",
        18,
        True,
        "legal_entity.uscc",
    )
    assert made.code == "102001/000001" and api.unregistered() == []
    with pytest.raises(Refused) as refusal:
        api.compile(town.editor, described)
    assert refusal.value.code == "twice" and len(api.resources(state=State.DRAFT)) == 1
    registers.forget_definitions()
