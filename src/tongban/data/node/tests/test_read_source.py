"""Sources as departments really have them: encodings, titles, merged and repeated headers, formulas, bombs."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tongban.data.node.data import Change, Counts, Place, Row, SourceChanged, SourceUnreachable
from tongban.data.node.sources import open_source

COLUMNS = ("姓名", "身份证号")
PEOPLE = [{"姓名": "张三", "身份证号": "1"}, {"姓名": "李四", "身份证号": "2"}]


def read(columns: Sequence[str], counts: Counts | None = None, **options: str) -> list[Row]:
    place = Place(options.pop("kind"), options)
    with open_source(place, columns) as source:
        return [row for _number, row in source.rows(columns, counts or Counts(), Change(), None)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_text_table_in_any_usual_encoding(tmp_path: Path, encoding: str, separator: str) -> None:
    lines = [("海口市常住人口登记表", "", ""), ("姓名", "性别", "身份证号"), ("张三", "男", "1"), ("", "", ""),
             ("姓名", "性别", "身份证号"), ("李四", "女", "2")]  # fmt: skip
    (tmp_path / "a.csv").write_text("\r\n".join(separator.join(line) for line in lines), encoding=encoding)
    counts = Counts()
    assert read(COLUMNS, counts, kind="csv", path=f"{tmp_path}/*.csv") == PEOPLE
    assert counts.headers == 1


def test_a_text_that_is_not_what_it_seems_is_refused(tmp_path: Path) -> None:
    head = "姓名,身份证号\n" + "张三,1\n" * 150_000
    (tmp_path / "a.csv").write_bytes(head.encode() + "李四,2\n".encode("gb18030"))
    with pytest.raises(SourceChanged, match="cannot be read after line"):
        read(COLUMNS, kind="csv", path=f"{tmp_path}/a.csv")


def test_a_missing_column_is_named_with_what_may_be_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("姓名,公民身份号码\n张三,1\n", encoding="utf-8")
    with pytest.raises(SourceChanged, match=r"The source changed: a.csv has no column 身份证号.*公民身份号码"):
        read(COLUMNS, kind="csv", path=f"{tmp_path}/a.csv")
    with pytest.raises(SourceUnreachable):
        read(COLUMNS, kind="csv", path=f"{tmp_path}/b.csv")


def test_a_file_somebody_is_writing_to_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("姓名,身份证号\n张三,1\n", encoding="utf-8")
    with pytest.raises(SourceChanged, match="written to"), open_source(Place("csv", {"path": str(path)}), COLUMNS):
        path.write_text("姓名,身份证号\n张三,1\n李四,", encoding="utf-8")


def test_a_workbook_with_title_merged_header_and_formulas(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["2026年企业名录"])
    sheet.append(["企业名称", "住所", None, "资本"])
    sheet.append([None, "市", "街道", None])
    sheet.merge_cells("B2:C2")
    sheet.merge_cells("A2:A3")
    sheet.append(["甲公司", "海口", "一街", 100])
    sheet.append(["乙公司", "三亚", "二街", "=D4*2"])
    book.save(tmp_path / "a.xlsx")
    counts = Counts()
    rows = read(("企业名称", "住所/街道", "资本"), counts, kind="xlsx", path=f"{tmp_path}/a.xlsx")
    assert [row["住所/街道"] for row in rows] == ["一街", "二街"]
    assert rows[0]["资本"] == 100 and rows[1]["资本"] == ""  # never evaluated: what was stored beside it, here nothing
    assert counts.formulas == 1


@pytest.mark.parametrize("evil", ["entities", "bomb", "torn"])
def test_t24_a_hostile_workbook_is_refused(tmp_path: Path, evil: str) -> None:
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    book.save(tmp_path / "good.xlsx")
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(tmp_path / "good.xlsx") as good, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bad:
        for part in good.namelist():
            content = good.read(part)
            if evil == "entities" and part == "xl/workbook.xml":
                content = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>' + content
            if evil == "bomb" and part.startswith("xl/worksheets"):
                content = content.replace(b"</worksheet>", b" " * 50_000_000 + b"</worksheet>")
            bad.writestr(part, content)
    if evil == "torn":
        path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(SourceChanged):
        read(COLUMNS, kind="xlsx", path=str(path))


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    table = pa.table({"姓名": ["张三"], "出生": [date(1990, 1, 2)], "多余": [1]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert read(("姓名", "出生"), kind="parquet", path=f"{tmp_path}/a.parquet") == [
        {"姓名": "张三", "出生": date(1990, 1, 2)}
    ]


def test_a_folder_of_xml(tmp_path: Path) -> None:
    for at, name in enumerate(("甲公司", "乙公司")):
        address = f"<住所><市>海口{at}</市></住所>" if at else ""
        text = f'<?xml version="1.0"?><表 xmlns="urn:x"><企业 id="{at}"><名称>{name}</名称>{address}</企业></表>'
        (tmp_path / f"{at}.xml").write_text(text, encoding="utf-8")
    rows = read(("@id", "名称", "住所/市"), kind="xml", path=f"{tmp_path}/*.xml", record="企业")
    assert rows == [{"@id": "0", "名称": "甲公司", "住所/市": None}, {"@id": "1", "名称": "乙公司", "住所/市": "海口1"}]
    with pytest.raises(SourceChanged, match="no column 注册号"):
        read(("@id", "注册号"), kind="xml", path=f"{tmp_path}/*.xml", record="企业")


def test_t24_xml_with_a_document_type_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("do not show")
    (tmp_path / "a.xml").write_text(
        f'<!DOCTYPE t [<!ENTITY e SYSTEM "file://{secret}">]><t><r><n>&e;</n></r></t>', encoding="utf-8"
    )
    with pytest.raises(SourceChanged):
        read(("n",), kind="xml", path=f"{tmp_path}/a.xml", record="r")


def test_many_rows_take_little_memory(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("w", encoding="gb18030") as out:
        out.write("姓名,身份证号\n")
        out.writelines(f"张三{n},{n:018}\n" for n in range(60_000))
    tracemalloc.start()
    try:
        with open_source(Place("csv", {"path": f"{tmp_path}/a.csv"}), COLUMNS) as source:
            count = sum(1 for _row in source.rows(COLUMNS, Counts(), Change(), None))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 60_000 and peak < 8 << 20
