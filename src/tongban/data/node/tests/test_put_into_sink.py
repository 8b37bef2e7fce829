"""Batches of others into sinks: twice is once, older is not newer, bad rows hold nothing up."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tongban.data.node.batches import decode, encode
from tongban.data.node.data import Batch, ItemType, Place, SourceChanged, SourceUnreachable
from tongban.data.node.sinks import Parcel, put

from .departments import DATABASES, Department

TYPES = {"id": ItemType.TEXT, "name": ItemType.TEXT, "income": ItemType.DECIMAL, "birth": ItemType.DATE}
AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def parcel(number: int, *rows: tuple[str, str, str, str]) -> Parcel:
    made = [
        {"cd_operation": op, "cd_key": id_, "cd_time": AT, "id": id_, "name": name, "income": income or None}
        for op, id_, name, income in rows
    ]
    return Parcel(decode(encode("1/1@1", TYPES, made)), "1/1", "police", f"m{number}", number)


@pytest.mark.parametrize("database", DATABASES)
def test_a_table_gets_each_row_once_with_control_columns(node: Path, database: Callable[[Path], Department]) -> None:
    office = database(node)
    place, query, table = office.place, office.query, office.table
    first = parcel(1, ("I", "1", "甲", "12.50"), ("I", "2", "乙", ""))
    assert put(place, first) == [] and put(place, first) == []
    assert put(place, parcel(2, ("U", "1", "丙", "1"), ("D", "2", "乙", ""))) == []
    assert put(place, first) == []  # an old batch once more
    found = query(f"SELECT id, name, cd_batch, cd_operation, cd_status FROM {table} ORDER BY id")
    assert [tuple(row) for row in found] == [("1", "丙", 2, "U", 0), ("2", "乙", 2, "D", 0)]
    shown = f"SELECT substr(cast(max(cd_time) AS char(30)), 12, 5) FROM {table}"
    assert query(shown) == [("11:04",)], "as the clock on the wall shows it"
    query(f"UPDATE {table} SET cd_status = 1")
    put(place, parcel(3, ("U", "1", "丁", "1")))
    assert [tuple(row) for row in query(f"SELECT id, cd_status FROM {table} ORDER BY id")] == [("1", 0), ("2", 1)]


@pytest.mark.parametrize("database", DATABASES)
def test_a_row_the_table_refuses_holds_nothing_up(node: Path, database: Callable[[Path], Department]) -> None:
    office = database(node)
    place, query, table = office.place, office.query, office.table
    query(
        f"CREATE TABLE {table} (cd_key varchar(64) PRIMARY KEY, id varchar(18), name varchar(9) CHECK (name <> '坏'), "
        "income numeric, birth date, cd_batch bigint, cd_operation varchar(1), cd_time timestamp, cd_status int, "
        "cd_error varchar(500))"
    )
    faults = put(place, parcel(1, ("I", "1", "甲", "1"), ("I", "2", "坏", "1"), ("I", "3", "丙", "1")))
    assert [(fault.row, "坏" in fault.why) for fault in faults] == [(2, False)]
    assert [row[0] for row in query(f"SELECT id FROM {table} ORDER BY id")] == ["1", "3"]
    query(f"ALTER TABLE {table} RENAME COLUMN income TO pay")
    with pytest.raises(SourceChanged, match="income"):
        put(place, parcel(2, ("I", "4", "甲", "1")))


def test_t28_a_file_for_spreadsheets_holds_no_formula(tmp_path: Path) -> None:
    evil = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx"]
    rows = [("I", str(at), text, "-3") for at, text in enumerate(evil)]
    place = Place("csv", {"folder": str(tmp_path / "out")})
    assert put(place, parcel(7, *rows)) == [] and put(place, parcel(7, *rows)) == []
    (file,) = (tmp_path / "out").iterdir()
    with file.open(encoding="utf-8-sig", newline="") as lines:
        cells = list(csv.DictReader(lines))
    assert [cell["name"] for cell in cells] == [f"'{text}" for text in evil]
    assert cells[0]["income"] == "-3.0000000000"  # a number is a number
    blocked = Place("csv", {"folder": str(file / "below")})
    with pytest.raises(SourceUnreachable):
        put(blocked, parcel(8, *rows))


def test_a_batch_that_is_none_is_refused() -> None:
    from tongban.base.kernel.api import Refused

    for body in (b"", b"PAR1", encode("1/1@1", TYPES, [])[:-3]):
        with pytest.raises(Refused):
            decode(body)
    row = {"cd_operation": "X", "cd_key": "1", "cd_time": AT, "id": "1"}
    with pytest.raises(Refused):
        decode(encode("1/1@1", TYPES, [row]))
    assert isinstance(decode(encode("1/1@1", TYPES, [{**row, "cd_operation": "I"}])), Batch)
