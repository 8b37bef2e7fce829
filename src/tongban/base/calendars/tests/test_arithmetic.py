"""Counting days: the vectors of the standards, the law's rules, and arithmetic's own laws."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.base.calendars.arithmetic import Rules, Suspension, Unit, add, between, received
from tongban.base.calendars.builtin import builtin
from tongban.base.calendars.year import Calendar, CannotCount, Day, DayKind

CN = builtin()


def d(text: str) -> date:
    return date.fromisoformat(text)


def due(start: str, n: int, unit: Unit = Unit.WORKDAY, *spans: tuple[str, str | None], **more: object) -> str:
    suspensions = [Suspension(d(a), b and d(b)) for a, b in spans]
    found = add(CN, d(start), n, unit, suspensions, **more)  # type: ignore[arg-type]
    return found.date.isoformat() if found.date else "unknown"


def test_vectors_of_the_standards() -> None:
    assert due("2026-02-11", 5) == "2026-02-25"
    assert due("2026-09-28", 3) == "2026-10-08"
    assert due("2026-02-11", 5, Unit.WORKDAY, ("2026-02-25", "2026-02-28")) == "2026-02-28"
    assert between(CN, d("2026-02-11"), d("2026-03-02")).days == 9


@pytest.mark.parametrize(("year", "days"), [(2024, 251), (2025, 248), (2026, 248)])
def test_working_days_of_a_year(year: int, days: int) -> None:
    assert between(CN, date(year - 1, 12, 31), date(year, 12, 31)).days == days


def test_make_up_days_of_2026() -> None:
    days = [
        x.date for x in CN.special(d("2026-01-01").toordinal(), d("2027-01-01").toordinal()) if x.kind is DayKind.MAKEUP
    ]
    assert [f"{x:%m-%d}" for x in days] == ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]


def test_agrees_with_the_published_calendar_on_every_day() -> None:
    day = date(2004, 1, 1)
    while day <= date(2026, 12, 31):
        assert CN.works(day) is chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


def test_unpublished_year_is_given_and_provisional() -> None:
    found = add(CN, d("2026-12-25"), 10)
    assert (found.date, found.provisional) == (d("2027-01-11"), True)
    assert "unpublished" in [s.code for s in found.steps]
    # the law itself names the days of the Spring Festival: 5 to 8 February 2027
    assert add(CN, d("2027-02-04"), 1).date == d("2027-02-09")


@pytest.mark.parametrize("start", ["1999-03-05", "2030-06-03", "2003-12-30", "9998-01-01", "0001-01-01"])
def test_years_outside_the_calendar(start: str) -> None:
    found = add(CN, d(start), 3)
    assert found.provisional
    assert found.date and found.date > d(start)


def test_only_what_was_needed_makes_a_date_provisional() -> None:
    assert not add(CN, d("2026-12-25"), 4).provisional  # 31 December
    assert not add(CN, d("2026-12-21"), 10, Unit.DAY).provisional
    assert add(CN, d("2026-12-21"), 11, Unit.DAY).provisional


def test_natural_days_end_on_the_next_working_day() -> None:
    assert due("2026-09-21", 9, Unit.DAY) == "2026-09-30"
    assert due("2026-09-21", 10, Unit.DAY) == "2026-10-08"
    assert due("2026-02-13", 1, Unit.DAY) == "2026-02-14"  # a Saturday that is worked
    assert due("2026-02-11", 4, Unit.DAY) == "2026-02-24"


def test_months_and_years() -> None:
    assert due("2026-01-31", 1, Unit.MONTH) == "2026-02-28"
    assert due("2024-02-29", 1, Unit.YEAR) == "2025-02-28"
    assert due("2024-01-31", 1, Unit.MONTH) == "2024-02-29"
    assert due("2026-07-01", 3, Unit.MONTH) == "2026-10-08"
    assert due("2026-03-10", 1, Unit.MONTH, ("2026-03-20", "2026-03-23")) == "2026-04-13"


def test_same_day() -> None:
    assert due("2026-02-11", 0) == "2026-02-11"
    assert due("2026-02-11", 0, Unit.WORKDAY, ("2026-02-11", "2026-02-13")) == "2026-02-13"
    assert not add(CN, d("2027-03-01"), 0).provisional


def test_refused() -> None:
    for n in (-1, -1000):
        with pytest.raises(CannotCount):
            add(CN, d("2026-02-11"), n)
    with pytest.raises(CannotCount):
        add(CN, d("2026-02-11"), 10**12)
    with pytest.raises(CannotCount):
        add(CN, d("2026-02-11"), 10**12, Unit.DAY)
    with pytest.raises(CannotCount):
        add(CN, d("2026-02-11"), 10**9, Unit.YEAR)
    with pytest.raises(CannotCount):
        due("2026-02-11", 5, Unit.WORKDAY, ("2026-02-20", "2026-02-12"))


def test_suspensions_may_overlap_and_come_in_any_order() -> None:
    apart = due("2026-03-02", 5, Unit.WORKDAY, ("2026-03-03", "2026-03-06"), ("2026-03-09", "2026-03-11"))
    same = due(
        "2026-03-02",
        5,
        Unit.WORKDAY,
        ("2026-03-09", "2026-03-11"),
        ("2026-03-05", "2026-03-06"),
        ("2026-03-03", "2026-03-06"),
        ("2026-03-04", "2026-03-05"),
    )
    assert apart == same == "2026-03-16"
    assert due("2026-03-02", 5, Unit.WORKDAY, ("2026-03-04", "2026-03-04")) == due("2026-03-02", 5)


def test_suspension_before_the_start_and_over_it() -> None:
    assert due("2026-03-02", 2, Unit.WORKDAY, ("2026-02-01", "2026-02-20")) == "2026-03-04"
    assert due("2026-03-02", 2, Unit.WORKDAY, ("2026-02-26", "2026-03-05")) == "2026-03-06"


def test_open_suspension_leaves_the_date_unknown() -> None:
    found = add(CN, d("2026-03-02"), 10, Unit.WORKDAY, [Suspension(d("2026-03-05"))])
    assert (found.date, found.remaining, found.provisional) == (None, 8, True)
    assert due("2026-03-02", 2, Unit.WORKDAY, ("2026-03-05", None)) == "2026-03-04"
    rolling = add(CN, d("2026-09-21"), 10, Unit.DAY, [Suspension(d("2026-10-08"))])
    assert (rolling.date, rolling.remaining) == (None, 0)


def test_suspension_rules_can_be_set() -> None:
    spans = [Suspension(d("2026-03-04"), d("2026-03-06"))]
    both = Rules(suspension_day_counts=True, resume_day_counts=True)
    neither = Rules(suspension_day_counts=False, resume_day_counts=False)
    assert add(CN, d("2026-03-02"), 3, suspensions=spans, rules=both).date == d("2026-03-06")
    assert add(CN, d("2026-03-02"), 3, suspensions=spans, rules=neither).date == d("2026-03-10")


def test_extension_counts_on() -> None:
    assert add(CN, d("2026-02-11"), 5, extension=3).date == add(CN, d("2026-02-11"), 8).date


@pytest.mark.parametrize(
    ("moment", "counts_as"),
    [
        ("2026-02-11T09:00", "2026-02-11"),
        ("2026-02-11T17:30", "2026-02-11"),
        ("2026-02-11T17:31", "2026-02-12"),
        ("2026-02-13T18:00", "2026-02-14"),  # Saturday, but worked
        ("2026-02-14T18:00", "2026-02-24"),
        ("2026-02-17T10:00", "2026-02-24"),
        ("2026-10-10T10:00", "2026-10-10"),
    ],
)
def test_after_hours_counts_as_the_next_working_day(moment: str, counts_as: str) -> None:
    day, steps = received(CN, datetime.fromisoformat(moment))
    assert day.isoformat() == counts_as
    assert bool(steps) is (day.isoformat() != moment[:10])


def test_closing_time_can_be_set() -> None:
    assert received(CN, datetime(2026, 2, 11, 17, 45), Rules(closes_at=time(18, 0)))[0] == d("2026-02-11")


def test_between_reversed_is_negative() -> None:
    assert between(CN, d("2026-03-02"), d("2026-02-11")).days == -9
    assert between(CN, d("2026-03-02"), d("2026-03-02")).days == 0
    assert between(CN, d("2026-02-11"), d("2026-03-02"), Unit.DAY).days == 19


def test_a_changed_day_counts() -> None:
    days = dict(CN.days)
    days[d("2026-02-24")] = Day(d("2026-02-24"), DayKind.HOLIDAY, "台风停工")
    assert add(Calendar("460000", days, 2), d("2026-02-11"), 5).date == d("2026-02-26")


def test_a_long_count_is_quick_and_its_explanation_short() -> None:
    found = add(CN, d("2026-01-01"), 500_000)
    assert found.date and found.date.year > 3900
    assert len(found.steps) < 6


dates = st.dates(date(2003, 6, 1), date(2028, 6, 1))
spans = st.lists(
    st.tuples(dates, st.integers(0, 40)).map(lambda x: Suspension(x[0], x[0] + timedelta(days=x[1]))),
    max_size=4,
)


@given(dates, st.integers(1, 200), spans)
def test_add_is_the_plain_walk(start: date, n: int, suspensions: list[Suspension]) -> None:
    day, left = start, n
    while left:
        day += timedelta(days=1)
        if CN.day(day).kind.works and not any(s.start <= day < (s.end or day) for s in suspensions):
            left -= 1
    assert add(CN, start, n, Unit.WORKDAY, suspensions).date == day
    assert between(CN, start, day, Unit.WORKDAY, suspensions).days == n


@given(dates, st.integers(0, 300), st.sampled_from(list(Unit)))
def test_a_due_date_is_worked(start: date, n: int, unit: Unit) -> None:
    found = add(CN, start, n, unit).date
    assert found and (CN.works(found) or (n == 0 and unit is Unit.WORKDAY))
    assert found >= start


def test_the_last_days_there_are() -> None:
    assert due("9999-12-30", 1) == "9999-12-31"
    assert due("9999-12-31", 0) == "9999-12-31"
    assert due("9999-12-31", 0, Unit.DAY) == "9999-12-31"
    assert between(CN, date.min, date.max, Unit.DAY).days == 3_652_058
    with pytest.raises(CannotCount):
        due("9999-12-31", 1)
