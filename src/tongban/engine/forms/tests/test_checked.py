"""Answers: clean values out, or a message at the field."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tongban.base.kernel.api import Invalid
from tongban.engine.forms import api
from tongban.engine.forms.data import FormDefinition

from .conftest import GOOD, code_sets


def errors(form: FormDefinition, changes: dict[str, Any], page: str | None = None) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        api.checked(form, {**copy.deepcopy(GOOD), **changes}, page)
    return {key: str(text) for key, text in caught.value.errors.items()}


def test_good_answers_come_out_clean(form: FormDefinition) -> None:
    clean = api.checked(form, copy.deepcopy(GOOD))
    assert clean["capital"] == "1000.50"
    assert clean["head_id"] == "11010519491231002X"
    assert clean["shareholders"][0]["amount"] == "1000.50"
    assert api.checked(form, clean) == clean


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("head_id", "110105194912310021"),
        ("head_id", "11010519490231002X"),
        ("head_id", "12345"),
        ("parent", "91350100M000100Y4"),
        ("capital", "0.5"),
        ("capital", "1.234"),
        ("capital", "NaN"),
        ("capital", "1e400"),
        ("founded", "2026-02-30"),
        ("founded", "2999-01-01"),
        ("founded", "yesterday"),
        ("phone", "12345678901"),
        ("premises", "stolen"),
        ("county", "999999"),
        ("scope", "长" * 21),
        ("head", "张\x00三"),
        ("head", "张\u202e三"),
        ("head", ["张三"]),
        ("name", ""),
        ("address", {"division": "460106", "text": " "}),
        ("address", {"division": "46x", "text": "路1号"}),
        ("shareholders", []),
    ],
)
def test_a_wrong_answer_is_told_at_its_field(form: FormDefinition, field: str, value: object) -> None:
    assert set(errors(form, {field: value})) == {field}


def test_a_wrong_answer_in_a_row_is_told_in_its_row(form: FormDefinition) -> None:
    rows = [*GOOD["shareholders"], {"holder": "李四", "id_number": "1", "amount": "1"}]  # type: ignore[misc]
    assert set(errors(form, {"shareholders": rows})) == {"shareholders.1.id_number"}


def test_checks_over_the_whole_form(form: FormDefinition) -> None:
    assert set(errors(form, {"capital": "2000"})) == {"shareholders"}
    assert set(errors(form, {"capital": "999"})) == {"shareholders"}
    assert "公司" in errors(form, {"name": "海口示范"})["name"]


def test_a_check_inside_a_row_sees_the_form_around_it(form: FormDefinition) -> None:
    row = {**GOOD["shareholders"][0], "amount": "3000"}  # type: ignore[index]
    other = {**GOOD["shareholders"][0], "amount": "-1999.50"}  # type: ignore[index]
    assert set(errors(form, {"shareholders": [row, other]})) == {"shareholders.0.amount"}


def test_too_many_rows(form: FormDefinition) -> None:
    assert set(errors(form, {"shareholders": GOOD["shareholders"] * 4})) == {"shareholders"}  # type: ignore[operator]


def test_a_field_that_does_not_apply_is_left_out_and_one_that_does_is_asked(form: FormDefinition) -> None:
    assert "agent" not in api.checked(form, {**copy.deepcopy(GOOD), "agent": "王五"})
    assert set(errors(form, {"has_agent": "true"})) == {"agent"}


def test_a_page_that_applies_is_asked(form: FormDefinition) -> None:
    rows = [{**GOOD["shareholders"][0], "amount": "1000000"}]  # type: ignore[index]
    assert set(errors(form, {"capital": "1000000", "shareholders": rows})) == {"proof"}


def test_one_page_alone(form: FormDefinition) -> None:
    clean = api.checked(form, {**copy.deepcopy(GOOD), "head_id": "bad"}, page="enterprise")
    assert set(clean) == {"name", "capital", "address"}
    assert set(errors(form, {"head_id": "bad"}, page="people")) == {"head_id"}


def test_a_credit_code_of_the_early_pilots_is_a_warning_only(form: FormDefinition) -> None:
    answers = {**copy.deepcopy(GOOD), "parent": "91350100M0001TGQXM"}
    assert api.checked(form, answers)["parent"] == "91350100M0001TGQXM"
    assert set(api.warnings(form, answers)) == {"parent"}
    assert api.warnings(form, {**answers, "parent": "91350100M000100Y43"}) == {}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("20261101", "2026-11-01"),
        ("2026/1/2", "2026-01-02"),
        ("2026年1月2日", "2026-01-02"),
        ("2026.01.02", "2026-01-02"),
    ],
)
def test_dates_as_people_write_them(form: FormDefinition, typed: str, kept: str) -> None:
    assert api.checked(form, {**copy.deepcopy(GOOD), "founded": typed})["founded"] == kept


def test_text_is_normal_form_c(form: FormDefinition) -> None:
    assert api.checked(form, {**copy.deepcopy(GOOD), "head": " e\u0301mile "})["head"] == "\u00e9mile"


def test_fragment_tells_pages_fields_and_materials(form: FormDefinition) -> None:
    now = api.fragment(form, "enterprise", {"premises": "owned", "has_agent": "true"})
    assert [page.name for page in now.pages] == ["enterprise", "people"]
    assert "agent" in [field.name for field in now.fields]
    assert [m.name for m in now.materials] == ["articles", "deed", "power", "later"]
    rich = api.fragment(form, None, {"capital": "1000000"})
    assert [page.name for page in rich.pages] == ["enterprise", "people", "branch"]


def test_missing_materials(form: FormDefinition) -> None:
    assert set(api.missing(form, GOOD, [])) == {"articles", "lease"}
    assert api.missing(form, GOOD, ["articles", "lease"]) == {}


def test_prefill_names_its_source_and_leaves_out_what_would_not_hold(form: FormDefinition) -> None:
    known = api.prefill(
        form,
        {
            "applicant": {"name": "张三", "id_number": "broken"},
            "population": {"address": {"division": "460106", "text": "示范路1号", "point": None}},
        },
    )
    assert set(known) == {"head", "address"}
    assert known["address"].value == {"division": "460106", "text": "示范路1号"}
    assert known["address"].source.zh == "人口基础信息库"
    assert api.prefill(form, {}) == {}


def test_a_group_begins_with_a_first_entry_that_is_known() -> None:
    text = (
        "form: f\ntitle: t\npages: [{name: p, title: t, fields: "
        "[{name: people, title: t, type: group, rows: 1..5, fields: "
        "[{name: who, title: t, type: text, prefill: applicant.name}, {name: share, title: t, type: int}]}]}]"
    )
    form = api.parse(text, "f", None, code_sets)
    known = api.prefill(form, {"applicant": {"name": "张三"}})
    assert api.answers_known(known) == {"people": [{"who": "张三"}]}
    assert form.field_at("people.0.who").prefill == "applicant.name"
    first = (
        api.page_view(form, "p", api.answers_known(known), prefilled=known, report_url="/report/").controls[0].rows[0]
    )
    assert (first[0].value, bool(first[0].source), first[1].source) == ("张三", True, "")
    assert first[0].report_url == "/report/?field=people.0.who"


def test_differences_name_every_changed_answer(form: FormDefinition) -> None:
    new = {**copy.deepcopy(GOOD), "name": "海口新名有限公司"}
    new["shareholders"].append({"holder": "李四"})  # type: ignore[attr-defined]
    changes = {change.key: (change.old, change.new) for change in api.differences(form, GOOD, new)}
    assert changes == {
        "name": ("海口示范贸易有限公司", "海口新名有限公司"),
        "shareholders.1.holder": (None, "李四"),
    }
    assert api.differences(form, GOOD, copy.deepcopy(GOOD)) == ()


def test_a_village_of_the_register_becomes_the_county_the_form_offers() -> None:
    text = (
        "form: f\ntitle: t\npages: [{name: p, title: t, fields: "
        "[{name: a, title: t, type: place, code_set: counties, prefill: population.address}]}]"
    )
    form = api.parse(text, "f", None, code_sets)
    known = api.prefill(form, {"population": {"address": {"division": "460106001002", "text": "路1号"}}})
    assert known["a"].value == {"division": "460106", "text": "路1号"}
    with pytest.raises(Invalid):
        api.checked(form, {"a": {"division": "460200", "text": "路1号"}})
