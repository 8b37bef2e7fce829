"""Pages that say no: what is wrong, and what to do next (look.md, Words)."""

import pytest
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.utils.translation import override

CODES = [400, 403, 404, 409, 410, 413, 422, 429, 500, 503]


@pytest.mark.parametrize("code", CODES)
def test_each_says_what_to_do_next(code):
    with override("zh-hans"):
        page = get_template(f"site/errors/{code}.html").render(
            {"message": "办件已被撤回。", "errors": {"name": "请填写。"}, "changes": {"名称": ("甲", "乙")}},
            RequestFactory().get("/"),
        )
    assert "您可以这样做" in page
    assert f"代码 {code}" in page


@pytest.mark.parametrize("code", [500, 503])
def test_a_broken_site_still_says_so_without_request_or_database(code):
    assert f"{code}</p>" in get_template(f"site/errors/{code}.html").render()


def test_a_stale_page_shows_what_changed():
    page = get_template("site/errors/409.html").render({"changes": {"名称": ("甲", "乙")}}, RequestFactory().get("/"))
    assert "甲" in page
    assert "乙" in page


@pytest.mark.django_db
@pytest.mark.parametrize("urls", ["tongban.site.urls_public", "tongban.site.urls_staff"])
def test_an_unknown_address_gets_our_page(settings, urls):
    settings.ROOT_URLCONF = urls
    answer = Client(headers={"accept-language": "zh-hans"}).get("/no/such/page/")
    assert answer.status_code == 404
    assert "页面不存在" in answer.content.decode()
