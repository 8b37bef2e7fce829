"""The public pages over HTTP: readable by anybody, cacheable, in both languages."""

import pytest
from django.test import Client

from tongban.portal.models import Notice

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tongban.site.urls_public")]
PAGES = ["/", "/services/", "/services/?q=许可", "/departments/", "/themes/", "/accessibility/"]


@pytest.fixture
def browser() -> Client:
    return Client(headers={"accept-language": "zh-hans"})


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_read_without_signing_in_and_sets_no_cookie(browser, path):
    answer = browser.get(path)
    assert answer.status_code == 200
    assert not answer.cookies
    assert b"csrfmiddlewaretoken" not in answer.content


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_one_heading_and_its_language(browser, path):
    page = browser.get(path).content.decode()
    assert page.count("<h1") == 1
    assert 'lang="zh-Hans"' in page


def test_the_hall_shows_nothing_where_nothing_was_counted(browser):
    page = browser.get("/").content.decode()
    assert "尚无人评价" in page
    assert "尚无办结的办件" in page


def test_a_search_without_result_says_what_to_do(browser):
    assert "查看全部事项" in browser.get("/services/?q=zzzz").content.decode()


def test_what_was_searched_for_is_escaped(browser):
    page = browser.get("/services/", {"q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in page


def test_a_notice_is_read_and_an_unknown_one_is_not_found(browser):
    made = Notice.objects.create(title="国庆节办公安排", body="实行值班制。")
    assert "实行值班制。" in browser.get(f"/notices/{made.public_id}/").content.decode()
    assert browser.get("/notices/none/").status_code == 404


def test_elder_mode_is_kept_across_pages(browser):
    answer = browser.get("/look/?elder=1&next=/themes/")
    assert answer.status_code == 302
    assert answer["Location"] == "/themes/"
    assert "public elder" in browser.get("/").content.decode()
    browser.get("/look/?elder=0")
    assert "public elder" not in browser.get("/").content.decode()


def test_the_language_is_kept_across_pages(browser):
    browser.get("/look/?language=en")
    assert 'lang="en"' in browser.get("/").content.decode()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_switch_leads_to_this_site_only(browser, target):
    """T30."""
    assert browser.get("/look/", {"elder": "1", "next": target})["Location"] == "/"


@pytest.mark.parametrize("query", ["language=xx", "elder=2", "language=zh-hans%0d%0aSet-Cookie:x", ""])
def test_an_unknown_wish_sets_nothing(browser, query):
    assert not browser.get(f"/look/?{query}").cookies


def test_there_is_no_style_page_for_the_public(browser):
    assert browser.get("/style/").status_code == 404
