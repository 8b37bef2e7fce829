"""What only a MySQL server can show: its characters, zero dates, large numbers, zones, and how it breaks off."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tongban.data.node.batches import decode, encode
from tongban.data.node.conversions import Wrong, converter
from tongban.data.node.data import Change, ChangeBy, Counts, ItemType, Place, SourceChanged, SourceUnreachable
from tongban.data.node.mapping import load_mapping
from tongban.data.node.sinks import Parcel, put
from tongban.data.node.sources import open_source

from .departments import Department, mysql, needs_mysql

pytestmark = [needs_mysql, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]
KINDS = {
    "id": ("bigint unsigned", "text"),
    "name": ("varchar(40) CHARACTER SET gbk", "text"),
    "rare": ("varchar(40) CHARACTER SET utf8mb4", "text"),
    "pay": ("decimal(30, 10)", "decimal"),
    "share": ("double", "decimal"),
    "day": ("date", "date"),
    "clock": ("datetime", "datetime"),
    "stamp": ("timestamp NULL", "datetime"),
    "flag": ("bit(1)", "bool"),
    "yes": ("tinyint(1)", "bool"),
    "sorts": ("set('甲', '乙', '丙')", "text"),
    "note": ("json", "text"),
    "old": ("blob", "text"),
}
FULL = (
    "(18446744073709551615, '镕', '𬸣', 99999999999999999999.0123456789, 0.1, '1990-01-02', '2026-01-02 08:00:00',"
    " '2026-01-02 08:00:00', b'1', 0, '丙,甲', '{\"a\": \"乙\", \"b\": 1}', 'text')"
)
EMPTY = "(2, '', NULL, NULL, NULL, '0000-00-00', '0000-00-00 00:00:00', NULL, b'0', 1, '', NULL, x'ff')"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Department]:
    """A table of every kind of column, made by somebody whose clocks are those of Shanghai."""
    found = mysql(tmp_path)
    found.query("SET time_zone = '+08:00', sql_mode = ''")
    found.query(f"CREATE TABLE people ({', '.join(f'{name} {kind}' for name, (kind, _type) in KINDS.items())})")
    yield found
    found.query("DROP TABLE IF EXISTS people")
    gc.collect()  # the driver's results of broken connections complain when they go, which must not be in another test


def read(place: Place, change: Change | None = None, mark: Any = None) -> list[dict[str, Any]]:
    with open_source(place, tuple(KINDS)) as source:
        return [row for _number, row in source.rows(tuple(KINDS), Counts(), change or Change(), mark)]


def converted(office: Department, row: dict[str, Any]) -> dict[str, Any]:
    items = "\n".join(f"  {name}: {{column: {name}, type: {kind}}}" for name, (_, kind) in KINDS.items())
    text = f"name: people\nresource: 1/1\nsource: {office.text}\nkey: id\nitems:\n{items}"
    return converter(load_mapping(text, "a.yaml"))(row)


def test_every_kind_of_column_is_taken_for_what_it_means(office: Department) -> None:
    office.query(f"INSERT INTO people VALUES {FULL}, {EMPTY}")
    full, empty = read(office.place)
    assert converted(office, full) == {
        "id": "18446744073709551615", "name": "镕", "rare": "𬸣", "pay": "99999999999999999999.0123456789",
        "share": "0.1", "day": "1990-01-02", "clock": "2026-01-02T00:00:00+00:00",
        "stamp": "2026-01-02T00:00:00+00:00", "flag": True, "yes": False, "sorts": "丙,甲",
        "note": '{"a": "乙", "b": 1}', "old": "text",
    }  # fmt: skip
    with pytest.raises(Wrong, match="old: bytes"):
        converted(office, empty)
    row = converted(office, {**empty, "old": None})
    nothing = {name for name, value in row.items() if value is None}
    assert nothing == {"name", "rare", "pay", "share", "day", "clock", "stamp", "sorts", "note", "old"}
    assert (row["flag"], row["yes"]) == (False, True)
    with pytest.raises(Wrong, match="too large"):
        load = load_mapping(
            f"name: a\nresource: 1/1\nsource: {office.text}\nkey: id\nitems: {{id: {{column: id, type: int}}}}", "a"
        )
        converter(load)(full)


@pytest.mark.parametrize("column", ["clock", "stamp", "id", "pay"])
def test_a_growing_column_is_read_from_its_mark(office: Department, column: str) -> None:
    office.query(f"INSERT INTO people VALUES {FULL}, {EMPTY}")
    office.query(
        "INSERT INTO people (id, pay, clock, stamp) VALUES (3, 7, '2026-01-02 07:59:30', '2026-01-02 07:59:30')"
    )
    change = Change(ChangeBy.COLUMN, column, 60)
    assert len(read(office.place, change)) == 3
    marks = {"clock": "2026-01-02T08:00:00", "stamp": "2026-01-02T08:00:00", "id": 3, "pay": "7"}
    found = {
        row["id"]
        for row in read(office.place, replace(change, overlap=60 if "-" in str(marks[column]) else 0), marks[column])
    }
    assert found == {3, 18446744073709551615}


def parcel(number: int, **changes: Any) -> Parcel:
    kinds = {"id": ItemType.TEXT, "at": ItemType.DATETIME, "yes": ItemType.BOOL, "pay": ItemType.DECIMAL}
    at = datetime(2026, 1, 1, 16, 0, 0, 123456, tzinfo=UTC)
    row = {"id": "𬸣", "at": at.isoformat(), "yes": True, "pay": "12.5", **changes}
    made = {"cd_operation": "I", "cd_key": "k", "cd_time": at, **row}
    return Parcel(decode(encode("1/1@1", kinds, [made])), "1/1", "police", f"m{number}", number)


def test_moments_stand_in_a_table_as_the_clock_on_the_wall_shows_them(office: Department) -> None:
    office.query("ALTER DATABASE CHARACTER SET gbk")
    place = Place("sql", {**office.options, "table": "taken"})
    assert put(place, parcel(1)) == []
    office.query("SET time_zone = '+00:00'")
    assert office.query("SELECT id, at, cd_time, yes, pay + 0 FROM taken") == [
        ("𬸣", datetime(2026, 1, 2, 0, 0, 0, 123456), datetime(2026, 1, 2, 0, 0, 0, 123456), 1, 12.5)
    ]
    assert put(place, parcel(2, id="长" * 100_000)) == []
    assert office.query("SELECT char_length(id), cd_batch FROM taken") == [(100_000, 2)]
    office.query("ALTER TABLE taken MODIFY id varchar(3), MODIFY at timestamp NULL")
    office.query("SET GLOBAL sql_mode = ''")
    try:
        faults = put(place, parcel(3, id="too long"))
        assert len(faults) == 1, "a lax server shortens nothing"
    finally:
        office.query("SET GLOBAL sql_mode = DEFAULT")
    assert put(place, parcel(4, id="x")) == []
    assert office.query("SELECT at FROM taken") == [(datetime(2026, 1, 1, 16, 0),)]


def test_a_server_that_refuses_or_goes_away_is_said_in_words(office: Department, tmp_path: Path) -> None:
    office.query(f"INSERT INTO people (id) VALUES {', '.join(f'({n})' for n in range(20_000))}")
    (tmp_path / "wrong").touch(mode=0o600)
    (tmp_path / "wrong").write_text("not it")
    for options, why in (
        ({"password_file": f"{tmp_path}/wrong"}, "Access denied"),
        ({"url": "mysql://x@127.0.0.1:1/dept"}, "Can't connect"),
        ({"url": office.url + "_none"}, "Access denied|Unknown database"),
    ):
        with pytest.raises(SourceUnreachable, match=why) as caught:
            read(Place("sql", {**office.options, **options}))
        assert "not it" not in str(caught.value)
    office.query("CREATE VIEW broken AS SELECT * FROM people")
    office.query("ALTER TABLE people DROP COLUMN note")
    try:
        with pytest.raises(SourceChanged, match="broken"):
            read(Place("sql", {**office.options, "table": "broken"}))
    finally:
        office.query("DROP VIEW broken")
    with (
        pytest.raises(SourceUnreachable, match="does not answer"),
        open_source(office.place, ["id", "old"]) as source,
    ):
        for number, _row in source.rows(["id", "old"], Counts(), Change(), None):
            if number == 1:
                mine = office.query("SELECT connection_id()")[0][0]
                for (id_,) in office.query("SELECT id FROM information_schema.processlist WHERE db = database()"):
                    if id_ != mine:
                        office.query(f"KILL {id_}")
    with open_source(office.place, ["id"]) as source:
        rows = source.rows(["id"], Counts(), Change(), None)
        next(rows)
        rows.close()  # type: ignore[attr-defined]  # given up in the middle
        assert len(list(source.rows(["id"], Counts(), Change(), None))) == 20_000
