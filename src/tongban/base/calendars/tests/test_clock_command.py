"""`tongban clock`: one question on the command line, many on standard input; no database."""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from typing import Any

import pytest

from tongban.base.calendars import cli


def run(*argv: str) -> int:
    parser = argparse.ArgumentParser(prog="tongban")
    cli.register(parser.add_subparsers())
    args = parser.parse_args(["clock", *argv])
    return int(args.run(args))


def ask(monkeypatch: pytest.MonkeyPatch, capfdbinary: Any, *lines: str | bytes) -> list[dict[str, Any]]:
    data = b"\n".join(x.encode() if isinstance(x, str) else x for x in lines)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out))
    assert run("--json") == 0
    return [json.loads(x) for x in out.getvalue().decode().splitlines()]


def test_add(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("add", "2026-02-11", "5") == 0
    assert capsys.readouterr().out.startswith("2026-02-25\n")
    assert run("add", "2026-02-11", "5", "--suspend", "2026-02-25..2026-02-28", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["date"], answer["provisional"]) == ("2026-02-28", False)
    assert run("--json", "between", "2026-02-11", "2026-03-02") == 0
    assert json.loads(capsys.readouterr().out)["days"] == 9


@pytest.mark.parametrize(
    "argv",
    [(), ("add",), ("add", "2026-02-11", "x"), ("subtract",), ("add", "2026-02-11", "5", "--unit", "week")],
)
def test_bad_usage_is_2(argv: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stop:
        run(*argv)
    assert stop.value.code == 2


@pytest.mark.parametrize(
    "argv",
    [
        ("add", "2026-02-30", "5"),
        ("add", "tomorrow", "5"),
        ("add", "2026-02-11", "-5"),
        ("add", "2026-02-11", "5", "--suspend", "2026-02-25"),
        ("between", "2026-02-11", "2026-13-01"),
    ],
)
def test_bad_values_are_2_with_a_message(argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*argv) == 2
    seen = capsys.readouterr()
    assert seen.err.startswith("tongban clock: ") and not seen.out


def test_lines(monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> None:
    answers = ask(
        monkeypatch,
        capfdbinary,
        '{"op":"add","start":"2026-02-11","n":5}',
        "",
        '{"op":"between","start":"2026-02-11","end":"2026-03-02","id":7}',
        '{"op":"add","start":"2026-12-25","n":10}',
        '{"op":"add","start":"2026-03-02","n":10,"suspend":[["2026-03-05",null]]}',
        '{"op":"add","start":"2026-02-11T18:05","n":0}',
    )
    assert [a.get("date", a.get("days")) for a in answers] == [
        "2026-02-25",
        9,
        "2027-01-11",
        None,
        "2026-02-12",
    ]
    assert answers[1]["id"] == 7
    assert answers[2]["provisional"] is True
    assert answers[3]["remaining"] == 8
    assert all(a["why"] for a in answers)


BAD = [
    "not json",
    "[]",
    "17",
    "{}",
    '{"op":"subtract"}',
    '{"op":["add"]}',
    '{"op":"add","start":"2026-02-11"}',
    '{"op":"add","start":"2026-02-11","n":"5"}',
    '{"op":"add","start":"2026-02-11","n":true}',
    '{"op":"add","start":"2026-02-11","n":2.5}',
    '{"op":"add","start":"2026-02-11","n":-1}',
    '{"op":"add","start":"2026-02-11","n":99999999999999999999}',
    '{"op":"add","start":"2026-02-29","n":1}',
    '{"op":"add","start":"20260211","n":1}',
    '{"op":"add","start":20260211,"n":1}',
    '{"op":"add","start":null,"n":1}',
    '{"op":"add","start":"2026-02-11T25:00","n":1}',
    '{"op":"add","start":"2026-02-11","n":1,"unit":"week"}',
    '{"op":"add","start":"2026-02-11","n":1,"unit":[]}',
    '{"op":"add","start":"2026-02-11","n":1,"suspend":"2026-02-12..2026-02-13"}',
    '{"op":"add","start":"2026-02-11","n":1,"suspend":[["2026-02-13","2026-02-12"]]}',
    '{"op":"add","start":"2026-02-11","n":1,"suspend":[["2026-02-13"]]}',
    '{"op":"add","start":"2026-02-11","n":1,"suspend":[5]}',
    '{"op":"between","start":"2026-02-11"}',
    '{"op":"between","start":"2026-02-11","end":"2026-03-11","unit":"month"}',
    b'{"op":"\xff"}',
    "[" * 100_000,
    '{"op":"add","start":"9999-12-30","n":30}',
]


def test_a_bad_line_stops_nothing(monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> None:
    answers = ask(monkeypatch, capfdbinary, *BAD, '{"op":"add","start":"2026-02-11","n":5}')
    assert len(answers) == len(BAD) + 1
    assert [a for a in answers[:-1] if set(a) != {"error"}] == []
    assert answers[-1]["date"] == "2026-02-25"


def test_words_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("add", "2026-02-11", "5", "--lang", "en") == 0
    assert "5 working days counted from the day after 11 February 2026 (Wed)" in capsys.readouterr().out


def test_needs_no_django() -> None:
    program = (
        "import sys, argparse; from tongban.base.calendars import cli; p = argparse.ArgumentParser();"
        "cli.register(p.add_subparsers()); a = p.parse_args(['clock', 'add', '2026-02-11', '5']); a.run(a);"
        "assert not [m for m in sys.modules if m.startswith('django')]"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
