"""Components: states never by colour alone, errors lead to their fields, addresses keep their filters."""

from datetime import timedelta

import pytest
from django import forms
from django.template import engines
from django.test import RequestFactory
from django.utils.translation import override

from tongban.base.kernel.api import today


@pytest.fixture(autouse=True)
def chinese():
    with override("zh-hans"):
        yield


def render(source, path="/", **values):
    template = engines["django"].from_string("{% load tongban %}" + source).template
    from django.template import Context

    return template.render(Context({"request": RequestFactory().get(path), **values}))


@pytest.mark.parametrize(
    ("left", "state", "words"),
    [
        (-3, "", "超期3个工作日"),
        (0, "", "今日到期"),
        (2, "", "剩余2个工作日"),
        (9, "suspended", "计时暂停"),
        (0, "done", "已完成"),
        (None, "none", "无时限"),
    ],
)
def test_a_due_pill_says_its_state_in_words(left, state, words):
    assert words in render("{% due_pill due left=left state=state %}", due=today(), left=left, state=state)


def test_a_due_pill_counts_natural_days_where_no_count_is_given():
    assert "剩余4天" in render("{% due_pill due %}", due=today() + timedelta(4))


class Enterprise(forms.Form):
    name = forms.CharField(label="企业名称")
    way = forms.ChoiceField(label="领取方式", widget=forms.RadioSelect, choices=[("a", "甲"), ("b", "乙")])


def test_each_error_leads_to_an_element_that_exists():
    form = Enterprise({})
    page = render("{% error_summary form %}{% field form.name %}{% field form.way %}", form=form)
    for target in ("id_name", "id_way"):
        assert f'href="#{target}"' in page
        assert page.count(f'id="{target}"') == 1


def test_errors_of_a_verb_are_escaped_and_labelled():
    page = render(
        "{% error_summary errors labels %}",
        errors={"name": "<b>", "__all__": ["太晚"]},
        labels={"name": "名称"},
    )
    assert 'href="#id_name">名称：&lt;b&gt;' in page
    assert "太晚" in page


def test_no_error_no_summary():
    assert render("{% error_summary errors %}", errors={}).strip() == ""


def test_the_query_keeps_filters_and_starts_anew():
    page = render("{% qs state='late' %}", path="/?q=%E8%AF%81&state=open&after=k9")
    assert page == "?q=%E8%AF%81&amp;state=late"


def test_the_pager_offers_only_what_there_is():
    last = type("Page", (), {"next": ""})()
    assert render("{% pager page %}", page=last).strip() == ""
    more = type("Page", (), {"next": "k2"})()
    assert 'rel="next" href="?q=a&amp;after=k2"' in render("{% pager page %}", path="/?q=a", page=more)


def test_an_absent_rating_is_absent():
    assert "暂无评价" in render("{% rating value %}", value=None)


def test_a_table_escapes_what_people_typed_and_masks_what_it_must():
    page = render(
        "{% data_table columns rows 'T' %}",
        columns=[("title", "事项"), ("who", "申请人", "masked")],
        rows=[{"title": "<script>", "who": "张三丰", "url": "/c/1"}],
    )
    assert "<script>" not in page
    assert "张*" in page
    assert "三丰" not in page


def test_a_file_slot_says_formats_and_size_before_choosing():
    slot = {"name": "charter", "label": "章程", "formats": ["pdf", ".JPG"], "max_bytes": 2**20}
    page = render("{% file_slot slot %}", slot=slot)
    assert "PDF、JPG" in page
    assert 'accept=".pdf,.jpg"' in page
    assert "1 MB" in page
