"""Runs: what changed goes out once, what is wrong with the source is said, a killed run loses and doubles nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tongban.base.kernel.api import Refused, now
from tongban.data.node import grants, taking
from tongban.data.node.api import add_source, remove_source, run_source
from tongban.data.node.data import RunState, SourceChanged
from tongban.data.node.models import Fault, Row
from tongban.data.node.queries import troubles
from tongban.data.transport import api as transport

from .conftest import RESOURCE, Rows, replayed
from .departments import DATABASES, Department, sqlite

Sent = Callable[[], list[Rows]]
Granted = Callable[..., None]

TEXT = """
name: residents
resource: "{resource}"
source: {source}
change: {change}
key: id
items:
  id: {{column: 编号}}
  name: {{column: 姓名, required: yes}}
  birth: {{column: 出生, type: date}}
  income: {{column: 收入, type: decimal}}
"""


WRONG_INCOME = "\n".join(f"{n},甲,,很多" for n in range(60))


def mapping(source: str, change: str = "comparison") -> str:
    return TEXT.format(resource=RESOURCE, source=source, change=change)


def write_csv(path: Path, rows: dict[str, tuple[str, str, str]], header: str = "编号,姓名,出生,收入") -> None:
    lines = [header, *(",".join((key, *row)) for key, row in rows.items())]
    path.write_text("\n".join(lines), encoding="gb18030")


def test_only_what_changed_goes_out_and_only_granted_items(node: Path, granted: Granted, sent: Sent) -> None:
    people = {str(n): (f"人{n}", "1990-01-02", f"{n}.50") for n in range(30)}
    write_csv(node / "a.csv", people)
    add_source(mapping(f"{{kind: csv, path: {node}/a.csv}}"), "a.yaml")
    assert run_source("residents").state is RunState.NOTHING  # no grant: nothing leaves
    granted(["id", "name"])
    assert run_source("residents").counts.batches == 1
    people["3"] = ("改名", "1990-01-02", "3.50")
    people["4"] = ("人4", "1990-01-02", "99")  # the grant does not see the income
    del people["5"]
    people["99"] = ("新人", "", "")
    write_csv(node / "a.csv", people)
    counts = run_source("residents").counts
    assert (counts.inserted, counts.updated, counts.deleted) == (1, 2, 1)
    first, second = sent()
    assert {row["cd_operation"] for row in first} == {"I"} and len(first) == 30 and "income" not in first[0]
    assert {(row["cd_operation"], row["id"]) for row in second} == {("U", "3"), ("D", "5"), ("I", "99")}
    assert {key: row["name"] for key, row in replayed([first, second], "id").items()} == {
        key: row[0] for key, row in people.items()
    }
    assert run_source("residents").state is RunState.NOTHING and len(sent()) == 2


def test_a_grant_ends_at_once(node: Path, granted: Granted, sent: Sent) -> None:
    write_csv(node / "a.csv", {"1": ("甲", "", "1"), "2": ("乙", "", "2")})
    add_source(mapping(f"{{kind: csv, path: {node}/a.csv}}"), "a.yaml")
    granted(["id", "income"])
    run_source("residents")
    grants.end({"grant": "g1", "resource": RESOURCE, "why": "撤销"}, now())
    write_csv(node / "a.csv", {"1": ("丙", "", "1"), "2": ("甲", "", "5")})
    assert run_source("residents").counts.batches == 0 and len(sent()) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("编号,名字,出生,收入\n1,甲,,1", "no column 姓名.*名字"),
        ("编号,姓名,出生\n1,甲,", "no column 收入"),
        (
            "编号,姓名,出生,收入\n" + WRONG_INCOME,
            r"income \(收入\) does not fit in 60",
        ),
        ("编号,姓名,出生,收入", "300 of 300 rows are gone"),
        ("", "no column"),
    ],
)
def test_a_source_that_changed_is_refused_and_nothing_is_sent(
    node: Path, granted: Granted, sent: Sent, content: str, why: str
) -> None:
    write_csv(node / "a.csv", {str(n): ("甲", "", "1") for n in range(300)})
    add_source(mapping(f"{{kind: csv, path: {node}/a.csv}}"), "a.yaml")
    granted(["id", "name"])
    run_source("residents")
    (node / "a.csv").write_text(content, encoding="utf-8")
    run = run_source("residents")
    assert run.state is RunState.REFUSED
    assert re.search(why, run.text), run.text
    assert len(sent()) == 1 and Row.objects.count() == 300


@pytest.mark.parametrize(
    ("known", "left", "share", "held"),
    [(300, 239, "", True), (300, 240, "", False), (25, 5, "", False), (12, 0, "", True), (300, 239, "30%", False),
     (300, 239, "0%", True), (300, 0, "100%", False)],
)  # fmt: skip
def test_a_source_that_lost_many_rows_waits_for_a_person(
    node: Path, granted: Granted, sent: Sent, known: int, left: int, share: str, held: bool
) -> None:
    people = {str(n): ("甲", "", "1") for n in range(known)}
    write_csv(node / "a.csv", people)
    text = mapping(f"{{kind: csv, path: {node}/a.csv}}") + (f"losses: {share}\n" if share else "")
    add_source(text, "a.yaml")
    granted(["id", "name"])
    run_source("residents")
    write_csv(node / "a.csv", dict(list(people.items())[:left]))
    run = run_source("residents")
    if held:
        assert run.state is RunState.REFUSED and "tongban node once residents --confirm" in run.text
        assert f"{known - left} of {known} rows are gone, more than" in run.text
        assert len(sent()) == 1 and Row.objects.count() == known
        (told,) = troubles()
        assert told == {"resource": RESOURCE, "text": run.text}
        assert run_source("residents").state is RunState.REFUSED, "it waits until somebody says so"
        run = run_source("residents", confirm=True)
    assert run.counts.deleted == known - left and Row.objects.count() == left and troubles() == []


def test_a_faulty_row_is_named_and_holds_nothing_up(node: Path, granted: Granted, sent: Sent) -> None:
    write_csv(node / "a.csv", {"1": ("甲", "", "1"), "2": ("乙", "1990-02-30", "1"), "3": ("丙", "", "1")})
    add_source(mapping(f"{{kind: csv, path: {node}/a.csv}}"), "a.yaml")
    granted(["id", "name"])
    run = run_source("residents")
    assert run.counts.faults == 1 and [row["id"] for row in sent()[0]] == ["1", "3"]
    fault = Fault.objects.get()
    assert (fault.number, fault.item) == (3, "birth") and "02-30" not in fault.why
    write_csv(node / "a.csv", {"1": ("甲", "bad", "1"), "3": ("丙", "", "1")})
    assert run_source("residents").counts.deleted == 0  # a row that cannot be read is not a row that is gone


def test_files_nobody_wrote_to_are_not_read_again(node: Path, granted: Granted, sent: Sent) -> None:
    write_csv(node / "a.csv", {"1": ("甲", "", "1")})
    add_source(mapping(f"{{kind: csv, path: {node}/*.csv}}"), "a.yaml")
    assert run_source("residents").counts.read == 1
    granted(["id", "name"])
    run = run_source("residents")
    assert (run.counts.read, run.counts.batches) == (0, 1) and len(sent()) == 1  # the new holder gets its rows
    write_csv(node / "b.csv", {"2": ("乙", "", "1")})
    assert run_source("residents").counts.inserted == 1


def test_what_is_written_to_while_it_is_read_sends_nothing(
    node: Path, granted: Granted, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(node / "a.csv", {"1": ("甲", "", "1")})
    add_source(mapping(f"{{kind: csv, path: {node}/a.csv}}"), "a.yaml")
    granted(["id", "name"])
    read = taking.Staging.read

    def slowly(*arguments: Any) -> None:
        read(*arguments)
        write_csv(node / "a.csv", {"1": ("甲", "", "1"), "2": ("乙", "", "1")})

    monkeypatch.setattr(taking.Staging, "read", slowly)
    assert run_source("residents").state is RunState.REFUSED and sent() == []
    monkeypatch.setattr(taking.Staging, "read", read)
    assert run_source("residents").counts.inserted == 2


def test_twice_the_same_key_with_different_values_is_no_row(node: Path, granted: Granted, sent: Sent) -> None:
    (node / "a.csv").write_text("编号,姓名,出生,收入\n1,甲,,1\n1,乙,,1\n2,丙,,1\n2,丙,,1\n", encoding="utf-8")
    add_source(mapping(f"{{kind: csv, path: {node}/a.csv}}"), "a.yaml")
    granted(["id", "name"])
    assert run_source("residents").counts.faults == 2 and [row["id"] for row in sent()[0]] == ["2"]


def test_r10_a_run_that_dies_loses_and_doubles_nothing(
    node: Path, granted: Granted, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = {str(n): (f"人{n}", "", "1") for n in range(50)}
    write_csv(node / "a.csv", people)
    add_source(mapping(f"{{kind: csv, path: {node}/a.csv}}"), "a.yaml")
    monkeypatch.setattr("tongban.data.node.copying.BATCH_ROWS", 7)
    monkeypatch.setattr("tongban.data.node.sending.BATCH_ROWS", 7)
    granted(["id", "name"])
    real, calls = taking.take_over, 0

    def dies(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        real(*arguments)
        if calls % 3 == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(taking, "take_over", dies)
    for lap in range(12):
        if lap == 6:
            people["7"] = ("改名", "", "1")
            del people["8"]
            write_csv(node / "a.csv", people)
        try:
            run_source("residents")
        except KeyboardInterrupt:
            continue
    monkeypatch.setattr(taking, "take_over", real)
    run_source("residents")
    assert {key: row["name"] for key, row in replayed(sent(), "id").items()} == {k: v[0] for k, v in people.items()}


def test_a_new_holder_gets_everything_exactly_once(
    node: Path, granted: Granted, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tongban.data.node.sending.BATCH_ROWS", 10)
    people = {str(n): (f"人{n}", "", "1") for n in range(45)}
    write_csv(node / "a.csv", people)
    add_source(mapping(f"{{kind: csv, path: {node}/a.csv}}"), "a.yaml")
    run_source("residents")
    granted(["id", "name"])
    del people["0"]
    write_csv(node / "a.csv", people)
    run_source("residents")
    assert sorted(replayed(sent(), "id")) == sorted(people) and len(sent()) == 6


def test_a_blocked_holder_stops_nobody_else_and_gets_the_whole_when_it_is_back(
    node: Path, granted: Granted, sent: Sent
) -> None:
    write_csv(node / "a.csv", {"1": ("甲", "", "1")})
    add_source(mapping(f"{{kind: csv, path: {node}/a.csv}}"), "a.yaml")
    granted(["id", "name"])
    run_source("residents")
    transport.block("tax")
    write_csv(node / "a.csv", {"1": ("乙", "", "1"), "2": ("丙", "", "1")})
    granted(["id"], id_="g2", node="centre")
    counts = run_source("residents").counts
    assert (counts.updated, counts.inserted, counts.batches) == (1, 1, 2)
    assert len(sent()) == 3
    transport.unblock("tax")
    assert run_source("residents").counts.batches == 1
    assert [row["name"] for row in sent()[-1]] == ["丙", "乙"] or [row["name"] for row in sent()[-1]] == ["乙", "丙"]


def test_changing_a_mapping_asks_for_a_new_schema_number(node: Path) -> None:
    write_csv(node / "a.csv", {"1": ("甲", "", "1")})
    text = mapping(f"{{kind: csv, path: {node}/a.csv}}")
    add_source(text, "a.yaml")
    with pytest.raises(Refused):
        add_source(text.replace("type: decimal", "type: text"), "a.yaml")
    add_source(text.replace("type: decimal", "type: text") + 'schema: "2"\n', "a.yaml")
    with pytest.raises(SourceChanged):
        add_source(text.replace("姓名", "名字") + 'schema: "3"\n', "a.yaml")
    remove_source("residents")


# Databases


@pytest.mark.parametrize("database", DATABASES)
def test_a_database_by_comparison_by_a_growing_column_and_by_control_columns(
    node: Path, granted: Granted, sent: Sent, database: Callable[[Path], Department]
) -> None:
    office = database(node)
    execute, table, place = office.query, office.table, office.text
    columns = "编号 varchar(18), 姓名 varchar(50), 出生 date, 收入 numeric(12, 2)"
    execute(f"CREATE TABLE {table} ({columns}, 改于 timestamp)")
    values = "('1', '甲', '1990-01-02', 12.50, '2026-01-01 08:00:00'), ('2', '乙', NULL, 3, '2026-01-01 09:00:00')"
    execute(f"INSERT INTO {table} VALUES {values}")
    granted(["id", "name", "birth", "income"])

    add_source(mapping(place), "a.yaml")
    assert run_source("residents").counts.inserted == 2
    execute(f"UPDATE {table} SET 收入 = 4 WHERE 编号 = '2'")
    execute(f"DELETE FROM {table} WHERE 编号 = '1'")
    counts = run_source("residents").counts
    assert (counts.updated, counts.deleted) == (1, 1)

    add_source(mapping(place, "{by: column, column: 改于, overlap: 60}"), "a.yaml")
    execute(f"INSERT INTO {table} VALUES ('3', '丙', NULL, 1, '2026-01-02 08:00:00')")
    assert run_source("residents").counts.inserted == 1
    execute(f"INSERT INTO {table} VALUES ('4', '丁', NULL, 1, '2026-01-02 07:59:30')")  # committed late, within overlap
    execute(f"INSERT INTO {table} VALUES ('5', '戊', NULL, 1, '2026-01-02 09:00:00')")
    counts = run_source("residents").counts
    assert (counts.read, counts.inserted) == (3, 2)

    execute(f"DROP TABLE {table}")
    control = "cd_batch bigint, cd_operation varchar(1), cd_time timestamp, cd_status int"
    execute(f"CREATE TABLE {table} ({columns}, {control})")
    add_source(mapping(place, "control"), "a.yaml")
    execute(
        f"INSERT INTO {table} VALUES ('5', '戊戊', NULL, 1, 1, 'U', '2026-01-03 08:00:00', 0), "
        "('4', NULL, NULL, NULL, 1, 'D', '2026-01-03 08:00:00', 0), "
        "('6', '己', NULL, 1, 1, 'I', '2026-01-03 08:00:00', 0), ('6', '庚', NULL, 1, 2, 'U', '2026-01-03 09:00:00', 0)"
    )
    counts = run_source("residents").counts
    assert (counts.inserted, counts.updated, counts.deleted) == (1, 1, 1)
    assert [row[0] for row in execute(f"SELECT DISTINCT cd_status FROM {table}")] == [1]
    assert run_source("residents").counts.read == 0
    final = replayed(sent(), "id")
    assert {key: row["name"] for key, row in final.items()} == {"2": "乙", "3": "丙", "5": "戊戊", "6": "庚"}

    execute(f"ALTER TABLE {table} RENAME COLUMN 姓名 TO 名字")
    run = run_source("residents")
    assert run.state is RunState.REFUSED and "名字" in run.text
    execute(f"DROP TABLE {table}")
    assert run_source("residents").state is RunState.REFUSED


def test_a_retyped_column_is_refused_until_somebody_says_so(node: Path) -> None:
    office = sqlite(node)
    execute, table = office.query, office.table
    execute(f"CREATE TABLE {table} (编号 text, 姓名 text, 出生 date, 收入 numeric)")
    text = mapping(office.text)
    add_source(text, "a.yaml")
    execute(f"DROP TABLE {table}")
    execute(f"CREATE TABLE {table} (编号 text, 姓名 integer, 出生 date, 收入 numeric)")
    run = run_source("residents")
    assert run.state is RunState.REFUSED and "姓名" in run.text
    add_source(text, "a.yaml")
    assert run_source("residents").state is RunState.NOTHING


def test_r25_a_full_disk_stops_taking_in_and_loses_nothing(node: Path, granted: Granted, settings: Any) -> None:
    write_csv(node / "a.csv", {"1": ("甲", "", "1")})
    add_source(mapping(f"{{kind: csv, path: {node}/a.csv}}"), "a.yaml")
    granted(["id", "name"])
    settings.TONGBAN_NODE_RESERVE = 1 << 60
    assert run_source("residents").state is RunState.FULL and not Row.objects.exists()
    settings.TONGBAN_NODE_RESERVE = 0
    assert run_source("residents").counts.batches == 1
