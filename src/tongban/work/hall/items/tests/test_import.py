"""Lists of any origin: what a file holds is reported row by row, and no file brings the importer down."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tongban.work.hall.items.importer import Examined, examine, import_list
from tongban.work.hall.items.queries import item
from tongban.work.hall.models import Item

REGION = Path(__file__).resolve().parents[6] / "regions" / "hainan"
GUANGAN = REGION / "items" / "guangan-items.json"


@pytest.fixture(autouse=True)
def english() -> Any:
    with translation.override("en"):
        yield


def rules_of(examined: Examined, row: int | None = -1) -> set[str]:
    return {f.rule for f in examined.report.findings if row == -1 or f.row == row}


def counts(examined: Examined) -> tuple[int, int, int, int]:
    report = examined.report
    assert report.rows == report.accepted + report.refused == len(examined.drafts) + report.refused
    assert report.warned <= report.accepted
    assert report.refused == len({f.row for f in report.findings if f.level == "error" and f.row is not None})
    return report.rows, report.accepted, report.warned, report.refused


def csv_of(*lines: str, encoding: str = "utf-8") -> bytes:
    return "\n".join(lines).encode(encoding)


def xlsx_of(rows: list[list[Any]], merged: tuple[str, ...] = ()) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for area in merged:
        sheet.merge_cells(area)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_the_real_list_is_accepted_whole() -> None:
    examined = examine(GUANGAN.read_bytes(), (REGION / "items" / "map.yaml").read_text())
    rows, accepted, warned, refused = counts(examined)
    assert (rows, accepted, refused) == (421, 421, 0)
    assert 0 < warned < 421
    assert len({draft.key for draft in examined.drafts}) == 421


def test_chinese_dirt() -> None:
    examined = examine(
        csv_of(
            "某市政务服务事项目录（2026年）,,,,,,,,",
            ",,,,,,,,",
            "序号,事项名称（必填）,实施编码,实施主体,承诺时限（工作日）,法定时限（工作日）,咨询电话,是否收费,服务对象",
            "1,食品经营许可,11370800MB285591843370117002011,市监局,１５,20,０８９８－６８５８００００,不收费,个人、企业",
            "2,<p>药品&nbsp;零售许可</p>,11370800MB285591853370117002012,市监局,二十个工作日,15个工作日,68580000,否,法人",
            "3,户口迁移,11370800MB285591843370117002013,公安局,即办,-1,0898-68580000,免费,自然人",
            "4,,11370800MB285591843370117002014,公安局,5,10,0898-68580000,免费,自然人",
            "5,户口注销,11370800MB285591843370117002013,公安局,5,10,0898-68580000,免费,自然人",
            "6,户口登记,11370800MB285591853370117002016,,随时,10,请现场咨询,免费,自然人",
            "序号,事项名称（必填）,实施编码,实施主体,承诺时限（工作日）,法定时限（工作日）,咨询电话,是否收费,服务对象",
            "合计,6,,,,,,,",
            encoding="gb18030",
        )
    )
    assert counts(examined) == (7, 3, 2, 4)
    assert examined.report.skipped == 1
    assert rules_of(examined, 4) == {"text.width"}
    assert {"text.html", "limit.order", "phone.area"} & rules_of(examined, 5) >= {"text.html", "limit.order"}
    assert rules_of(examined, 6) == set()
    assert rules_of(examined, 7) >= {"name.missing"}
    assert rules_of(examined, 8) == {"id.duplicate"}
    assert rules_of(examined, 9) >= {"code.check", "department.missing", "limit.unreadable", "phone.form"}
    assert rules_of(examined, 11) >= {"name.no_words"}
    first, second, third = (draft.values for draft in examined.drafts)
    assert (first["promise_day"], first["anticipate_day"], first["promise_type"]) == (15, 20, "1")
    assert first["consult_phone"] == "0898-68580000" and first["is_fee"] is False
    assert first["service_object"] == ["1", "2"]
    assert (second["promise_day"], second["anticipate_day"], second["project_type"]) == (0, -1, "1")
    assert third["promise_explain"] == "随时"


def test_english_dirt() -> None:
    examined = examine(
        csv_of(
            "Program Name,Agency,Program Description,Eligibility,Required Documents,Processing Time,Fee,Phone,Website,"
            "Population Served",
            'SNAP – Food Assistance,HRA,"Helps ""low-income"" families",<b>Residents</b>,"ID; Proof of income; '
            'Other documents",30 days,No fee,718-557-1399,www.nyc.gov/snap,Families',
            ",Dept of Health,No name,,,,,,,",
            "Birth Certificate,Dept of Health,Order a copy,Any,ID,2-3 weeks,$15,311,not a url,Individuals",
            "Birth Certificate,Dept of Health,Order a copy,Any,ID,2-3 weeks,$15,311,not a url,Individuals",
            "Business License,DCA,Unquoted, comma,x,y,10 business days,$100,212-555-0100,https://x.gov/a,Businesses",
            "Café permit,DOH,desc,,,same day,Free,call us,https://x.gov/b,Business owners",
            "Total: 6,,,,,,,,,",
            encoding="cp1252",
        )
    )
    assert counts(examined) == (7, 3, 3, 4)
    assert rules_of(examined, 2) == {"text.html", "material.catch_all"}
    assert rules_of(examined, 3) >= {"name.missing"}
    assert rules_of(examined, 4) == {"limit.range", "url.form"}
    assert rules_of(examined, 5) >= {"row.duplicate"}
    assert rules_of(examined, 6) == {"row.cells"}
    assert rules_of(examined, 8) >= {"name.summary"}
    snap, birth, cafe = examined.drafts
    assert snap.values["task_name"] == "SNAP – Food Assistance" and snap.values["is_fee"] is False
    assert [m["material_name"] for m in snap.materials] == ["ID", "Proof of income", "Other documents"]
    assert (birth.values["promise_day"], birth.values["promise_type"]) == (21, "2")
    assert birth.values["is_fee"] is True and birth.fees[0]["fee_stand"] == "$15"
    assert cafe.values["task_name"] == "Café permit" and cafe.values["promise_day"] == 0


@pytest.mark.parametrize(
    ("encoding", "lines", "name"),
    [
        (
            "cp949",
            ("서비스ID,서비스명,소관기관명,사용자구분", "W001,출산장려금 지원,보건복지부,개인"),
            "출산장려금 지원",
        ),
        ("cp932", ("手続ID,手続名,所管府省庁", "A1,旅券の発給申請,外務省"), "旅券の発給申請"),
        ("big5", ("服務名稱,主管機關", "商業登記申請及變更登記,經濟部中部辦公室"), "商業登記申請及變更登記"),
        ("utf-16", ("Service name\tDepartment", "Passport\tForeign Affairs"), "Passport"),
        ("utf-16-le", ("Service name;Department", "Passport;Foreign Affairs"), "Passport"),
        ("utf-8-sig", ("Service name|Department", "Passport|Foreign Affairs"), "Passport"),
        ("latin-1", ("Leistungsbezeichnung;Behörde", "Führerschein;Straßenverkehrsamt"), "Führerschein"),
    ],
)
def test_encodings_delimiters_and_languages(encoding: str, lines: tuple[str, ...], name: str) -> None:
    examined = examine(csv_of(*lines, encoding=encoding))
    assert counts(examined)[1] == 1
    assert examined.drafts[0].values["task_name"] == name and examined.drafts[0].values["dept_name"]


def test_json_lines_with_error_pages() -> None:
    good = {"ITEM_ID": "A" * 32, "CATANAME": "某许可", "TASK_TYPE": "01", "PROMISE_DAY": "5个工作日"}
    parts = {"MATERIAL": [{"MATERIAL_NAME": "身份证", "IS_NEED": "1", "SUBMIT": "3"}], "FLOWSHEET": [{"name": "受理"}]}
    lines = [
        json.dumps({**good, **parts}, ensure_ascii=False),
        "<html><body>502 Bad Gateway</body></html>",
        json.dumps(good, ensure_ascii=False),
        '{"ITEM_ID": "b", "CATANAME": ',
        "null",
        json.dumps({"ITEM_ID": "B" * 32, "CATANAME": "  "}),
        "",
        json.dumps({**good, "ITEM_ID": "C" * 32, "CATANAME": "另一许可", "TASK_TYPE": "行政确认"}, ensure_ascii=False),
    ]
    examined = examine("\n".join(lines).encode())
    assert counts(examined)[0::3] == (7, 5)
    assert [
        rules_of(examined, row) & {"row.unreadable", "id.duplicate", "name.missing"} for row in (2, 3, 4, 5, 6)
    ] == [
        {"row.unreadable"},
        {"id.duplicate"},
        {"row.unreadable"},
        {"row.unreadable"},
        {"name.missing"},
    ]
    assert examined.drafts[0].materials[0] == {"material_name": "身份证", "material_format": "3", "is_need": "1"}
    assert examined.drafts[1].values["task_type"] == "07"


@pytest.mark.parametrize(
    "body",
    [
        [{"service name": "Passport", "agency": "MFA"}],
        {"code": 0, "data": {"total": 1, "list": [{"base": {"service name": "Passport", "agency": "MFA"}}]}},
        {"meta": {"view": {"columns": [{"name": "service name"}, {"name": "agency"}]}}, "data": [["Passport", "MFA"]]},
        {"fields": [{"id": "service name"}, {"id": "agency"}], "records": [["Passport", "MFA"]]},
        {"type": "FeatureCollection", "features": [{"properties": {"service name": "Passport", "agency": "MFA"}}]},
        {"s1": {"service name": "Passport", "agency": "MFA"}},
        [["service name", "agency"], ["Passport", "MFA"]],
    ],
)
def test_json_shapes(body: Any) -> None:
    examined = examine(json.dumps(body).encode())
    assert counts(examined)[1] == 1
    assert {"task_name": "Passport", "dept_name": "MFA"}.items() <= examined.drafts[0].values.items()


def test_xlsx_with_titles_merged_headings_sections_and_formulas() -> None:
    content = xlsx_of(
        [
            ["某市事项清单", None, None, None, None],
            ["填报单位：某局"],
            ["序号", "事项名称", "办理时限", None, "部门"],
            [None, None, "法定时限", "承诺时限", None],
            ["一、行政许可"],
            [1, "甲类许可", "20个工作日", "5", "甲局"],
            [2, "乙类许可", 20.0, 30, None],
            [3, '="丙类"&"许可"', 20, 5, "丙局"],
        ],
        ("A1:E1", "C3:D3", "A3:A4", "B3:B4", "E3:E4", "A5:E5", "E6:E7"),
    )
    examined = examine(content)
    assert counts(examined)[:2] == (3, 2) and examined.report.skipped == 1
    assert rules_of(examined, 7) == {"limit.order"}
    assert rules_of(examined, 8) >= {"cell.formula"}
    first, formula = (draft.values for draft in examined.drafts)
    assert (first["anticipate_day"], first["promise_day"], first["dept_name"]) == (20, 5, "甲局")
    assert formula["task_name"] == '="丙类"&"许可"'


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "file.empty"),
        (b"\xef\xbb\xbf \n", "file.empty"),
        ("事项名称,部门\n".encode(), "file.empty"),
        (b'{"data": [1, 2', "file.format"),
        (b"[]", "file.empty"),
        (b"{}", "file.empty"),
        (b"[" * 100_000, "file.format"),
        (b"<html><body>Service unavailable</body></html>", "file.format"),
        (b"%PDF-1.7 ...", "file.format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file.format"),
        (b"PK\x03\x04 broken", "file.format"),
        (bytes(range(256)) * 40, "file.format"),
        (os.urandom(4096), None),
        (b"1,2,3\n4,5,6\n", "map.no_name"),
    ],
)
def test_files_that_are_no_list(content: bytes, rule: str | None) -> None:
    examined = examine(content)
    assert counts(examined)[0] == 0 or rule is None
    if rule:
        first = examined.report.findings[0]
        assert (first.row, first.rule, first.level) == (None, rule, "error")


def test_a_spreadsheet_bomb_is_refused_unopened() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    assert rules_of(examine(target.getvalue())) == {"file.size"}


def test_an_html_table_saved_as_xls() -> None:
    table = "<table><tr><td>服务名称</td><td>部门</td></tr><tr><td>居住证办理</td><td>公安局</td></tr></table>"
    examined = examine(table.encode("gb18030"))
    assert counts(examined)[:2] == (1, 1) and examined.drafts[0].values["dept_name"] == "公安局"


def test_a_quotation_mark_never_closed() -> None:
    examined = examine(b'name;dept;notes\n"Open quote;a;b\nSecond;a;b\nThird;a;b\n')
    assert counts(examined)[:2] == (3, 3) and "file.quotes" in rules_of(examined, None)


def test_a_damaged_text_is_named() -> None:
    content = (
        "Service name,Department\nPassport,Außenamt\nVisa,Amt\n".encode() + b"Caf\xe9,Amt\n" + "Übel,Ä\n".encode() * 9
    )
    examined = examine(content)
    assert "file.encoding" in rules_of(examined, None) and "text.encoding" in rules_of(examined, 4)


def test_an_explicit_map_wins() -> None:
    content = csv_of("name,title,team,kind", "X1,Passport,MFA,permit", "X2,Visa,MFA,benefit")
    mapping = """
