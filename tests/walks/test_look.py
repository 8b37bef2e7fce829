"""Every kind of page of the portal, and every component, as people meet them (look.md, Check)."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from tongban.portal.models import Notice
from tongban.trust.identity.api import create_staff

from .conftest import DESKTOP, PHONE, OpenPage, faults

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = [
    "/",
    "/services/?q=%E8%AE%B8%E5%8F%AF",
    "/departments/",
    "/themes/",
    "/accessibility/",
    "/nothing-here/",
]


@pytest.fixture
def public_site(live_server, settings):
    settings.ROOT_URLCONF = "tongban.site.urls_public"
    settings.SITE = "public"
    return live_server.url


@pytest.fixture
def staff_site(live_server, settings):
    settings.ROOT_URLCONF = "tongban.site.urls_staff"
    settings.SITE = "staff"
    return live_server.url


@pytest.fixture
def signed_in() -> list[dict[str, str]]:
    """The session of a member of staff, as cookies."""
    from django.contrib.auth import get_user_model

    person = create_staff("style", "王某某", second_factor=False)
    client = Client()
    client.force_login(get_user_model().objects.get(public_id=person.ref.id))
    return [{"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}]


@pytest.mark.parametrize(("width", "language"), [(DESKTOP, "zh-hans"), (PHONE, "zh-hans"), (PHONE, "en")])
def test_public_pages_have_no_faults(public_site, open_page: OpenPage, width, language):
    Notice.objects.create(title="国庆节办公安排" * 6, body="实行值班制。")
    for path in PAGES:
        page = open_page(public_site + path, width, language)
        assert [fault for fault in faults(page) if "404" not in fault] == [], path


def test_elder_mode_is_larger_and_fits(public_site, open_page: OpenPage):
    page = open_page(public_site + "/", PHONE)
    size = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
    before = page.evaluate(size)
    page.get_by_role("link", name="长者模式").click()
    assert page.evaluate(size) == before * 1.5
    page.goto(public_site + "/themes/")
    assert page.evaluate(size) == before * 1.5
    assert faults(page) == []


def test_the_first_key_reaches_the_skip_link(public_site, open_page: OpenPage):
    page = open_page(public_site + "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_search_and_menu_work_without_javascript(public_site, open_page: OpenPage):
    page = open_page(public_site + "/", PHONE, javascript=False)
    page.fill("#q", "开公司")
    page.get_by_role("button", name="搜索").click()
    assert "q=" in page.url
    assert "开公司" in page.inner_text("h1")


@pytest.mark.parametrize(("width", "elder"), [(DESKTOP, False), (PHONE, False), (PHONE, True)])
@pytest.mark.parametrize("frame", ["staff", "public"])
def test_every_component_has_no_faults(staff_site, signed_in, open_page: OpenPage, width, elder, frame):
    cookies = [{**cookie, "url": staff_site} for cookie in signed_in]
    page = open_page(f"{staff_site}/style/?frame={frame}", width, elder=elder, cookies=cookies)
    page.wait_for_selector(".tb-bpmn .tb-lit")
    assert page.locator(".bjs-powered-by").is_visible()
    assert faults(page) == []


def test_a_table_is_worked_by_keys_alone(staff_site, signed_in, open_page: OpenPage):
    page = open_page(staff_site + "/style/", cookies=[{**cookie, "url": staff_site} for cookie in signed_in])
    page.locator("h1").click()
    for key in "jjkjx":
        page.keyboard.press(key)
    rows = page.locator("table[data-keys] tbody tr")
    assert rows.nth(1).get_attribute("data-current") == "1"
    assert rows.nth(1).locator("input").is_checked()


def test_a_file_of_another_kind_is_refused_before_sending(staff_site, signed_in, open_page: OpenPage, tmp_path):
    page = open_page(staff_site + "/style/", cookies=[{**cookie, "url": staff_site} for cookie in signed_in])
    wrong = tmp_path / "章程.exe"
    wrong.write_bytes(b"MZ")
    page.set_input_files("#id_place", wrong)
    assert "章程.exe" in page.inner_text("#slot_place [data-file-problem]")
    assert page.input_value("#id_place") == ""
