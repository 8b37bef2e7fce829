"""Definitions: what is accepted, and that every mistake is told with its file and line."""

from __future__ import annotations

import pytest

from tongban.base.kernel.api import DefinitionError
from tongban.engine.forms import api
from tongban.engine.forms.data import FieldType, FormDefinition

from .conftest import FORM, code_sets, fields_of_registers


def test_a_field_takes_title_and_type_from_its_register(form: FormDefinition) -> None:
    name = form.field("name")
    assert (name.title.zh, name.max_length, name.register, name.required) == (
        "名称",
        40,
        "legal_entity.name",
        True,
    )
    assert [option.code for option in form.field("county").options] == ["460106", "460105"]


def test_the_source_parses_to_the_same_form_without_registers(form: FormDefinition) -> None:
    again = api.parse(form.source, "stored")
    assert again == form
    assert again.digest == form.digest


def test_flags_and_codes_of_a_register_survive_storing() -> None:
    text = "form: f\ntitle: t\npages: [{name: p, title: t, fields: [{register: legal_entity.kind}]}]"
    form = api.parse(text, "f.yaml", fields_of_registers)
    again = api.parse(form.source, "stored")
    assert again.field("kind").required and again.field("kind").options[0].code == "01"
    assert again.digest == form.digest


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("type: money, required: true, min", "type: mony, required: true, min", "unknown type"),
        ("has_agent = true}\n  - name: people", "has_agent = }\n  - name: people", "not a FEEL expression"),
        ("condition: has_agent = true}\n  -", "condition: phone = null}\n  -", "names not known here: phone"),
        ("max_size: 10MB", "max_size: 10TB", "max_size"),
        ("formats: [pdf, docx]", "formats: [exe]", "formats"),
        ("{premises: [rented]}", "{premises: [stolen]}", "no such situation"),
        ("rows: 1..3", "rows: many", "rows are written"),
        ("name: county", "name: capital", "twice"),
        ("code_set: counties", "code_set: moons", "no code set"),
        ("register: legal_entity.name", "register: legal_entity.nam", "no register item"),
        ("lines: 3", "line: 3", "unknown key 'line'"),
        ('required: true, min: "1"', 'required: maybe, min: "1"', "true or false"),
        ("max: today", "max: tomorrow", "min, max or default"),
        ("prefill: applicant.name", "prefill: applicant", "source.item"),
        ("type: phone", "type: [phone", "expected"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, words: str) -> None:
    line = FORM[: FORM.index(old)].count("\n") + 1
    with pytest.raises(DefinitionError) as caught:
        api.parse(FORM.replace(old, new, 1), "enterprise.yaml", fields_of_registers, code_sets)
    assert any(f"enterprise.yaml:{line}:" in finding and words in finding for finding in caught.value.findings), (
        caught.value.findings
    )


def test_several_mistakes_are_told_together() -> None:
    text = FORM.replace("max_size: 10MB", "max_size: x").replace("rows: 1..3", "rows: x")
    with pytest.raises(DefinitionError) as caught:
        api.parse(text, "e.yaml", fields_of_registers, code_sets)
    assert len(caught.value.findings) == 2


def test_t33_anchors_and_deep_nesting_are_refused() -> None:
    with pytest.raises(DefinitionError, match="anchors"):
        api.parse("form: &a x\ntitle: *a", "f")
    with pytest.raises(DefinitionError, match="nested"):
        api.parse("form: " + "[" * 40 + "]" * 40, "f")


def test_codes_stay_text() -> None:
    text = (
        "form: f\ntitle: t\npages: [{name: p, title: t, fields: "
        "[{name: a, title: t, type: code, options: [{code: 01, title: x}, {code: no, title: y}]}]}]"
    )
    assert [o.code for o in api.parse(text, "f").field("a").options] == ["01", "no"]


def test_every_type_of_the_registers_that_can_be_filled_in_is_known() -> None:
    from tongban.engine.registers.data import FieldType as RegisterType

    not_for_forms = {"ref", "geometry", "file", "json"}
    assert {kind.value for kind in RegisterType} - not_for_forms <= {kind.value for kind in FieldType}


def test_data_46_asking_again_for_what_a_register_holds_is_found(form: FormDefinition) -> None:
    assert [field.name for field in api.asked_again(form, {"legal_entity.name"})] == ["name"]
    assert api.asked_again(form, {"population.address"}) == []
