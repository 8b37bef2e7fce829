"""The conformance runner, on the level 2 kit beside the checkout and on small kits made here."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tongban.base.rules.cli import add_conformance
from tongban.base.rules.conformance import run_kit

SOURCE = Path(__file__).resolve().parents[4]
KIT = SOURCE.parents[1] / "shared" / "data" / "dmn-tck" / "compliance-level-2"


@pytest.mark.skipif(not KIT.is_dir(), reason="the DMN kit is not beside this checkout (../shared/data/dmn-tck)")
def test_level_2_passes_whole() -> None:
    results = list(run_kit(KIT))
    assert len(results) == 116
    assert [result for result in results if result.result != "passed"] == []


CASES = """<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
 <modelName>m.dmn</modelName>{}</testCases>"""
MODEL = """<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="urn:m">
 <inputData id="i" name="n"><variable name="n"/></inputData>
 {}</definitions>"""


def decision(name: str, expression: str) -> str:
    escaped = expression.replace("<", "&lt;")
    return (
        f'<decision id="_{name}" name="{name}"><informationRequirement><requiredInput href="#i"/>'
        f"</informationRequirement><literalExpression><text>{escaped}</text></literalExpression></decision>"
    )


def case(name: str, expected: str, *, error: bool = False, value: str = "1") -> str:
    flag = ' errorResult="true"' if error else ""
    return (
        f'<testCase id="{name}"><inputNode name="n"><value xsi:type="xsd:decimal">{value}</value></inputNode>'
        f'<resultNode name="{name}" type="decision"{flag}><expected>{expected}</expected></resultNode></testCase>'
    )


def verdicts(folder: Path, model: str, cases: str) -> dict[str, str]:
    (folder / "m.dmn").write_text(model, encoding="utf-8")
    (folder / "m-test-01.xml").write_text(CASES.format(cases), encoding="utf-8")
    return {result.case: result.result for result in run_kit(folder)}


@pytest.mark.parametrize(
    ("expression", "expected", "verdict"),
    [
        ("n / 3", '<value xsi:type="xsd:decimal">0.33333333333</value>', "passed"),
        ("n / 3", '<value xsi:type="xsd:decimal">0.333</value>', "failed"),
        ("string(n)", '<value xsi:type="xsd:string">1</value>', "passed"),
        ("string(n)", '<value xsi:type="xsd:decimal">1</value>', "failed"),
        ("null", '<value xsi:nil="true"/>', "passed"),
        ("n", '<value xsi:nil="true"/>', "failed"),
        ('@"P1Y"', '<value xsi:type="xsd:duration">P12M</value>', "passed"),
        ('@"2020-01-01"', '<value xsi:type="xsd:date">2020-01-01</value>', "passed"),
        (
            '@"2020-01-01T10:00:00Z"',
            '<value xsi:type="xsd:dateTime">2020-01-01T11:00:00+01:00</value>',
            "passed",
        ),
        (
            "[n, {a: 2}]",
            '<list><item><value xsi:type="xsd:decimal">1</value></item><item><component name="a">'
            '<value xsi:type="xsd:decimal">2.0</value></component></item></list>',
            "passed",
        ),
        ("[]", "<list/>", "passed"),
        ("null", '<list xsi:nil="true"/>', "passed"),
        ("{r: function() external {}, x: r()}.x", '<value xsi:type="xsd:decimal">1</value>', "refused"),
        ("for i in 1..99999999999 return i", '<value xsi:nil="true"/>', "failed"),
        ("1 +", '<value xsi:type="xsd:decimal">1</value>', "failed"),
    ],
)
def test_verdicts(tmp_path: Path, expression: str, expected: str, verdict: str) -> None:
    model = MODEL.format(decision("d", expression))
    assert verdicts(tmp_path, model, case("d", expected)) == {"d": verdict}


def test_an_expected_error_is_null_or_what_does_not_compile(tmp_path: Path) -> None:
    model = MODEL.format(decision("a", "1 / 0") + decision("b", "1 +") + decision("c", "1"))
    nil = '<value xsi:nil="true"/>'
    cases = "".join(case(name, nil, error=True) for name in "abc")
    assert verdicts(tmp_path, model, cases) == {"a": "passed", "b": "passed", "c": "failed"}


def test_broken_models_are_refused_case_by_case(tmp_path: Path) -> None:
    nil = '<value xsi:nil="true"/>'
    assert verdicts(tmp_path, "<definitions", case("a", nil) + case("b", nil)) == {
        "a": "refused",
        "b": "refused",
    }
    (tmp_path / "m.dmn").unlink()
    assert {result.result for result in run_kit(tmp_path)} == {"refused"}


def test_the_command_prints_json_lines(tmp_path: Path) -> None:
    verdicts(tmp_path, MODEL.format(decision("d", "n")), case("d", '<value xsi:type="xsd:decimal">1</value>'))
    command = [sys.executable, "-m", "tongban.base.rules.conformance", str(tmp_path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(SOURCE)}, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"model": "m.dmn", "case": "d", "result": "passed", "detail": ""}


def test_the_parser_is_added_to_the_house_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verdicts(tmp_path, MODEL.format(decision("d", "n + 1")), case("d", '<value xsi:type="xsd:decimal">1</value>'))
    parser = argparse.ArgumentParser()
    add_conformance(parser.add_subparsers())
    args = parser.parse_args(["dmn", str(tmp_path), "--json"])
    assert args.run(args) == 0
    assert json.loads(capsys.readouterr().out)["detail"] == "d: expected 1, got 2"


def test_a_duration_of_nothing_is_one_value(tmp_path: Path) -> None:
    """In XML Schema P0M and PT0S are the same duration; a kit may write either."""
    model = MODEL.format(decision("a", 'duration("P0Y")') + decision("b", '@"P1Y"'))
    zero = '<value xsi:type="xsd:duration">PT0S</value>'
    assert verdicts(tmp_path, model, case("a", zero) + case("b", zero)) == {"a": "passed", "b": "failed"}


def test_one_expression_or_import_that_cannot_be_taken_spoils_only_what_needs_it(tmp_path: Path) -> None:
    """A circle of imports, a folder that looks like a model, values too many to list: the other cases still run."""
    circle = '<import name="o" namespace="urn:o" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'
    other = MODEL.replace("urn:m", "urn:o").replace('name="m"', 'name="o"').format(circle.replace("urn:o", "urn:m"))
    (tmp_path / "o.dmn").write_text(other.replace('name="o" namespace="urn:m"', 'name="m" namespace="urn:m"'))
    (tmp_path / "folder.dmn").mkdir()
    table = (
        '<decision id="t" name="t"><decisionTable hitPolicy="PRIORITY"><output><outputValues>'
        "<text>for i in 1..99999999 return i</text></outputValues></output></decisionTable></decision>"
    )
    model = MODEL.format(circle + decision("a", "n") + decision("b", "o.x") + table)
    cases = case("a", '<value xsi:type="xsd:decimal">1</value>') + case("b", '<value xsi:type="xsd:decimal">1</value>')
    assert verdicts(tmp_path, model, cases) == {"a": "passed", "b": "failed"}


def test_tests_are_known_by_what_they_are_not_by_their_name(tmp_path: Path) -> None:
    """Any file of test cases counts, and a folder with one model needs no right name for it."""
    (tmp_path / "other.dmn").write_text(MODEL.format(decision("d", "n")))
    (tmp_path / "note.xml").write_text("<note/>")
    cases = CASES.format(case("d", '<value xsi:type="xsd:decimal">1</value>'))
    (tmp_path / "cases_1.xml").write_text(cases.replace("<modelName>m.dmn</modelName>", ""))
    assert [result.result for result in run_kit(tmp_path)] == ["passed"]
