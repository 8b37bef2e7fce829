"""DMN models: requirements, boxed expressions, types, services, imports."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tongban.base.rules.api import Model, from_feel, load_dmn
from tongban.base.rules.data import BudgetExceeded, ModelError

NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def model(body: str, name: str = "m", imports: dict[str, Model] | None = None, *, strict: bool = True) -> Model:
    xml = f'<definitions xmlns="{NAMESPACE}" name="{name}" namespace="urn:{name}">{body}</definitions>'
    return load_dmn(xml.encode(), imports, strict=strict)


def text(expression: str) -> str:
    escaped = expression.replace("&", "&amp;").replace("<", "&lt;")
    return f"<literalExpression><text>{escaped}</text></literalExpression>"


def needs(*ids: str) -> str:
    made = ""
    for reference in ids:
        kind = {"i": "Input", "d": "Decision", "b": "Knowledge", "s": "Knowledge"}[reference.split("#")[-1][0]]
        wrapper = "knowledgeRequirement" if kind == "Knowledge" else "informationRequirement"
        href = reference if "#" in reference else f"#{reference}"
        made += f'<{wrapper}><required{kind} href="{href}"/></{wrapper}>'
    return made


def decision(identifier: str, logic: str, required: str = "", kind: str = "", name: str = "") -> str:
    type_ref = f' typeRef="{kind}"' if kind else ""
    name = name or identifier
    return f'<decision id="{identifier}" name="{name}"><variable name="{name}"{type_ref}/>{required}{logic}</decision>'


def given(identifier: str, name: str, kind: str = "") -> str:
    type_ref = f' typeRef="{kind}"' if kind else ""
    return f'<inputData id="{identifier}" name="{name}"><variable name="{name}"{type_ref}/></inputData>'


def decided(made: Model, name: str, **context: object) -> Any:
    return from_feel(made.decide(name, context))


def test_requirements_are_followed_and_nothing_else_is_seen() -> None:
    made = model(
        given("i1", "loan amount", "number")
        + given("i2", "other")
        + decision("d1", text("loan amount * 2"), needs("i1"), name="twice the loan")
        + decision("d2", text("twice the loan + 1"), needs("d1"))
        + decision("d3", text("other"))
    )
    assert from_feel(made.decide("d2", {"loan amount": 5})) == 11
    assert made.decide("d3", {"other": 1}) is None
    assert made.decide("d1", {"loan amount": "five"}) is None
    assert made.decisions == ("twice the loan", "d2", "d3")
    with pytest.raises(KeyError):
        made.decide("nobody", {})


def test_decisions_that_need_each_other_are_null() -> None:
    made = model(decision("d1", text("d2 + 1"), needs("d2")) + decision("d2", text("d1 + 1"), needs("d1")))
    assert made.decide("d1", {}) is None


def test_boxed_expressions() -> None:
    made = model(
        decision(
            "d1",
            '<context><contextEntry><variable name="base"/>' + text("2") + "</contextEntry>"
            '<contextEntry><variable name="twice it"/><functionDefinition><formalParameter name="x y" '
            'typeRef="number"/>' + text("x y * base") + "</functionDefinition></contextEntry>"
            "<contextEntry><invocation>"
            + text("twice it")
            + '<binding><parameter name="x y"/>'
            + text("21")
            + "</binding></invocation></contextEntry></context>",
        )
        + decision("d2", "<list>" + text("1") + text("1 + 1") + "</list>")
        + decision(
            "d3",
            '<relation><column name="n"/><column name="the name"/><row>'
            + text("1")
            + text('"one"')
            + "</row><row>"
            + text("2")
            + text('"two"')
            + "</row></relation>",
        )
        + decision("d4", text("d3[n = 2].the name"), needs("d3"))
        + decision(
            "d5",
            "<conditional><if>"
            + text("1 = 2")
            + "</if><then>"
            + text("1")
            + "</then><else>"
            + text("2")
            + "</else></conditional>",
        )
        + decision("d6", "<filter><in>" + text("[1, 2, 3]") + "</in><match>" + text("item > 1") + "</match></filter>")
        + decision(
            "d7",
            '<for iteratorVariable="i"><in>'
            + text("1..3").replace("1..3", "[1..3]")
            + "</in><return>"
            + text("i + count(partial)")
            + "</return></for>",
        )
        + decision(
            "d8",
            '<every iteratorVariable="i"><in>'
            + text("[1, 2]")
            + "</in><satisfies>"
            + text("i > 1")
            + "</satisfies></every>",
        )
        + decision(
            "d9",
            '<some iteratorVariable="i"><in>'
            + text("[1, 2]")
            + "</in><satisfies>"
            + text("i > 1")
            + "</satisfies></some>",
        )
        + '<decision id="d0" name="d0"/>'
    )
    wanted = {
        "d1": 42,
        "d2": [1, 2],
        "d3": [{"n": 1, "the name": "one"}, {"n": 2, "the name": "two"}],
        "d4": ["two"],
        "d5": 2,
        "d6": [2, 3],
        "d7": [1, 3, 5],
        "d8": False,
        "d9": True,
        "d0": None,
    }
    assert {name: from_feel(made.decide(name, {})) for name in wanted} == wanted


ITEMS = """
<itemDefinition name="grade"><typeRef>string</typeRef>
  <allowedValues><text>"A","B"</text></allowedValues></itemDefinition>
