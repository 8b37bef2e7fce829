"""The calendar's pages over HTTP: an administrator changes a day and sees what moves; nobody else comes in."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Ref
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OfficeKind, OfficeRow

pytestmark = pytest.mark.django_db
CASE = Ref("hall.case", "one")
PASSWORD = "quick-Brown-fox-21"
PAGES = [
    "/calendar/2026/",
    "/calendar/day/2026-02-24/",
    "/calendar/enter/",
    "/calendar/moves/",
    "/calendar/limits/",
]
PAGES += ["/calendar/limits/XK.DECIDE/"]
YEAR = "date,kind,name\n2027-01-01,holiday,元旦\n2027-01-09,makeup,元旦\n"


@pytest.fixture(autouse=True)
def _office(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SITE = "staff"
    settings.ROOT_URLCONF = "tongban.site.admin_pages.tests.urls"
    calendars.seed()
    calendars.open_deadline(CASE, "XK.DECIDE", date(2026, 2, 11), 5)
    identity.load_offices([OfficeRow("46", "示范省", OfficeKind.PROVINCE, "46")])
    identity.define_role("calendar", "日历管理员", ["calendar.edit"])
    for name, roles in (("keeper", ["calendar"]), ("stranger", [])):
        person = identity.create_staff(name, "林某", password=PASSWORD, second_factor=False)
        if roles:
            identity.assign_post(person.ref, identity.office_by_code("46").ref, "管理员", roles)


def signed_in(name: str) -> Client:
    client = Client()
    client.post("/account/sign-in/", {"login": name, "password": PASSWORD})
    return client


@pytest.fixture
def keeper() -> Client:
    return signed_in("keeper")


def due() -> date | None:
    return calendars.deadlines(CASE)[0].due


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_and_only_to_its_keeper(page: str, keeper: Client) -> None:
    assert keeper.get(page).status_code == 200
    assert signed_in("stranger").get(page).status_code == 403
    assert Client().get(page).status_code == 302


def test_the_year_says_in_words_what_each_day_is(keeper: Client) -> None:
    text = keeper.get("/calendar/2026/").content.decode()
    assert "节假日 春节" in text
    assert "调休上班日" in text
    assert "248个工作日" in text
    assert "暂定" in keeper.get("/calendar/2027/").content.decode()
    assert keeper.get("/calendar/1999/").status_code == 404
    assert keeper.get("/calendar/day/2026-02-30/").status_code == 404
    assert keeper.get("/calendar/").status_code == 302


def change(version: int | None = None, **more: str) -> dict[str, str]:
    return {"kind": "holiday", "name": "台风停工", "version": str(version or calendars.version()), **more}


def test_a_day_is_previewed_then_saved(keeper: Client) -> None:
    page = "/calendar/day/2026-02-24/"
    text = keeper.post(page, change(act="preview")).content.decode()
    assert "将有1个" in text and "2026年2月26日" in text
    assert due() == date(2026, 2, 25)
    saved = keeper.post(page, change(act="save"), follow=True)
    assert due() == date(2026, 2, 26)
    assert "1个期限" in saved.content.decode()
    assert "日历调整" in keeper.get("/calendar/moves/").content.decode()


def test_a_stale_page_and_a_bad_day_change_nothing(keeper: Client) -> None:
    version = calendars.version()
    calendars.set_day(date(2026, 5, 20), calendars.DayKind.HOLIDAY, "三月三", CASE)
    assert keeper.post("/calendar/day/2026-02-24/", change(version, act="save")).status_code == 409
    bad = keeper.post("/calendar/day/2026-02-24/", change(act="save", name=""))
    assert bad.status_code == 422
    assert "请填写节假日名称" in bad.content.decode()
    assert due() == date(2026, 2, 25)


def test_a_stranger_saves_nothing() -> None:
    assert signed_in("stranger").post("/calendar/day/2026-02-24/", change(act="save")).status_code == 403
    assert due() == date(2026, 2, 25)


def test_a_year_is_entered(keeper: Client) -> None:
    form = {"text": YEAR, "version": str(calendars.version())}
    assert "2027年1月9日" in keeper.post("/calendar/enter/", {**form, "act": "preview"}).content.decode()
    assert calendars.year_of_days(2027)[0].provisional
    assert keeper.post("/calendar/enter/", {**form, "act": "save"}).status_code == 302
    assert not calendars.year_of_days(2027)[0].provisional
    bad = keeper.post("/calendar/enter/", {**form, "text": YEAR + "2027-02-30,holiday,春节", "act": "save"})
    assert bad.status_code == 422
    assert "row 4" in bad.content.decode()


def test_a_limit_is_changed(keeper: Client) -> None:
    form = {
        "title": "行政许可决定",
        "n": "15",
        "unit": "workday",
        "extension": "5",
        "not_counted": ["hearing"],
    }
    assert keeper.post("/calendar/limits/XK.DECIDE/", {**form, "n": ""}).status_code == 422
    assert keeper.post("/calendar/limits/XK.DECIDE/", form).status_code == 302
    limit = calendars.find_limit("XK.DECIDE")
    assert limit and (limit.n, limit.extension, limit.not_counted) == (15, 5, (calendars.Procedure.HEARING,))
    assert keeper.get("/calendar/limits/NONE/").status_code == 404
