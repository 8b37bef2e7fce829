"""A posted page becomes answers; nothing typed is lost; rows work without JavaScript."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string

from tongban.base.kernel.api import Invalid
from tongban.engine.forms import api
from tongban.engine.forms.data import FormDefinition

from .conftest import GOOD


def posted(text: str) -> QueryDict:
    return QueryDict(text, encoding="utf-8")


def test_a_page_is_read_beside_what_was_answered_before(form: FormDefinition) -> None:
    answers = api.read(form, "enterprise", posted("name=甲&address.text=路1号&address.division=460106"), dict(GOOD))
    assert answers["name"] == "甲"
    assert answers["address"] == {"division": "460106", "text": "路1号"}
    assert answers["head"] == "张三"


def test_an_unticked_box_is_no_longer_ticked(form: FormDefinition) -> None:
    assert api.read(form, "enterprise", posted("name=x"), {"has_agent": "true"})["has_agent"] == ""


def test_rows_are_added_and_removed_by_buttons(form: FormDefinition) -> None:
    two = "shareholders.rows=2&shareholders.0.holder=甲&shareholders.1.holder=乙"
    added = posted(two + "&_add=shareholders")
    assert api.pressed(added)
    rows = api.read(form, "people", added)["shareholders"]
    assert [row.get("holder") for row in rows] == ["甲", "乙", None]
    removed = api.read(form, "people", posted(two + "&_remove=shareholders.0"))["shareholders"]
    assert [row["holder"] for row in removed] == ["乙"]
    assert not api.pressed(posted(two))


@pytest.mark.parametrize("count", ["9999", "-1", "x", "²"])
def test_a_forged_number_of_rows_does_no_harm(form: FormDefinition, count: str) -> None:
    rows = api.read(form, "people", posted(f"shareholders.rows={count}&shareholders.0.holder=a"))["shareholders"]
    assert len(rows) <= 3


def test_t33_more_than_any_honest_form_is_refused(form: FormDefinition) -> None:
    with pytest.raises(Invalid):
        api.read(form, "enterprise", posted("scope=" + "a" * 300_000))


def test_the_page_shows_everything_again(form: FormDefinition) -> None:
    answers = api.read(
        form, "people", posted("head=%3Cscript%3E&head_id=1&shareholders.rows=1&shareholders.0.id_number=2")
    )
    try:
        api.checked(form, answers, "people")
    except Invalid as invalid:
        view = api.page_view(form, "people", answers, errors=invalid.errors, fragment_url="/again")
    html = render_to_string("forms/errors.html", {"view": view}) + render_to_string("forms/fields.html", {"view": view})
    assert "&lt;script&gt;" in html and "<script>" not in html
    assert 'href="#f-shareholders-0-id_number"' in html and 'id="f-shareholders-0-id_number"' in html
    assert 'aria-describedby="f-head_id-error"' in html and 'aria-invalid="true"' in html
    assert 'name="_add" value="shareholders"' in html and 'hx-post="/again"' in html


def test_a_prefilled_field_looks_different_and_names_its_source(form: FormDefinition) -> None:
    known = api.prefill(form, {"applicant": {"name": "张三"}})
    view = api.page_view(form, "people", {"head": "张三"}, prefilled=known, report_url="/wrong")
    html = render_to_string("forms/fields.html", {"view": view})
    assert "is-prefilled" in html and "实名账户" in html and 'href="/wrong?field=head"' in html
    changed = api.page_view(form, "people", {"head": "李四"}, prefilled=known)
    assert "is-prefilled" not in render_to_string("forms/fields.html", {"view": changed})


def test_only_what_decides_something_asks_the_server_again(form: FormDefinition) -> None:
    view = api.page_view(form, "enterprise", {}, fragment_url="/again")
    assert {control.key for control in view.controls if control.live} == {"has_agent", "capital"}


def test_the_sheet_masks_and_shows_what_a_correction_changed(form: FormDefinition) -> None:
    sheet = api.sheet(form, {**GOOD, "name": "海口新名有限公司"}, previous=dict(GOOD))
    html = render_to_string("forms/answers.html", {"sheet": sheet})
    assert sheet.changed == 1
    assert "<del" in html and "海口示范贸易有限公司" in html and "海口新名有限公司" in html
    assert "11010519491231002X" not in html and "张*" in html
    open_sheet = api.sheet(form, dict(GOOD), masked=False)
    assert "11010519491231002X" not in render_to_string("forms/answers.html", {"sheet": sheet})
    assert "张三" in render_to_string("forms/answers.html", {"sheet": open_sheet})
