"""Linking through the command, on people and organisations with planted errors and known truth."""

from __future__ import annotations

import csv
import importlib.util
import json
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tongban.data.linkage import cli
from tongban.data.linkage.grouping import through_others
from tongban.data.linkage.meanings import MEANINGS, meaning
from tongban.data.linkage.reading import read

FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰萍红鹏辉玲斌建国志文海波丹"
HOMOPHONE = {"伟": "玮", "芳": "方", "静": "敬", "强": "墙", "丽": "莉", "明": "鸣", "文": "闻", "华": "花", "平": "萍"}
PLACES = ["海口市龙华区", "海口市美兰区", "三亚市吉阳区", "儋州市那大镇", "文昌市文城镇", "琼海市嘉积镇"]
COLUMNS = {"编号": None, "姓名": "name", "生日": "birth_date", "证件": "identity_number", "住址": "address"}


def people(rng: random.Random, n: int) -> list[dict[str, str]]:
    found = []
    for i in range(n):
        day = f"{rng.randint(1940, 2005)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        name = rng.choice(FAMILY) + "".join(rng.choices(GIVEN, k=rng.choice((1, 2, 2))))
        number = f"46{rng.randint(1000, 9999)}{day.replace('-', '')}{rng.randint(0, 9999):04}"
        where = f"{rng.choice(PLACES)}人民路{rng.randint(1, 400)}号{rng.randint(1, 30)}栋"
        found.append({"编号": str(i), "姓名": name, "生日": day, "证件": number, "住址": where})
    return found


def copied(rng: random.Random, row: dict[str, str]) -> dict[str, str]:
    """As another office wrote it down."""
    name = row["姓名"]
    if rng.random() < 0.3:
        name = "".join(HOMOPHONE.get(c, c) for c in name)
    day = row["生日"]
    if rng.random() < 0.3:
        day = day.replace("-", "")
    elif rng.random() < 0.1:
        day = day[:-1] + str(rng.randint(0, 9))
    where = row["住址"] if rng.random() < 0.7 else row["住址"][3:]
    return {**row, "姓名": name, "生日": day, "证件": row["证件"] if rng.random() < 0.4 else "", "住址": where}


