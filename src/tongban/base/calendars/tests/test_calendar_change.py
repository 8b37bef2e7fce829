"""A changed day moves every open deadline that depends on it, with the reason, in one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from django.utils import translation

from tongban.base.calendars import api as calendars
from tongban.base.calendars import days, models
from tongban.base.calendars.builtin import builtin
from tongban.base.calendars.data import Cause, DayKind, DeadlineMoved, Procedure
from tongban.base.calendars.year import Calendar
from tongban.base.kernel.api import SHANGHAI, Invalid, Ref, Stale
from tongban.base.ledger.api import history

from .test_deadlines import on

pytestmark = pytest.mark.django_db
ADMIN = Ref("identity.person", "admin")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    calendars.seed()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[DeadlineMoved]:
    seen: list[DeadlineMoved] = []
    monkeypatch.setattr(days, "emit", seen.append)
    return seen


def case(name: str, start: str, n: int, unit: str = "workday") -> Ref:
    subject = Ref("hall.case", name)
    calendars.open_deadline(subject, "XK.DECIDE", date.fromisoformat(start), n, unit)
    return subject


def due(subject: Ref) -> str:
    found = calendars.deadlines(subject)[0].due
    return found.isoformat() if found else "unknown"


def test_seed_is_idempotent_and_has_every_year() -> None:
    assert models.Day.objects.count() == (date(2027, 12, 31) - date(2004, 1, 1)).days + 1
    assert models.Day.objects.filter(provisional=True).count() == 365
    version = calendars.version()
    assert calendars.seed() == 0
    assert calendars.version() == version
    assert len(calendars.limits()) == len(days.read_limits())


def test_without_a_seed_the_built_in_calendar_counts() -> None:
    assert calendars.due(date(2026, 2, 11), 5, jurisdiction="110000").date == date(2026, 2, 25)
    assert calendars.version("110000") == 0


def test_a_new_holiday_moves_what_runs_through_it(told: list[DeadlineMoved]) -> None:
    through, before, after = (
        case("through", "2026-02-11", 5),
        case("before", "2026-02-02", 5),
        case("after", "2026-02-24", 5),
    )
    ends_there = case("ends", "2026-02-11", 4)
    natural = case("natural", "2026-02-13", 11, "day")
    version = calendars.version()
    seen = calendars.preview_day(date(2026, 2, 24), DayKind.HOLIDAY, "台风停工")
    assert calendars.version() == version
    assert due(through) == "2026-02-25"
    change = calendars.set_day(date(2026, 2, 24), DayKind.HOLIDAY, "台风停工", ADMIN)
    assert [(m.deadline, m.old, m.new) for m in seen.moved] == [(m.deadline, m.old, m.new) for m in change.moved]
    assert (due(through), due(ends_there), due(natural)) == ("2026-02-26", "2026-02-25", "2026-02-25")
    assert (due(before), due(after)) == ("2026-02-09", "2026-03-02")
    assert change.version == calendars.version() == version + 1
    assert {e.subject.id for e in told} == {"through", "ends", "natural"}
    assert all(e.cause is Cause.CALENDAR for e in told)
    assert "日历调整：2026年2月24日（周二）由工作日改为节假日" in told[0].why
    with translation.override("en"):
        assert "calendar changed: 24 February 2026 (Tue) was working day" in calendars.moves(through)[-1].why
    assert history(through)[-1].kind == "calendars.deadline.calendar"
    assert calendars.recompute_check() == ()


def test_a_holiday_made_a_working_day_brings_deadlines_forward() -> None:
    through = case("through", "2026-02-11", 5)
    calendars.set_day(date(2026, 2, 23), DayKind.WORKDAY, "", ADMIN)
    assert due(through) == "2026-02-24"


def test_suspended_deadlines_are_counted_anew_when_they_resume() -> None:
    subject = case("stopped", "2026-02-11", 5)
    with on("2026-02-13"):
        calendars.suspend(subject, Procedure.HEARING, ADMIN)
    calendars.set_day(date(2026, 3, 3), DayKind.HOLIDAY, "三月三", ADMIN)
    assert due(subject) == "unknown"
    with on("2026-03-02"):
        calendars.resume(subject, ADMIN)
    assert due(subject) == "2026-03-06"


def test_met_deadlines_stay() -> None:
    subject = case("done", "2026-02-11", 5)
    with on("2026-02-24"):
        calendars.close(subject)
    assert calendars.set_day(date(2026, 2, 24), DayKind.HOLIDAY, "台风停工", ADMIN).moved == ()
    assert due(subject) == "2026-02-25"


def test_the_day_of_receipt_counts_too() -> None:
    subject = Ref("hall.case", "received")
    moment = datetime(2026, 3, 3, 10, 0, tzinfo=SHANGHAI)
    calendars.open_deadline(subject, "XK.DECIDE", moment, 0)
    assert due(subject) == "2026-03-03"
    calendars.set_day(date(2026, 3, 3), DayKind.HOLIDAY, "三月三", ADMIN)
    assert due(subject) == "2026-03-04"
    calendars.set_day(date(2026, 3, 3), DayKind.WORKDAY, "", ADMIN)
    assert due(subject) == "2026-03-03"


def test_a_stale_page_is_refused() -> None:
    version = calendars.version()
    calendars.set_day(date(2026, 3, 3), DayKind.HOLIDAY, "三月三", ADMIN)
    with pytest.raises(Stale):
        calendars.set_day(date(2026, 3, 4), DayKind.HOLIDAY, "三月三", ADMIN, version=version)
    assert calendars.works(date(2026, 3, 4))


@pytest.mark.parametrize(
    ("day", "kind", "name"),
    [
        (date(2026, 3, 3), DayKind.MAKEUP, ""),
        (date(2026, 3, 7), DayKind.WORKDAY, ""),
        (date(2026, 3, 3), DayKind.REST, ""),
        (date(2026, 3, 3), DayKind.HOLIDAY, " "),
    ],
)
def test_impossible_days_are_invalid(day: date, kind: DayKind, name: str) -> None:
    version = calendars.version()
    with pytest.raises(Invalid):
        calendars.set_day(day, kind, name, ADMIN)
    assert calendars.version() == version


def test_the_same_day_again_changes_nothing() -> None:
    version = calendars.version()
    assert calendars.set_day(date(2026, 2, 17), DayKind.HOLIDAY, "春节", ADMIN).days == ()
    assert calendars.version() == version


YEAR = """date,kind,name
2027-01-01,holiday,元旦
2027-01-02,holiday,元旦
2027-01-03,holiday,元旦
2027-01-09,makeup,元旦
2027-02-05,holiday,春节
"""


def test_a_published_year_is_no_longer_provisional(told: list[DeadlineMoved]) -> None:
    soon, later = case("soon", "2026-12-25", 8), case("later", "2026-12-25", 10)
    assert calendars.deadlines(soon)[0].provisional
    seen = calendars.preview_year(YEAR)
    change = calendars.import_year(YEAR, ADMIN)
    assert [m.subject for m in seen.moved] == [m.subject for m in change.moved] == [later]
    assert due(soon) == "2027-01-07"
    assert due(later) == "2027-01-09"
    assert not calendars.deadlines(soon)[0].provisional
    assert "2027年放假安排已录入" in told[0].why
    assert calendars.recompute_check() == ()
    assert calendars.seed() == 0


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("day,type\n2027-01-01,holiday", "file"),
        ("date,kind,name\n2027-02-30,holiday,春节", "row 2"),
        ("date,kind,name\n2027-01-01,holiday,元旦\n2027-01-01,holiday,元旦", "row 3"),
        ("date,kind,name\n2027-01-01,party,元旦", "row 2"),
        ("date,kind,name\n2027-01-04,makeup,元旦", "row 2"),
        ("date,kind,name\n2027-01-01,holiday,元旦\n2028-01-01,holiday,元旦", "file"),
        ("date,kind,name\n", "file"),
    ],
)
def test_a_bad_year_is_refused_whole(text: str, key: str) -> None:
    version = calendars.version()
    with pytest.raises(Invalid) as refusal:
        calendars.import_year(text, ADMIN)
    assert key in refusal.value.errors
    assert calendars.version() == version


def test_a_release_with_the_published_year_moves_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = case("later", "2026-12-25", 10)
    newer = {d.date: d for d in days.read_year(YEAR)} | builtin().days
    monkeypatch.setattr(days, "builtin", lambda: Calendar("CN", newer, 0, {}))
    assert calendars.seed() == 365 + 366  # 2027 published, 2028 provisional
    assert due(subject) == "2027-01-09"


def test_many_deadlines_move_at_once() -> None:
    for i in range(300):
        case(f"c{i}", "2026-02-11", 5)
    assert len(calendars.set_day(date(2026, 2, 24), DayKind.HOLIDAY, "台风停工", ADMIN).moved) == 300


def test_limits_are_data() -> None:
    limit = calendars.find_limit("XK.DECIDE")
    assert limit and (limit.n, limit.unit, limit.extension) == (20, "workday", 10)
    assert Procedure.HEARING in limit.not_counted
    calendars.set_limit(replace(limit, n=15), ADMIN)
    assert calendars.open_deadline(Ref("hall.case", "x"), "XK.DECIDE", date(2026, 3, 2)).n == 15