columns: {task_name: title, dept_name: team, task_type: kind}
values: {task_type: {permit: "01", benefit: "05"}}
defaults: {consult_phone: 010-12345678}
"""
    examined = examine(content, mapping)
    assert [d.values["task_name"] for d in examined.drafts] == ["Passport", "Visa"]
    assert [d.values["task_type"] for d in examined.drafts] == ["01", "05"]
    assert examined.drafts[0].values["consult_phone"] == "010-12345678"
    assert examined.report.mapping == {"title": "task_name", "team": "dept_name", "kind": "task_type"}
    turned = examine(content, "title: task_name\n")
    assert turned.drafts[0].values["task_name"] == "Passport"


@pytest.mark.parametrize(
    ("mapping", "rule"),
    [
        ("columns: {colour: title}", "map.field"),
        ("columns: [", "map.yaml"),
        ("- a", "map.yaml"),
        ("columns: {task_name: nowhere}", "map.column_missing"),
        ("encoding: klingon", "map.encoding"),
        ("header: 99", "map.header"),
        ("header: x", "map.yaml"),
    ],
)
def test_a_wrong_map_is_named(mapping: str, rule: str) -> None:
    assert rule in rules_of(examine(b"name,dept\nPassport,MFA\n", mapping), None)


def test_columns_are_recognised_by_parts_of_their_names() -> None:
    examined = examine(
        csv_of(
            "Sl. No.,Name of the Service,Name of Department,Stipulated Time Limit (in days),Officer,Fee (Rs.)",
            "1,Birth Certificate,Municipal Administration,7,Registrar,10",
            "2,Caste Certificate,Revenue,21 working days,Tahsildar,Nil",
        )
    )
    assert counts(examined) == (2, 2, 0, 0)
    first, second = (draft.values for draft in examined.drafts)
    assert (first["promise_day"], first["promise_type"], first["is_fee"]) == (7, "2", True)
    assert (second["promise_day"], second["promise_type"], second["is_fee"]) == (21, "1", False)
    assert examined.report.unused == ("Sl. No.", "Officer")


def test_main_items_stand_in_for_missing_parts() -> None:
    lines = (
        "职权类型,主项名称,子项名称,责任主体",
        "行政许可,食品生产许可,食品生产许可（新办）,甲局",
        "行政处罚,对无证经营的处罚,,甲局",
    )
    examined = examine(csv_of(*lines))
    assert [d.values["task_name"] for d in examined.drafts] == ["食品生产许可（新办）", "对无证经营的处罚"]
    assert [d.values["task_type"] for d in examined.drafts] == ["01", "02"]


def test_identifiers() -> None:
    lines = [f"{n},Service {n},Dept" for n in range(30)]
    examined = examine(csv_of("id,service name,department", *lines, "7,Other,Dept"))
    assert counts(examined) == (31, 30, 0, 1) and rules_of(examined, 32) == {"id.duplicate"}
    assert all(len(draft.key) == 25 for draft in examined.drafts)
    grouped = [f"{n % 3},Service {n},Dept" for n in range(30)]
    examined = examine(csv_of("code,service name,department", *grouped))
    assert counts(examined)[3] == 0 and "map.not_unique" in rules_of(examined, None)


def test_the_code_of_a_bad_check_digit_is_a_warning() -> None:
    examined = examine(csv_of("事项名称,统一社会信用代码", "甲事项,91350100M0001TGQXM", "乙事项,91350100M000100Y43"))
    assert rules_of(examined, 2) == {"code.check"} and rules_of(examined, 3) == set()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")),
        st.lists(st.lists(st.text(max_size=20), min_size=1, max_size=6), max_size=8).map(
            lambda rows: "\n".join(["事项名称,部门,承诺时限,咨询电话,是否收费,实施编码", *map(",".join, rows)]).encode(
                "utf-8", "replace"
            )
        ),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(st.sampled_from(["name", "dept", "materials", "fee", "id", "x"]), inner)
            ),
            max_leaves=12,
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_no_input_brings_it_down(content: bytes) -> None:
    counts(examine(content))


@pytest.mark.django_db
def test_importing_again_changes_nothing_and_a_change_makes_a_version() -> None:
    first = csv_of("id,service name,department,processing time", "svc-000000001,Passport,MFA,20 working days")
    done = import_list(first, attribution="A list, CC BY")
    assert done.published is not None and (done.published.added, done.published.changed) == (1, 0)
    again = import_list(first, attribution="A list, CC BY")
    assert again.published is not None and again.published.unchanged == 1
    changed = import_list(first.replace(b"20 working", b"10 working"), attribution="A list, CC BY")
    assert changed.published is not None and changed.published.changed == 1
    found = item("svc-000000001")
    assert (found.version, found.promise_day, found.attribution) == (2, 10, "A list, CC BY")


@pytest.mark.django_db
def test_a_refused_row_is_not_published() -> None:
    import_list(csv_of("service name,department,legal limit,processing time", "Passport,MFA,5,20", "Visa,MFA,20,5"))
    assert list(Item.objects.values_list("task_name", flat=True)) == ["Visa"]


def test_the_command_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(csv_of("service name,department", "Passport,MFA", ",MFA"))
    from tongban.work.hall.items import cli

    arguments = _parsed(cli, ["items", "import", str(path), "--dry-run", "--json"])
    assert cli.import_items(arguments) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {name: printed[name] for name in ("rows", "accepted", "warned", "refused")} == {
        "rows": 2,
        "accepted": 1,
        "warned": 0,
        "refused": 1,
    }
    assert set(printed["findings"][0]) == {"row", "field", "rule", "level", "message"}
    arguments = _parsed(cli, ["items", "import", str(tmp_path / "none.csv"), "--dry-run", "--json"])
    assert cli.import_items(arguments) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["rule"] == "file.unreadable"


def _parsed(cli: Any, words: list[str]) -> Any:
    import argparse

    parser = argparse.ArgumentParser()
    cli.register(parser.add_subparsers())
    return parser.parse_args(words)