def write(path: Path, rows: list[dict[str, str]], encoding: str = "utf-8") -> None:
    with path.open("w", newline="", encoding=encoding) as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def run(*words: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    import argparse

    parser = argparse.ArgumentParser()
    cli.register(parser.add_subparsers())
    arguments = parser.parse_args(["link", *map(str, words), "--json"])
    status = arguments.run(arguments)
    return status, json.loads(capsys.readouterr().out)


def pairs(path: Path) -> set[tuple[str, str]]:
    with path.open() as stream:
        rows = list(csv.DictReader(stream))
    assert all(0.5 <= float(row["probability"]) <= 1 for row in rows)
    return {(row["left_id"], row["right_id"]) for row in rows}


def quality(found: set[tuple[str, str]], truth: set[tuple[str, str]]) -> tuple[float, float]:
    return len(found & truth) / max(1, len(found)), len(found & truth) / len(truth)


@pytest.fixture
def two_offices(tmp_path: Path) -> set[tuple[str, str]]:
    """Files left.csv, right.csv and s.yaml; answers the truth."""
    rng = random.Random(1)
    left = people(rng, 400)
    right = [{**copied(rng, row), "编号": f"b{row['编号']}"} for row in rng.sample(left, 200)]
    right += [{**row, "编号": f"c{row['编号']}"} for row in people(rng, 100)]
    write(tmp_path / "left.csv", left)
    write(tmp_path / "right.csv", right, "gb18030")
    columns = "".join(f"  {name}: {means}\n" for name, means in COLUMNS.items() if means)
    (tmp_path / "s.yaml").write_text(f"id: 编号\ncolumns:\n{columns}", "utf-8")
    return {(row["编号"][1:], row["编号"]) for row in right if row["编号"][0] == "b"}


def linked(folder: Path, capsys: pytest.CaptureFixture[str], engine: str = "") -> tuple[set[tuple[str, str]], Any]:
    if engine:
        with (folder / "s.yaml").open("a") as stream:
            stream.write(f"engine: {engine}\n")
    out = folder / f"pairs{engine}.csv"
    status, report = run(
        folder / "left.csv", folder / "right.csv", "--settings", folder / "s.yaml", "--out", out, capsys=capsys
    )
    assert (status, report["ok"]) == (0, True), report
    return pairs(out), report


def test_two_offices_lists_of_people(
    tmp_path: Path, two_offices: set[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    found, report = linked(tmp_path, capsys)
    assert report["rows"] == {"left": 400, "right": 300}
    precision, recall = quality(found, two_offices)
    assert precision >= 0.98, precision
    assert recall >= 0.97, recall
    bits = [step["bits"] for step in report["weights"]["name"]]
    assert bits == sorted(bits, reverse=True)
    assert bits[0] > 0 > bits[-1]


@pytest.mark.skipif(not importlib.util.find_spec("pyspark"), reason="needs requirements/spark.txt")
@pytest.mark.skipif(not shutil.which("java"), reason="needs Java 17 or newer")
def test_spark_finds_what_duckdb_finds(
    tmp_path: Path, two_offices: set[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    here, _report = linked(tmp_path, capsys)
    there, _report = linked(tmp_path, capsys, "spark")
    assert len(here ^ there) <= 0.01 * len(here)
    assert min(quality(there, two_offices)) >= 0.97


def test_without_spark_it_is_said_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "all.csv", [{"id": "1", "name": "陈芳"}])
    (tmp_path / "s.yaml").write_text("engine: spark")
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    status, report = run("dedupe", tmp_path / "all.csv", "--settings", tmp_path / "s.yaml", capsys=capsys)
    assert (status, "requirements/spark.txt" in report["message"]) == (1, True)


def test_names_alone_tell_organisations_from_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(3)
    trades = ("商贸", "科技", "物流", "餐饮管理", "农业开发", "文化传媒")
    parts = [
        (p, a + b, t)
        for p in ("海口", "三亚", "文昌")
        for a in "晨暮南听椰金新宏"
        for b in "星云溟涛风沙源达"
        for t in trades
    ]
    names = rng.sample(parts, 400)
    written = [
        lambda place, mark, trade: f"{place}{mark}{trade}有限公司",
        lambda place, mark, trade: f"{place}市{mark}{trade}有限责任公司",
        lambda place, mark, trade: f"{mark}（{place}）{trade}有限公司",
    ]
    left = [{"编号": str(n), "企业名称": written[0](*one)} for n, one in enumerate(names[:300])]
    right = [{"编号": f"b{n}", "企业名称": rng.choice(written)(*one)} for n, one in enumerate(names) if n >= 150]
    write(tmp_path / "left.csv", left)
    write(tmp_path / "right.csv", right)
    out = tmp_path / "pairs.csv"
    assert run(tmp_path / "left.csv", tmp_path / "right.csv", "--out", out, capsys=capsys)[0] == 0
    precision, recall = quality(pairs(out), {(str(n), f"b{n}") for n in range(150, 300)})
    assert precision >= 0.97 and recall >= 0.97, (precision, recall)
    often = [
        {"编号": str(n), "company": f"{written}"} for n, written in enumerate(["Akzo Nobel N.V.", "AKZO NOBEL"] * 30)
    ]
    often += [{"编号": str(n), "company": f"{a} {b} B. V."} for n, (a, b) in enumerate(
        ((a, b) for a in ("Delta", "Coral", "Maple", "Orchid") for b in ("Foods", "Steel", "Paper")), 60)]  # fmt: skip
    write(tmp_path / "often.csv", often)
    assert run("dedupe", tmp_path / "often.csv", "--out", out, capsys=capsys)[0] == 0
    found = pairs(out)
    assert len(found) == 60 * 59 / 2 and all(int(a) < 60 and int(b) < 60 for a, b in found)


def test_one_list_of_companies_holds_some_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(2)
    words = [
        "Harbour",
        "Coral",
        "Summit",
        "Pacific",
        "Golden",
        "Maple",
        "Northern",
        "Silver",
        "Orchid",
        "Delta",
        "Granite",
    ]
    trades = [
        "Foods",
        "Logistics",
        "Engineering",
        "Textiles",
        "Software",
        "Consulting",
        "Fisheries",
        "Printing",
        "Motors",
    ]
    rows, truth = [], set()
    for i in range(250):
        name = f"{rng.choice(words)} {rng.choice(words)} {rng.choice(trades)}"
        street = f"{rng.randint(1, 300)} {rng.choice(words)} {rng.choice(('Street', 'Road', 'Avenue'))}"
        phone = f"0{rng.randint(10**8, 10**9 - 1)}"
        rows.append({"id": f"{i}a", "company": f"{name} Ltd.", "street": street, "telephone": phone})
        if i % 3 == 0:
            truth.add((f"{i}a", f"{i}b"))
            other = name.upper() if rng.random() < 0.6 else name.replace("o", "0", 1)
            road = street.replace("Street", "St").replace("Road", "Rd")
            rows.append({"id": f"{i}b", "company": f"The {other} Limited", "street": road, "telephone": ""})
    rng.shuffle(rows)
    write(tmp_path / "all.csv", rows)
    status, report = run("dedupe", tmp_path / "all.csv", "--out", tmp_path / "pairs.csv", capsys=capsys)
    assert (status, report["fields"]) == (0, ["phone", "address", "organisation_name"])
    found = {tuple(sorted(pair)) for pair in pairs(tmp_path / "pairs.csv")}
    precision, recall = quality(found, truth)  # type: ignore[arg-type]
    assert precision >= 0.97, precision
    assert recall >= 0.95, recall


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ("id: number", "number"),
        ("id: id\ncolumns: {nam: name}", "nam"),
        ("id: id\ncolumns: {name: shoe size}", "shoe size"),
        ("id: id\ncolums: {}", "colums"),
        ("id: id\nthreshold: 3\ncolumns: {name: name}", "0"),
        ("- a", "columns"),
        ("left: 3", "left"),
        ("id: id\nleft: {cols: {name: name}}", "cols"),
        ("id: id\nthreshold: true\ncolumns: {name: name}", "0"),
        (": :", "s.yaml"),
        ("id: id\nengine: oracle\ncolumns: {name: name}", "duckdb"),
    ],
)
def test_what_is_wrong_is_said(settings: str, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "all.csv", [{"id": "1", "name": "x"}])
    (tmp_path / "s.yaml").write_text(settings)
    out = tmp_path / "pairs.csv"
    status, report = run("dedupe", tmp_path / "all.csv", "--settings", tmp_path / "s.yaml", "--out", out, capsys=capsys)
    assert (status, report["ok"]) == (1, False)
    assert word in report["message"]
    assert not out.exists()


def test_a_line_that_does_not_fit_the_heading_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text, line in (
        ("a.csv", "企业名录\n编号,企业名称\n1,甲\n", 2),
        ("b.tsv", 'id\tname\n1\t"a\nb"\n2\tc\td\n', 4),
    ):
        (tmp_path / name).write_text(text, "utf-8")
        status, report = run("dedupe", tmp_path / name, "--out", tmp_path / "p.csv", capsys=capsys)
        assert (status, report["ok"]) == (1, False)
        assert f"line {line}:" in report["message"] or f"第{line}行" in report["message"], report
        assert not (tmp_path / "p.csv").exists()


@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_large_file_is_read_whatever_stands_at_its_first_mebibyte(tmp_path: Path, encoding: str, shift: int) -> None:
    file = tmp_path / "large.csv"
    file.write_text("编号,姓名\n" + "x" * shift + "\n".join(f"{n},陈国华{'华' * 40}" for n in range(9_000)), encoding)
    assert file.stat().st_size > 1 << 19
    table = read(file)
    assert table.column_names == ["编号", "姓名"]
    assert table.num_rows == 9_000


def test_one_likely_pair_does_not_join_two_crowds() -> None:
    crowds = [list(range(6)), list(range(6, 12))]
    sure = [(a, b, 0.99) for crowd in crowds for a in crowd for b in crowd if a < b and (a, b) != (0, 5)]
    rows = np.array([(a, b) for a, b, _p in [*sure, (0, 11, 0.95)]])
    found, probability = through_others(rows, np.array([p for *_pair, p in [*sure, (0, 11, 0.95)]]))
    got = {(int(a), int(b)) for a, b in found}
    assert (0, 5) in got
    assert {pair for pair in got if pair[0] < 6 <= pair[1]} == {(0, 11)}
    assert probability.min() >= 0.95


def test_columns_that_hold_no_text_are_left_out(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"id": [1, 2], "name": ["a", "b"], "tags": [["x"], []], "raw": [b"\xff", None]}),
        tmp_path / "o.parquet",
    )
    assert read(tmp_path / "o.parquet").column_names == ["id", "name"]
    (tmp_path / "u.csv").write_text("id,姓名\n1,陈芳\n", "utf-16")
    assert read(tmp_path / "u.csv").to_pylist() == [{"id": "1", "姓名": "陈芳"}]


