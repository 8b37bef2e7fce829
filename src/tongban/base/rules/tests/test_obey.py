"""Rules of the standard that are easily read over; each is told by its section, in our words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tongban.base.rules.api import compile_expression, load_dmn
from tongban.base.rules.compare import same
from tongban.base.rules.conformance import run_kit
from tongban.base.rules.values import text_of

RULES = {
    # 10.3.2.13.1, order of times: a value without an offset takes that of the other; `is` tells them apart.
    "offsets": """
        @"10:30:00" = @"10:30:00@Europe/Paris" -> true
        @"10:30:00" <= @"10:30:00+00:00" -> true
        @"2018-12-01T08:00:00" < @"2018-12-01T09:30:00@Europe/Rome" -> true
        @"2018-12-01T09:30:00Z" between @"2018-12-01T08:00:00" and @"2018-12-01T16:00:00" -> true
        is(@"10:30:00", @"10:30:00Z") -> false
        is(@"23:00:50Z", @"23:00:50@Etc/UTC") -> false
        is(@"23:00:50Z", @"23:00:50+00:00") -> true
        @"2021-01-02T10:10:10" - @"2021-01-01T10:10:10Z" -> null
    """,
    # 10.3.2.13.4, invocation: of named arguments those not supplied are null; unknown names give null.
    "named arguments": """
        {f: function(a, b) [a, b], r: f(b: 1)}.r -> [null, 1]
        {f: function(a, b) [a, b], r: f(c: 1)}.r -> null
        {f: function(x, person's age) person's age < 18, r: f(person's age: 16)}.r -> true
    """,
    # 10.3.4.9: `before(point, range)` and `before(range, point)` have the same names; their order tells.
    "names of two overloads": """
        before(point: 1, range: [2..3]) -> true
        before(range: [2..3], point: 5) -> true
        after(range: [2..3], point: 1) -> true
    """,
    # 10.3.2.13.2: in `e1 in e2`, where e2 is a boolean expression over `?`, e1 is what `?` stands for.
    "in with ?": """
        5 in (? > 3) -> true
        5 in (? > 7) -> false
        "b" in ("a", starts with(?, "b")) -> true
        1 in null -> null
        6 in (1 + 2) * 2 -> true
        1 in (null) -> false
    """,
    # 10.3.2.13.2: `between` compares; what is not comparable is outside its domain.
    "between": """
        0 between 1 and null -> null
        3 between null and 2 -> null
        10 between 20 and "a" -> false
    """,
    # 10.3.1.2: `instance of` takes the whole sum before it; else a number would be added to a boolean.
    "instance of": """
        1 + 1 instance of number -> true
        @"2020-01-02" - @"2020-01-01" instance of days and time duration -> true
        1 instance of number instance of boolean -> true
    """,
    # 10.3.1.2 rule 66 with 54: a list of one range may begin with the `]` of an open range.
    "open ranges in lists": """
        [ ]1..5[ ] -> [(1..5)]
        [][1] -> null
        [] = [] -> true
    """,
    # 10.3.4.1: what a date and time is made of.
    "dates and times": """
        date and time(@"2024-12-24", @"23:59:00", "America/Costa_Rica") -> @"2024-12-24T23:59:00@America/Costa_Rica"
        date and time(@"2024-12-24", @"23:59:00", "Foo/Bar") -> null
        date and time("2017-09-07+02:00") -> @"2017-09-07T00:00:00+02:00"
        time("24:00:00") -> null
        duration("PT9223372036854775807S").seconds -> 7
    """,
    # 10.3.4.1 and .4: ends of range() may be calls of functions; append() takes no or more items.
    "library": """
        range("[\\"a\\"..lower case(\\"Z\\")]") -> ["a".."z"]
        range("[1+1..3]") -> null
        append([1, 2]) -> [1, 2]
    """,
}


def _lines() -> list[tuple[str, str, str]]:
    found = []
    for rule, text in RULES.items():
        for line in text.strip().splitlines():
            expression, _, expected = line.strip().rpartition(" -> ")
            found.append((rule, expression, expected))
    return found


@pytest.mark.parametrize(("rule", "text", "expected"), _lines())
def test_rule_is_kept(rule: str, text: str, expected: str) -> None:
    actual = compile_expression(text).evaluate({})
    wanted = compile_expression(expected).evaluate({})
    assert same(actual, wanted), f"{text}: {text_of(actual)} is not {text_of(wanted)}"


SPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def definitions(name: str, body: str) -> str:
    return f'<definitions xmlns="{SPACE}" name="{name}" namespace="urn:{name}">{body}</definitions>'


def literal(text: str) -> str:
    escaped = text.replace("<", "&lt;")
    return f"<literalExpression><text>{escaped}</text></literalExpression>"


def loop(kind: str, source: str, body: str) -> str:
    inner = "return" if kind == "for" else "satisfies"
    return f'<{kind} iteratorVariable="x"><in>{literal(source)}</in><{inner}>{literal(body)}</{inner}></{kind}>'


def condition(test: str) -> str:
    return f"<conditional><if>{literal(test)}</if><then>{literal('1')}</then><else>{literal('2')}</else></conditional>"


def selection(source: str, match: str) -> str:
    return f"<filter><in>{literal(source)}</in><match>{literal(match)}</match></filter>"


ENTRY = f'<contextEntry><variable name="a"/>{literal("1")}</contextEntry>'


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        # 10.3.2.6: the keys of a context are distinct.
        (f"<context>{ENTRY}{ENTRY}</context>", "null"),
        (f"<context>{ENTRY}</context>", "{a: 1}"),
        # 10.2.2.8: the condition must be a boolean; null counts as false.
        (condition("1 > 0"), "1"),
        (condition("null"), "2"),
        (condition('"a"'), "null"),
        # 10.2.2.9: the filter must be a boolean, what is filtered a collection.
        (selection("[1, 2]", "item > 1"), "[2]"),
        (selection("[1, 2]", "2"), "null"),
        (selection("null", "true"), "null"),
        (selection("5", "item = 5"), "[5]"),
        # 10.2.2.10 and 10.5: every needs all conditions true, some needs one; bounds may stand alone.
        (loop("every", "[1, 2]", '"a"'), "false"),
        (loop("some", "[1, 2]", "null"), "false"),
        (loop("some", "null", "true"), "null"),
        (loop("for", "1..3", "x * 2"), "[2, 4, 6]"),
        (loop("for", '@"2020-02-28"..@"2020-03-01"', "x.day"), "[28, 29, 1]"),
    ],
)
def test_boxed_expression(box: str, expected: str) -> None:
    model = load_dmn(definitions("m", f'<decision id="d" name="d">{box}</decision>').encode())
    assert same(model.decide("d", {}), compile_expression(expected).evaluate({}))


def test_a_model_imported_on_two_ways_has_inputs_of_its_own_on_each(tmp_path: Path) -> None:
    """6.3.3: an imported element is named with its import, so `B1.A.who` and `B2.A.who` are two inputs."""
    kind = f'importType="{SPACE}"'
    (tmp_path / "A.dmn").write_text(definitions("A", '<inputData id="w" name="who"><variable name="who"/></inputData>'))
    for name in ("B1", "B2"):
        needs = '<informationRequirement><requiredInput href="urn:A#w"/></informationRequirement>'
        greets = f'<decision id="g" name="greeting">{needs}{literal("&quot;Hi &quot; + A.who")}</decision>'
        (tmp_path / f"{name}.dmn").write_text(definitions(name, f'<import name="A" namespace="urn:A" {kind}/>{greets}'))
    imports = "".join(f'<import name="{name}" namespace="urn:{name}" {kind}/>' for name in ("B1", "B2"))
    needs = "".join(
        f'<informationRequirement><requiredDecision href="urn:{name}#g"/></informationRequirement>'
        for name in ("B1", "B2")
    )
    both = f'<decision id="d" name="d">{needs}{literal("B1.greeting + &quot;, &quot; + B2.greeting")}</decision>'
    (tmp_path / "C.model.dmn").write_text(definitions("C", imports + both))
    inputs = "".join(
        f'<inputNode name="{name}"><component name="A"><component name="who">'
        f"<value>{name}</value></component></component></inputNode>"
        for name in ("B1", "B2")
    )
    (tmp_path / "C-test-01.xml").write_text(
        f'<testCases xmlns="urn:t"><modelName>C.model</modelName><testCase id="1">{inputs}'
        '<resultNode name="d"><expected><value>Hi B1, Hi B2</value></expected></resultNode></testCase></testCases>'
    )
    assert [(result.result, result.detail) for result in run_kit(tmp_path)] == [("passed", "")]


def test_a_decision_service_takes_imported_input_data_under_its_alias() -> None:
    """10.4: the parameters of a service are its input data, then its input decisions, each by its qualified name."""
    imported = load_dmn(definitions("A", '<inputData id="w" name="who"><variable name="who"/></inputData>').encode())
    needs = '<informationRequirement><requiredInput href="urn:A#w"/></informationRequirement>'
    body = (
        f'<import name="A" namespace="urn:A" importType="{SPACE}"/>'
        f'<decision id="d" name="d">{needs}{literal("A.who")}</decision><decisionService id="s" name="s">'
        '<outputDecision href="#d"/><inputData href="urn:A#w"/></decisionService>'
    )
    model = load_dmn(definitions("B", body).encode(), {"urn:A": imported})
    assert model.decide("s", {"A": {"who": "Li"}}) == model.decide("s", {"who": "Li"}) == "Li"
