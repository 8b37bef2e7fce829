"""A case as its people see it, in a browser: the applicant, the clerk, an approver (look.md, Staff site; SVC-04)."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from tests.conftest import ANSWERS, Town, build_town, papers
from tongban.trust.identity.data import Actor
from tongban.work.hall import api as hall

from .conftest import DESKTOP, PHONE, OpenPage, faults

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def town(transactional_db) -> Town:
    """Committed, so that the server's thread sees it."""
    return build_town()


@pytest.fixture
def running(town: Town):
    """A case that two offices handle side by side."""
    done = hall.submit(
        town.founder,
        "enterprise_registration",
        hall.applicant_of(town.founder),
        ANSWERS,
        papers(town.founder),
        nonce="walk",
    )
    hall.accept(town.clerk, hall.open_work(done.case)[0][0])
    hall.decide(town.approvers["commerce"], hall.open_work(done.case)[0][0], hall_outcome("grant"), "经审查，同意。")
    return done


def hall_outcome(value: str):
    from tongban.work.hall.data import Outcome

    return Outcome(value)


@pytest.fixture
def enter(live_server, settings, open_page: OpenPage):
    """Opens a page of one site as somebody."""

    def entered(site: str, who: Actor, path: str, width: int = DESKTOP, **wishes):
        settings.ROOT_URLCONF = f"tongban.site.urls_{site}"
        settings.SITE = site
        url = live_server.url
        return open_page(url + path, width, cookies=[{**cookie, "url": url} for cookie in session_of(who)], **wishes)

    return entered


def session_of(actor: Actor) -> list[dict[str, str]]:
    client = Client()
    client.force_login(get_user_model().objects.get(public_id=actor.person.id))
    return [{"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}]


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_the_applicant_sees_who_has_the_case_until_when_and_why(town, running, enter, width):
    page = enter("public", town.founder, f"/my/cases/{running.case.id}/", width)
    said = page.inner_text("main")
    assert "海口市税务局" in said
    assert "海口市质量技术监督局" in said
    assert page.locator(".tb-timeline .current").count() == 2
    assert faults(page) == []


@pytest.mark.parametrize("path", ["/my/", "/my/cases/{}/receipt/", "/my/cases/{}/withdraw/"])
def test_the_applicants_pages_have_no_faults(town, running, enter, path):
    for width in (DESKTOP, PHONE):
        assert faults(enter("public", town.founder, path.format(running.case.id), width)) == []


def test_the_approver_sees_the_steps_lit(town, running, enter):
    page = enter("staff", town.approvers["tax"], f"/cases/{running.case.id}/")
    page.wait_for_selector(".tb-bpmn .tb-lit")
    assert page.locator(".tb-bpmn .tb-lit").count() >= 2
    assert page.locator(".bjs-powered-by").is_visible()
    assert faults(page) == []


@pytest.mark.parametrize("path", ["/inbox/", "/cases/", "/cases/{}/"])
def test_the_offices_pages_have_no_faults(town, running, enter, path):
    for width in (DESKTOP, PHONE):
        assert faults(enter("staff", town.approvers["tax"], path.format(running.case.id), width)) == []


def test_withdrawing_asks_first_in_a_dialog(town, running, enter):
    page = enter("public", town.founder, f"/my/cases/{running.case.id}/")
    page.get_by_role("link", name="撤回申请").click()
    asked = page.locator("dialog")
    asked.wait_for()
    assert "办理随即终止" in asked.inner_text()
    assert faults(page) == []
    asked.get_by_role("button", name="撤回申请").click()
    page.wait_for_url("**/my/cases/*/")
    page.get_by_text("申请人已撤回").wait_for()
    assert hall.case_view_of(running.case).state == "withdrawn"