def test_small_and_empty_files_have_no_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "one.csv", [{"id": "1", "name": "陈芳"}])
    (tmp_path / "none.csv").write_text("id,name\n")
    for left, right in (("dedupe", "one.csv"), ("one.csv", "none.csv"), ("dedupe", "none.csv")):
        first = left if left == "dedupe" else tmp_path / left
        status, report = run(first, tmp_path / right, "--out", tmp_path / "p.csv", capsys=capsys)
        assert (status, report["pairs"]) == (0, 0)
        assert pairs(tmp_path / "p.csv") == set()


def test_ids_that_name_several_rows_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        tmp_path / "twice.csv", [{"id": id_, "name": name} for id_, name in (("1", "陈芳"), ("1", "王伟"), ("2", ""))]
    )
    _status, report = run("dedupe", tmp_path / "twice.csv", capsys=capsys)
    assert "left: 1 rows have an id that another row has" in report["notes"]


@pytest.mark.parametrize(
    ("means", "written", "standard"),
    [
        ("name", "Smith, Dr. John", "john smith"),
        ("name", "張 偉", "张伟"),
        ("birth date", "1990年3月2日", "1990-03-02"),
        ("dob", "19560409", "1956-04-09"),
        ("dob", "12 Mar 1990", "1990-03-12"),
        ("dob", "31/12/1990", "1990-12-31"),
        ("dob", "", None),
        ("身份证号", "110105491231002", "11010519491231002X"),
        ("phone", "+86 138-1234-5678", "13812345678"),
        ("company", "北京小米科技有限责任公司", "北京小米科技"),
        ("company", "晨星（海口）商贸有限公司", "海口晨星商贸"),
        ("company", "海口市晨星商贸有限责任公司", "海口晨星商贸"),
        ("company", "Foo & Bar Co., Ltd.", "foo bar"),
        ("company", "J. P. Example B.V.", "jp example"),
        ("sex", "女", "f"),
        ("postcode", "570100.0", "570100"),
    ],
)
def test_values_are_written_alike(means: str, written: str, standard: str | None) -> None:
    found = meaning(means)
    assert found in MEANINGS.values()
    assert found.standard(written) == standard  # type: ignore[union-attr]
