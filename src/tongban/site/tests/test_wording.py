"""Dates, limits, masks and numbers in words (look.md, Ground; security R4)."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.utils.translation import override

from tongban.site.templatetags import tongban as tags

pytestmark = pytest.mark.usefixtures("chinese")


@pytest.fixture
def chinese():
    with override("zh-hans"):
        yield


def test_a_date_names_its_weekday_in_both_languages():
    assert tags.cndate(date(2026, 11, 21)) == "2026年11月21日（周六）"
    with override("en"):
        assert tags.cndate(date(2026, 11, 21)) == "21 November 2026 (Sat)"


def test_a_moment_is_told_in_the_time_of_china():
    late = datetime(2026, 11, 20, 18, 5, tzinfo=UTC)
    assert tags.cntime(late) == "2026年11月21日（周六）02:05"
    assert tags.cndate(late) == "2026年11月21日（周六）"
    assert tags.isodate(late) == "2026-11-21"


@pytest.mark.parametrize("nothing", [None, "", "soon", "2026-13-40", 7])
def test_what_is_no_date_is_written_as_nothing(nothing):
    assert tags.cndate(nothing) == tags.isodate(nothing) == ""


@pytest.mark.parametrize(
    ("amount", "unit", "words"),
    [
        (5, "workday", "5个工作日"),
        (20, "day", "20天"),
        (3, "month", "3个月"),
        (0, "workday", "即时办结"),
        ("7", "workday", "7个工作日"),
        (None, "workday", ""),
        (SimpleNamespace(n=2, unit="month"), "workday", "2个月"),
    ],
)
def test_a_limit_is_told_in_the_unit_of_the_law(amount, unit, words):
    assert tags.limit(amount, unit) == words


def test_a_duration_is_told_in_its_two_largest_units():
    assert tags.duration(timedelta(days=3, hours=2, minutes=50)) == "3天2小时"
    assert tags.duration(59 * 60) == "59分钟"
    assert tags.duration(12) == "不足1分钟"


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("460106199001011234", "", "4601**********1234"),
        ("46010619900101123X", "", "4601**********123X"),
        ("13812345678", "", "138****5678"),
        ("张三丰", "", "张**"),
        ("欧阳明日", "name", "欧***"),
        ("li.si@example.com", "", "l***@example.com"),
        ("E12345678", "", "E1*****78"),
        ("12", "number", "******"),
        (None, "", ""),
    ],
)
def test_personal_data_is_masked(value, kind, shown):
    assert tags.masked(value, kind) == shown


def test_a_credit_code_is_shown_in_its_parts():
    assert tags.uscc("91460100MA5TABCD1X") == "91 460100 MA5TABCD1 X"
    assert tags.uscc("short") == "short"


@pytest.mark.parametrize(("count", "words"), [(0, "0 B"), (900, "900 B"), (2_512_314, "2.4 MB"), (20 * 2**20, "20 MB")])
def test_file_sizes(count, words):
    assert tags.filesize(count) == words


def test_a_share_is_a_percentage_and_an_absent_one_nothing():
    assert tags.percent(0.964) == "96.4%"
    assert tags.percent(None) == ""
