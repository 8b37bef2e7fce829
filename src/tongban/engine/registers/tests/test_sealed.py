"""Sealed fields of registers: bound to their row, found by their whole value, delivered in bulk (security R5, T39)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from tongban.base.kernel.api import DefinitionError, Refused, system
from tongban.engine.registers import api, lines

from .conftest import CITIZEN, NEIGHBOUR

FIRST, SECOND = "110105194912310038", "11010519491231002X"
COLUMNS = ["id_number", "name", "status", "phone", "address", "address_division"]


def test_r5_a_cell_of_another_row_is_refused(people: object) -> None:
    with connection.cursor() as cursor, system():
        cursor.execute("SELECT id, phone, id_number FROM registers.population ORDER BY id")
        (one, phone, _number), (other, _phone, number) = cursor.fetchall()
        cursor.execute("UPDATE registers.population SET phone = %s WHERE id = %s", [phone, other])
        with pytest.raises(Refused):
            api.find_by_id("population", other)
        assert api.find_by_id("population", one)
        cursor.execute("UPDATE registers.population SET id_number = %s WHERE id = %s", [number, one])
        with pytest.raises(Refused):
            api.find_by_id("population", one)


def test_history_of_sealed_fields_opens(people: object) -> None:
    with system():
        row = api.find("population", id_number=CITIZEN)
        assert row
        api.change("population", row.id, {"phone": "13900139000"}, by=None, reason="更正", source="applicant")
        new, old = api.history("population", row.id)
        assert new.changes == {"phone": ("13812345678", "13900139000")} and old.values["phone"] == "13812345678"
        assert api.find("population", phone="13812345678")["id_number"] == NEIGHBOUR  # type: ignore[index]


def test_a_delivery_in_pieces_of_csv(registers: None) -> None:
    text = (
        f'{FIRST},甲,normal,139 0013-9000,"路1号, \t""南""\\N 楼",460106\r\n{SECOND},乙,normal,,,\r\n'
        f"{SECOND[:-1]}1,丙,normal,x,,\r\n"
    ).encode()
    pieces = [text[start : start + 7] for start in range(0, len(text), 7)]
    with system():
        report = api.bulk("population", COLUMNS, pieces, source="police")
        assert (report.inserted, report.refused) == (2, 1)
        assert {(f.field, f.rule): f.samples for f in report.findings} == {
            ("id_number", "check_digit"): ("1101**********0021",),
            ("phone", "form"): ("1101**********0021",),
        }
        assert api.bulk("population", COLUMNS, [text], source="police").unchanged == 2
        row = api.find("population", phone="+86 13900139000")
        assert row and row["address"]["text"] == '路1号, \t"南"\\N 楼' and row["phone"] == "139 0013-9000"
        assert api.find("population", id_number=SECOND)["phone"] is None  # type: ignore[index]


def test_a_key_whose_time_ends_within_a_delivery_stops_nothing(people: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks are sealed while the connection is inside a COPY. A question on it would then wait for ever; one beside
    it would cost a connection and not see what this transaction wrote."""
    monkeypatch.setattr("tongban.trust.keys.fields.monotonic", count(1e9, 1e3).__next__)
    monkeypatch.setattr(lines, "BLOCK", 64)

    def rows() -> Iterator[tuple[object, ...]]:
        for number in (FIRST, SECOND):  # as linkage does: what it delivers, it opens on the way
            row = api.find("population", id_number=CITIZEN)
            assert row
            yield number, "甲", "normal", row["phone"], None, None

    with system(), monkeypatch.context() as beside:
        beside.setattr(BaseDatabaseWrapper, "connect", lambda _self: pytest.fail("a connection beside"))
        beside.setattr(lines, "_ROWS", 1)
        assert api.bulk("population", COLUMNS, rows(), source="police").inserted == 2
        assert api.find("population", id_number=SECOND)["phone"] == "13812345678"  # type: ignore[index]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{name: a, type: date, sealed: personal}", "cannot be sealed"),
        ("{name: a, type: text, sealed: nobody}", "is one of"),
        ("{name: a, type: text, sealed: personal, search: words}", "whole value only"),
        ("{name: a, type: phone, search: prefix}", "whole value only"),
        ("{name: a_index, type: text}", "reserved"),
    ],
)
def test_what_cannot_be_sealed_is_refused(line: str, message: str) -> None:
    head = "key: things\ntitle: {zh: 物, en: Things}\nowner: police\nnatural_key: [number]\nfields:\n"
    number = "  - {name: number, type: text, required: true, title: {zh: 号, en: Number}}\n"
    with pytest.raises(DefinitionError, match=message):
        api.parse(head + number + "  - " + line.replace("}", ", title: {zh: 甲, en: A}}"))
