"""Quality: each rule finds its rows, the score follows, the source gets tickets (DATA-08, GB/T 36344)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tongban.base.kernel.api import Invalid, Refused, travelled
from tongban.data.catalogue import api
from tongban.data.catalogue.data import Cycle, DataType, Item, Resource, Rule, RuleKind, TicketState
from tongban.engine.notify.api import messages
from tongban.engine.registers import api as registers

from .conftest import ENTERPRISES

Take = Callable[..., Resource]
PEOPLE = (
    Item("number", "证件号码", length=18, required=True, personal=True),
    Item("uscc", "单位代码", length=18),
    Item("sex", "性别", codes="0 1 2 9"),
    Item("age", "年龄", DataType.INTEGER),
    Item("start", "开始日期", DataType.DATE),
    Item("end", "结束日期", DataType.DATE),
)
RULES = [
    Rule(RuleKind.REQUIRED, "number"),
    Rule(RuleKind.IDENTITY, "number"),
    Rule(RuleKind.CREDIT, "uscc"),
    Rule(RuleKind.CODES, "sex"),
    Rule(RuleKind.RANGE, "age", "0..150"),
    Rule(RuleKind.RANGE, "start", "2000-01-01.."),
    Rule(RuleKind.UNIQUE, "uscc"),
    Rule(RuleKind.PATTERN, "number", r"\d{17}[\dX]"),
    Rule(RuleKind.CROSS, "", "end = null or start <= end"),
]
GOOD = {"number": "11010519491231002X", "uscc": "91350100M000100Y43", "sex": "1", "age": 77, "start": "2020-01-01"}
BATCH = [
    GOOD,
    {**GOOD, "number": "", "uscc": "91350100M000100Y43"},
    {**GOOD, "number": "110105194912310021", "uscc": "91350100M000100Y44"},
    {**GOOD, "number": "4405", "uscc": None, "sex": "3", "age": "x"},
    {**GOOD, "uscc": "x", "age": 200, "start": "1999-12-31", "end": "1999-01-01"},
]


def test_every_rule_finds_its_rows(town: SimpleNamespace, published: Take) -> None:
    resource = published(items=PEOPLE)
    api.set_rules(town.editor, resource.id, RULES)
    found = api.assess_batch(resource.id, BATCH)
    assert [one.broken for one in found.results] == [1, 2, 2, 1, 2, 1, 1, 1, 1]
    assert found.results[1].samples == ("3", "4") and found.rows == 5
    assert found.score == pytest.approx(100 * (1 - 12 / 45), abs=0.01)
    assert api.resource(resource.id).score == found.score
    assert "11010519491231002X" not in str(found)  # samples are numbers of lines, never values
    assert len(api.tickets(town.ic)) == 9


def test_tickets_stay_until_a_measurement_finds_it_mended(town: SimpleNamespace, published: Take) -> None:
    resource = published(items=PEOPLE)
    api.set_rules(town.editor, resource.id, [RULES[0]])
    api.assess_batch(resource.id, BATCH)
    (ticket,) = api.tickets(town.ic)
    assert messages(town.editor).messages[0].kind == "catalogue.ticket"
    with pytest.raises(Refused):
        api.answer_ticket(town.tax_editor, ticket.id, "已补")
    assert api.answer_ticket(town.editor, ticket.id, "已补录").state is TicketState.ANSWERED
    api.assess_batch(resource.id, BATCH)
    assert api.tickets(town.ic)[0].state is TicketState.OPEN
    assert api.assess_batch(resource.id, [GOOD]).score == 100.0
    assert api.tickets(town.ic) == []


@pytest.mark.parametrize(
    "rule",
    [
        Rule(RuleKind.REQUIRED, "nothing"),
        Rule(RuleKind.RANGE, "age", "10"),
        Rule(RuleKind.PATTERN, "number", "["),
        Rule(RuleKind.CODES, "age"),
        Rule(RuleKind.CROSS, "", "salary > 0"),
        Rule(RuleKind.CROSS, "", "start <="),
    ],
)
def test_a_rule_that_cannot_work_is_refused(town: SimpleNamespace, published: Take, rule: Rule) -> None:
    resource = published(items=PEOPLE)
    before = api.rules(resource.id)
    with pytest.raises(Invalid) as refusal:
        api.set_rules(town.editor, resource.id, [RULES[0], rule])
    assert set(refusal.value.errors) == {"1"} and api.rules(resource.id) == before


REGISTER = """
key: depot
title: {zh: 仓库, en: Depots}
owner: trade
level: internal
zone: outer
natural_key: [code]
fields:
  - {name: code, title: {zh: 编号, en: Code}, type: text, required: true, search: exact}
  - {name: uscc, title: {zh: 单位, en: Owner}, type: credit_code}
  - {name: area, title: {zh: 面积, en: Area}, type: int}
"""


@pytest.fixture
def depots(town: SimpleNamespace) -> Iterator[None]:
    registers.forget_definitions()
    registers.apply([registers.parse(REGISTER, "depot.yaml")])
    for code, area in (("a", 10), ("b", -5), ("c", None)):
        values = {"code": code, "uscc": "91350100M000100Y43", "area": area}
        registers.write("depot", values, by=None, reason="x", source="trade")
    yield
    registers.forget_definitions()


def test_a_register_is_measured_by_sql_and_by_age(
    town: SimpleNamespace, depots: None, published: Take, run_jobs: Callable[[], int]
) -> None:
    from tongban.data.catalogue import quality
    from tongban.trust.identity.api import office

    described = api.describe_register("depot", office(town.ic))
    described = replace(ENTERPRISES, items=described.items, register="depot", cycle=Cycle.DAILY)
    resource = published(described)
    declared = [(rule.kind, rule.item) for rule in api.rules(resource.id)]
    assert declared == [
        (RuleKind.REQUIRED, "code"),
        (RuleKind.CREDIT, "uscc"),
        (RuleKind.UNIQUE, "code"),
        (RuleKind.TIMELY, ""),
    ]
    assert api.assess(resource.id).score == 100.0
    with travelled(timedelta(days=3)):
        assert api.assess(resource.id).score == 75.0
    api.set_rules(town.editor, resource.id, [Rule(RuleKind.RANGE, "area", "0.."), Rule(RuleKind.CROSS, "", "area > 0")])
    quality.ask_assessment(town.editor, resource.id)
    run_jobs()
    (found, *_older) = api.assessments(resource.id)
    assert [one.broken for one in found.results] == [1, 1]
    row = registers.find("depot", code="b")
    assert row is not None and found.results[0].samples == found.results[1].samples == (row.id,)