<itemDefinition name="grades" isCollection="true"><typeRef>grade</typeRef></itemDefinition>
<itemDefinition name="person"><itemComponent name="full name"><typeRef>string</typeRef></itemComponent>
  <itemComponent name="age"><typeRef>number</typeRef></itemComponent></itemDefinition>
<itemDefinition name="few"><typeRef>grades</typeRef>
  <typeConstraint><text>count(?) &lt; 3</text></typeConstraint></itemDefinition>
<itemDefinition name="tree"><itemComponent name="left"><typeRef>tree</typeRef></itemComponent></itemDefinition>
"""


@pytest.mark.parametrize(
    ("kind", "expression", "expected"),
    [
        ("grade", '"A"', "A"),
        ("grade", '"C"', None),
        ("grade", '["B"]', "B"),
        ("grades", '"A"', ["A"]),
        ("grades", '["A", "C"]', None),
        ("few", '["A", "B"]', ["A", "B"]),
        ("few", '["A", "B", "A"]', None),
        ("person", '{full name: "Li", age: 3}', {"full name": "Li", "age": 3}),
        ("person", '{full name: "Li", age: "3"}', None),
        ("number", '"1"', None),
        ("tree", "{left: {left: null}}", {"left": {"left": None}}),
        ("number", "1 instance of grade", None),
        ("boolean", '"A" instance of grade', True),
        ("boolean", '{full name: "x"} instance of person', False),
        ("person", '{full name: "x"}', {"full name": "x"}),
        ("boolean", '[{full name: "x", age: 1}][1] instance of person', True),
    ],
)
def test_results_fit_their_type_or_are_null(kind: str, expression: str, expected: object) -> None:
    assert decided(model(ITEMS + decision("d1", text(expression), kind=kind)), "d1") == expected


def test_a_date_becomes_a_date_and_time_where_one_is_wanted() -> None:
    made = model(decision("d1", text('date("2026-01-01")'), kind="dateTime"))
    assert str(made.decide("d1", {})) == "2026-01-01T00:00:00Z"


SERVICE = (
    given("i1", "n", "number")
    + decision("d1", text("n + 1"), needs("i1"))
    + decision("d2", text("d1 * 10"), needs("d1"))
    + '<decisionService id="s1" name="the service"><outputDecision href="#d2"/><encapsulatedDecision href="#d1"/>'
    '<inputData href="#i1"/></decisionService>'
    '<decisionService id="s2" name="both"><outputDecision href="#d1"/><outputDecision href="#d2"/>'
    '<inputData href="#i1"/></decisionService>'
    '<decisionService id="s3" name="given"><outputDecision href="#d2"/><inputDecision href="#d1"/></decisionService>'
    '<businessKnowledgeModel id="b1" name="add up"><variable name="add up" typeRef="number"/><encapsulatedLogic>'
    '<formalParameter name="a" typeRef="number"/><formalParameter name="b"/>'
    + text("a + b")
    + "</encapsulatedLogic></businessKnowledgeModel>"
)


def test_services_and_knowledge_models_are_functions() -> None:
    made = model(
        SERVICE
        + decision("d3", text("the service(4)"), needs("s1"))
        + decision("d4", text("given(d1: 7) + add up(b: 1, a: 2)"), needs("s3", "b1"))
        + decision("d5", text('add up("x", "y")'), needs("b1"))
    )
    assert decided(made, "d3") == 50
    assert decided(made, "d4") == 73
    assert decided(made, "d5") is None
    assert decided(made, "the service", n=1) == 20
    assert decided(made, "both", n=1) == {"d1": 2, "d2": 20}
    assert decided(made, "add up", a=1, b=2) == 3


def test_columns_may_be_named_with_operators() -> None:
    made = model(
        decision("d1", '<relation><column name="loan-sum %"/><row>' + text("5") + "</row></relation>")
        + decision("d2", text("d1[loan-sum % > 1].loan-sum %"), needs("d1"))
    )
    assert decided(made, "d2") == [5]


def test_imports_are_seen_under_their_name() -> None:
    inner = model(SERVICE + ITEMS, "inner")
    middle = model(
        '<import name="in ner" namespace="urn:inner" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'
        + decision("d8", text("in ner.d1 + in ner.add up(1, 1)"), needs("urn:inner#d1", "urn:inner#b1")),
        "middle",
        {"urn:inner": inner},
    )
    outer = model(
        '<import name="mid" namespace="urn:middle"/><import name="" namespace="urn:inner"/>'
        + decision("d9", text("mid.d8 * 2"), needs("urn:middle#d8"))
        + decision("d7", text("d1"), needs("urn:inner#d1"), kind="number"),
        "outer",
        {"urn:inner": inner, "urn:middle": middle},
    )
    assert from_feel(middle.decide("d8", {"in ner": {"n": 1}})) == 4
    assert from_feel(middle.decide("d8", {"in ner.n": 1})) == 4
    assert from_feel(outer.decide("d9", {"mid": {"in ner": {"n": 1}}})) == 8
    assert from_feel(outer.decide("d9", {"n": 1})) == 8
    assert from_feel(outer.decide("d7", {"n": 1})) == 2
    assert decided(middle, "d8", n="x") is None


def test_expressions_that_do_not_compile() -> None:
    body = decision("d1", text("1 +")) + decision("d2", text("2"))
    with pytest.raises(ModelError, match=r"d1") as caught:
        model(body)
    assert caught.value.line == 1
    made = model(body, strict=False)
    assert (decided(made, "d1"), decided(made, "d2")) == (None, 2)
    assert len(made.problems) == 1


def test_tables_in_a_model() -> None:
    made = model(
        given("i1", "age")
        + decision(
            "d1",
            '<decisionTable hitPolicy="OUTPUT ORDER"><input><inputExpression><text>age</text></inputExpression>'
            '<inputValues><text>[0..150]</text></inputValues></input><output name="x">'
            '<outputValues><text>"b","a"</text></outputValues><defaultOutputEntry><text>"none"</text>'
            '</defaultOutputEntry></output><output name="y"/>'
            '<rule><inputEntry><text>&gt; 10</text></inputEntry><outputEntry><text>"a"</text></outputEntry>'
            "<outputEntry><text>age</text></outputEntry></rule>"
            '<rule><inputEntry><text>&gt; 20</text></inputEntry><outputEntry><text>"b"</text></outputEntry>'
            "<outputEntry><text>2</text></outputEntry></rule></decisionTable>",
            needs("i1"),
        )
    )
    assert decided(made, "d1", age=30) == [{"x": "b", "y": 2}, {"x": "a", "y": 30}]
    assert decided(made, "d1", age=5) == [{"x": "none", "y": None}]
    assert decided(made, "d1", age=500) is None


def test_external_functions_are_known_and_refused() -> None:
    made = model(
        '<businessKnowledgeModel id="b1" name="run"><encapsulatedLogic kind="Java"><formalParameter name="c"/>'
        "<context/></encapsulatedLogic></businessKnowledgeModel>" + decision("d1", text('run("x")'), needs("b1"))
    )
    assert decided(made, "d1") is None


@pytest.mark.parametrize(
    "body",
    [
        decision("d1", text("1"), kind="nobody's type"),
        decision("d1", '<decisionTable hitPolicy="BEST"><output/></decisionTable>'),
        decision(
            "d1",
            "<decisionTable><input><inputExpression><text>1</text></inputExpression></input><output/>"
            "<rule><outputEntry><text>1</text></outputEntry></rule></decisionTable>",
        ),
    ],
)
def test_mistakes_of_a_model_are_told_at_load(body: str) -> None:
    with pytest.raises(ModelError) as caught:
        model(body)
    assert caught.value.element == "d1"
    assert model(body, strict=False).problems


def test_a_knowledge_model_may_call_itself() -> None:
    made = model(
        '<businessKnowledgeModel id="b1" name="fac"><encapsulatedLogic><formalParameter name="n" typeRef="number"/>'
        + text("if n < 2 then 1 else n * fac(n - 1)")
        + "</encapsulatedLogic></businessKnowledgeModel>"
        + decision("d1", text("fac(10)"), needs("b1"))
    )
    assert decided(made, "d1") == 3628800


def test_allowed_values_spend_from_the_same_budget() -> None:
    items = (
        '<itemDefinition name="slow"><typeRef>number</typeRef><allowedValues>'
        "<text>count(for i in 1..5000 return i) > ?</text></allowedValues></itemDefinition>"
        '<itemDefinition name="slows" isCollection="true"><typeRef>slow</typeRef></itemDefinition>'
    )
    made = model(items + decision("d1", text("for i in 1..1000 return i"), kind="slows"))
    with pytest.raises(BudgetExceeded):
        made.decide("d1", {})


CHAPTER_11 = Path(__file__).resolve().parents[6] / (
    "shared/data/bpmn-spiff-tests/tests/SpiffWorkflow/dmn/data/dmn_version_test/v1_3_unsupported"
)


@pytest.mark.skipif(not CHAPTER_11.is_dir(), reason="the example of the standard is not beside this checkout")
def test_the_example_of_chapter_11() -> None:
    financial = load_dmn((CHAPTER_11 / "financial.dmn").read_bytes())
    made = load_dmn((CHAPTER_11 / "chapter-11-example.dmn").read_bytes(), {financial.namespace: financial})
    applicant = {
        "Age": 51,
        "MartitalStatus": "M",
        "EmploymentStatus": "EMPLOYED",
        "ExistingCustomer": False,
        "Monthly": {"Income": 10000, "Repayments": 2500, "Expenses": 3000},
    }
    product = {"ProductType": "STANDARD LOAN", "Rate": 0.08, "Term": 36, "Amount": 100000}
    bureau = {"Bankrupt": False, "CreditScore": 600}
    context = {"Applicant data": applicant, "Requested product": product, "Bureau data": bureau}
    assert {name: from_feel(made.decide(name, context)) for name in ("Strategy", "Routing", "Eligibility")} == {
        "Strategy": "THROUGH",
        "Routing": "ACCEPT",
        "Eligibility": "ELIGIBLE",
    }
    assert made.decide("Application risk score", context) == 138
    assert round(made.decide("Required monthly installment", context), 2) == Decimal("3153.64")
    assert made.decide("Routing", context | {"Bureau data": {"Bankrupt": True}}) == "DECLINE"
