"""The bulk path: idempotent, with history, bad rows kept out and counted (G3)."""

from __future__ import annotations

import io

import pytest
from django.db import connection

from tongban.base.kernel.api import Invalid, Refused, credit_check, system
from tongban.engine.registers import api, lines

from .test_write import identity

COLUMNS = ["id_number", "name", "sex", "birth_date", "address", "address_division", "address_point", "status"]


def people(count: int, name: str = "陈小明") -> list[tuple[object, ...]]:
    return [
        (
            identity(serial=f"{i:03d}"),
            f"{name}{i}",
            "1",
            "1990-03-07",
            "海府路1号",
            "460108",
            (110.3, 20.0),
            "normal",
        )
        for i in range(count)
    ]


def deliver(rows: object, columns: list[str] = COLUMNS) -> api.BulkReport:  # type: ignore[name-defined]
    with system():
        return api.bulk("population", columns, rows, source="public_security")  # type: ignore[arg-type]


@pytest.mark.django_db
def test_a_delivery_is_idempotent(registers: None) -> None:
    first = deliver(people(300))
    assert (first.received, first.inserted, first.unchanged, first.refused) == (300, 300, 0, 0), first
    again = deliver(people(300))
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 300)
    with system():
        row = api.find("population", id_number=identity(serial="007"))
        assert row is not None and row.version == 1 and len(row.id) == 26
        assert row["address"] == {"text": "海府路1号", "division": "460108", "point": (110.3, 20.0)}


@pytest.mark.django_db
def test_changed_rows_get_a_version_and_a_history(registers: None) -> None:
    deliver(people(20))
    changed = people(25)
    changed[3] = (*changed[3][:1], "林大海", *changed[3][2:])
    report = deliver(changed)
    assert (report.inserted, report.updated, report.unchanged) == (5, 1, 19)
    with system():
        row = api.find("population", id_number=changed[3][0])
        assert row is not None and row.version == 2
        newest, oldest = api.history("population", row.id)
    assert (
        newest.changes == {"name": ("陈小明3", "林大海")} and oldest.version == 1 and newest.source == "public_security"
    )


@pytest.mark.django_db
def test_columns_that_are_not_delivered_stay(registers: None) -> None:
    deliver(people(3))
    deliver([(row[0], "新名字", "normal") for row in people(3)], ["id_number", "name", "status"])
    with system():
        row = api.find("population", id_number=identity(serial="001"))
    assert row is not None and row["name"] == "新名字" and row["address"]["division"] == "460108"


@pytest.mark.django_db
def test_bad_rows_are_refused_and_counted(registers: None) -> None:
    rows = people(8)
    rows[0] = ("46010619900307001A", *rows[0][1:])  # shape
    wrong = identity(serial="001")
    rows[1] = (wrong[:17] + ("0" if wrong[17] != "0" else "1"), *rows[1][1:])  # check character
    rows[2] = (*rows[2][:2], "7", *rows[2][3:])  # code
    rows[3] = (rows[3][0], "", *rows[3][2:])  # required
    rows.append((*people(6)[5][:1], "后来者", *people(6)[5][2:]))  # the same number again
    report = deliver(rows)
    assert (report.received, report.refused, report.repeated, report.inserted) == (9, 4, 1, 4)
    assert {(f.field, f.rule, f.count) for f in report.findings} == {
        ("id_number", "form", 1),
        ("id_number", "check_digit", 1),
        ("sex", "code", 1),
        ("name", "required", 1),
    }
    with system():
        row = api.find("population", id_number=identity(serial="005"))
    assert row is not None and row["name"] == "后来者"


@pytest.mark.django_db
def test_csv_as_file_and_as_pieces(registers: None) -> None:
    columns = ["uscc", "name", "type", "status"]
    lines = '91350100M000100Y43,"甲,乙",enterprise,active\n11370800MB28559184,丙,government,active\n'
    text = lines.encode()
    assert api.bulk("legal_entity", columns, io.BytesIO(text), source="x").inserted == 2
    assert api.bulk("legal_entity", columns, [text[:30], text[30:]], source="x").unchanged == 2
    assert api.bulk("legal_entity", columns, [], source="x").received == 0
    found = api.find("legal_entity", uscc="91350100M000100Y43")
    assert found is not None and found["name"] == "甲,乙"


