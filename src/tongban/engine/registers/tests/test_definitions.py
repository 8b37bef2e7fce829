"""Definitions: findings with file and line; plans that never destroy; applied wholly or not at all."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection

from tongban.base.kernel.api import DefinitionError, NotFound, Ref, Refused
from tongban.engine.registers import api

from .conftest import as_role, base_definitions

TEXT = """key: boats
title: {zh: 船舶, en: Boats}
owner: transport
natural_key: [number]
fields:
  - name: number
    title: {zh: 船号, en: Number}
    type: text
    required: true
  - name: length
    title: {zh: 船长, en: Length}
    type: decimal
"""
EXTRA = """  - name: port
    title: {zh: 船籍港, en: Port}
    type: text
    index: true
"""


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("type: decimal", "type: decimals"), 12, "`type` is one of"),
        (("name: length", "name: Length"), 10, "small letters"),
        (("name: length", "name: number"), 10, "declared twice"),
        (("name: length", "name: version"), 10, "reserved"),
        (("natural_key: [number]", "natural_key: [length]"), 1, "must be required"),
        (("natural_key: [number]", "natural_key: [missing]"), 4, "no field missing"),
        (("owner: transport\n", ""), 1, "`owner` is missing"),
        (("required: true", "required: perhaps"), 9, "true or false"),
        (("type: decimal", "type: code"), 10, "needs `codes`"),
        (("type: decimal", "type: ref"), 10, "needs `register`"),
        (("type: decimal", "type: json\n    index: true"), 10, "cannot be indexed"),
        (("{zh: 船长, en: Length}", "船长"), 11, "`zh` and `en`"),
        (("type: decimal", "type: decimal\n    colour: red"), 13, "has no `colour`"),
        (("type: decimal", "type: decimal\n    retention: long"), 10, "permanent"),
        (("owner: transport", "owner: transport\npersonal: true"), 1, "subject"),
        (("owner: transport", "owner: transport\nzone: public"), 1, "public zone"),
        (("owner: transport", "owner: transport\nlevel: secret"), 4, "`level` is one of"),
        (("owner: transport", "owner: transport\nowner: x"), 4, "stands here twice"),
        (("owner: transport", "owner: &a transport"), 3, ""),
        (("owner: transport", "owner: !!python/object:os.system x"), 3, "tag"),
        (("fields:", "fields"), 6, "could not find"),
    ],
)
def test_a_fault_is_found_with_file_and_line(change: tuple[str, str], line: int, words: str) -> None:
    text = TEXT.replace(*change)
    assert text != TEXT
    if not words:
        assert api.parse(text, "boats.yaml").owner == "transport"
        return
    with pytest.raises(DefinitionError) as invalid:
        api.parse(text, "boats.yaml")
    assert any(f.startswith(f"boats.yaml:{line}: ") and words in f for f in invalid.value.findings), (
        invalid.value.findings
    )
    assert str(invalid.value).startswith("boats.yaml:")


def test_an_alias_bomb_is_refused_quickly() -> None:
    bomb = "a: &a [x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    with pytest.raises(DefinitionError) as invalid:
        api.parse(bomb, "bomb.yaml")
    assert "anchors" in str(invalid.value)


@pytest.mark.parametrize("text", ["", "x", "[]", "[1]", "a: [", "\0", "- - - -", "{" * 500, "key: 1", "fields: 1"])
def test_nonsense_is_a_finding_never_a_traceback(text: str) -> None:
    with pytest.raises(DefinitionError):
        api.parse(text, "x.yaml")


@pytest.mark.django_db
def test_a_plan_shows_what_apply_runs_and_then_nothing(db: None) -> None:
    boats = api.parse(TEXT, "boats.yaml")
    shown = api.plan([boats])
    assert shown[0].startswith('CREATE TABLE "registers"."boats"')
    assert api.apply([boats]) == shown and api.plan([boats]) == [] and api.apply([boats]) == []
    more = api.parse(TEXT + EXTRA, "boats.yaml")
    assert [line.split(" (")[0] for line in api.plan([more])] == [
        'ALTER TABLE "registers"."boats" ADD COLUMN "port" text COLLATE "C"',
        'ALTER TABLE "registers"."boats_history" ADD COLUMN "port" text COLLATE "C"',
        'CREATE INDEX "boats_port_list" ON "registers"."boats"',
    ]
    api.apply([more])
    row = api.write("boats", {"number": "琼1", "length": "12.5", "port": "海口"}, by=None, reason="x", source="x")
    assert row["port"] == "海口"


@pytest.mark.django_db
def test_a_field_is_retired_never_dropped(db: None) -> None:
    api.apply([api.parse(TEXT + EXTRA, "boats.yaml")])
    api.write("boats", {"number": "琼1", "port": "海口"}, by=None, reason="x", source="x")
    with pytest.raises(DefinitionError, match="retired: true"):
        api.plan([api.parse(TEXT, "boats.yaml")])
    with pytest.raises(DefinitionError, match="cannot become"):
        api.plan([api.parse((TEXT + EXTRA).replace("type: decimal", "type: int"), "boats.yaml")])
    with pytest.raises(DefinitionError, match="natural key"):
        text = (TEXT + EXTRA).replace("[number]", "[port]").replace("index: true", "required: true")
        api.plan([api.parse(text, "boats.yaml")])
    api.apply([api.parse((TEXT + EXTRA).replace("    index: true", "    retired: true"), "boats.yaml")])
    row = api.find("boats", number="琼1")
    assert row is not None and "port" not in row.values
    with connection.cursor() as cursor:
        cursor.execute("SELECT port FROM registers.boats")
        assert cursor.fetchone() == ("海口",)


@pytest.mark.django_db
def test_all_or_nothing(db: None) -> None:
    good, bad = api.parse(TEXT, "a.yaml"), api.parse(TEXT.replace("boats", "ships"), "b.yaml")
    api.apply([bad])
    retyped = api.parse(TEXT.replace("boats", "ships").replace("type: decimal", "type: int"), "b.yaml")
    with pytest.raises(DefinitionError):
        api.apply([good, retyped])
    api.forget_definitions()
    with pytest.raises(NotFound):
        api.definition("boats")
    with pytest.raises(DefinitionError, match="no register harbours"):
        reference = EXTRA.replace("type: text", "type: ref\n    register: harbours")
        api.apply([api.parse(TEXT + reference, "boats.yaml")])


@pytest.mark.django_db
def test_only_the_owner_changes_tables(registers: None) -> None:
    boats = api.parse(TEXT, "boats.yaml")
    with as_role("tongban_app"), pytest.raises(Refused):
        api.apply([boats], by=Ref("identity.person", "x"))
    for query in (
        "CREATE TABLE registers.x (a int)",
        "DROP TABLE registers.licence",
        "DELETE FROM registers.licence",
    ):
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SAVEPOINT s")
            cursor.execute("SET LOCAL ROLE tongban_app")
            try:
                cursor.execute(query)
            finally:
                cursor.execute("ROLLBACK TO SAVEPOINT s")


@pytest.mark.django_db
def test_the_base_registers_hold(registers: None) -> None:
    assert [item.key for item in api.definitions()] == ["legal_entity", "licence", "population"]
    assert api.plan(base_definitions()) == []


@pytest.mark.django_db
def test_code_sets_are_loaded_and_checked(registers: None) -> None:
    assert api.load_codes("gbt4754", [{"code": "H62", "name": "餐饮业"}, {"code": "F51", "name": "批发业"}]) == 2
    assert api.choices("legal_entity", "industry")["H62"].zh == "餐饮业"
    api.load_codes("gbt4754", [{"code": "H62", "name": "餐饮业", "en": "Catering"}])
    assert list(api.codes("gbt4754")) == ["H62"]