@pytest.mark.django_db
@pytest.mark.parametrize("names", [["\\.", "\\N", " 甲 ", "NULL"], ["甲,乙", '"甲"', "甲\n乙", "\\."]])
def test_values_stand_as_they_were_delivered(registers: None, names: list[str]) -> None:
    codes = [first + credit_check(first) for first in (f"9135010000000{at}000" for at in range(len(names), 0, -1))]
    rows = [(code, name, "enterprise", "active") for code, name in zip(codes, names, strict=True)]
    assert api.bulk("legal_entity", ["uscc", "name", "type", "status"], rows, source="x").refused == 0
    found = [api.find("legal_entity", uscc=code) for code in codes]
    assert [row and row["name"] for row in found] == names


@pytest.mark.django_db
def test_a_pilot_code_is_a_warning_not_a_refusal(registers: None) -> None:
    rows = [("91350100M0001TGQXM", "甲", "enterprise", "active")]
    report = api.bulk("legal_entity", ["uscc", "name", "type", "status"], rows, source="x")
    assert report.inserted == 1 and [(f.rule, f.level) for f in report.findings] == [("check_digit", "warning")]


@pytest.mark.django_db
def test_what_cannot_be_read_changes_nothing_and_does_not_quote_values(registers: None) -> None:
    columns = ["uscc", "name", "type", "status", "founded"]
    with pytest.raises(Invalid) as invalid:
        api.bulk(
            "legal_entity",
            columns,
            [b"91350100M000100Y43,secretname,enterprise,active,31/31/2026\n"],
            source="x",
        )
    assert "31/31/2026" not in str(invalid.value)
    with pytest.raises(Invalid):
        api.bulk("legal_entity", ["uscc", "name; DROP TABLE x"], [], source="x")
    with pytest.raises(Invalid):
        api.bulk("legal_entity", ["name"], [], source="x")
    assert not api.page("legal_entity").rows


@pytest.mark.django_db
def test_personal_registers_take_deliveries_from_jobs_only(registers: None) -> None:
    with pytest.raises(Refused):
        api.bulk("population", COLUMNS, people(1), source="x")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registers.population")
        assert cursor.fetchone()[0] == 0


def entities(*names: str) -> bytes:
    return "".join(f"91350100M000100Y43,{name},enterprise,active\n" for name in names).encode()


ENTITY = ["uscc", "name", "type", "status"]


@pytest.mark.django_db
def test_a_line_counts_as_known_only_while_nobody_changed_its_row(registers: None) -> None:
    def brought(name: str, columns: list[str] = ENTITY) -> tuple[int, int]:
        report = api.bulk("legal_entity", columns, [entities(name)], source="x")
        return report.updated, report.unchanged

    api.bulk("legal_entity", ENTITY, [entities("甲")], source="x")
    row = api.find("legal_entity", uscc="91350100M000100Y43")
    assert row and brought("甲") == (0, 1)
    api.change("legal_entity", row.id, {"name": "乙"}, by=None, reason="更正", source="applicant")
    assert brought("甲") == (1, 0)
    api.retire("legal_entity", row.id, by=None, reason="注销")
    assert brought("甲") == (1, 0)
    assert api.bulk("legal_entity", ["uscc", "name"], [b"91350100M000100Y43,\xe4\xb8\x99\n"], source="y").updated == 1
    assert brought("甲") == (1, 0) and brought("甲") == (0, 1)
    assert len(api.history("legal_entity", row.id)) == 7


@pytest.mark.django_db
@pytest.mark.parametrize("filled", [False, True])
def test_a_number_that_comes_again_blocks_later_counts_once(
    registers: None, monkeypatch: pytest.MonkeyPatch, filled: bool
) -> None:
    monkeypatch.setattr(lines, "BLOCK", 1)
    other = b"11370800MB28559184,x,government,active\n"
    if filled:
        api.bulk("legal_entity", ENTITY, [other], source="x")
    report = api.bulk("legal_entity", ENTITY, [entities("甲"), entities("乙", "丙"), entities("丁")], source="x")
    assert (report.received, report.inserted, report.repeated, report.updated) == (4, 1, 3, 0)
    row = api.find("legal_entity", uscc="91350100M000100Y43")
    assert row and row["name"] == "丁" and row.version == 1 and len(api.history("legal_entity", row.id)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "place"),
    [
        (entities("甲") + b"91350100M000100Y43,short\n", "row 2"),
        (entities("甲") + b'91350100M000100Y43,"open,enterprise,active\n', "row 2"),
        (entities("甲") + b"91350100M000100Y43,\xff,enterprise,active\n", "UTF-8"),
        (entities("甲", "a\0b"), "row 2"),
    ],
)
def test_the_message_says_where_a_delivery_cannot_be_read(registers: None, text: bytes, place: str) -> None:
    with pytest.raises(Invalid, match=place):
        api.bulk("legal_entity", ENTITY, [text], source="x")
    assert not api.page("legal_entity").rows
