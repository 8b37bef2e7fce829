"""The calendar that comes with the product: 2004 to 2026 as published by the State Council (by
chinesecalendar)."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from .year import Calendar, Day, DayKind

JURISDICTION = "CN"
_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}


@cache
def festivals() -> dict[date, str]:
    """The legal holidays that follow the lunar calendar and the solar terms (GB/T 33661), 2027 to 2050."""
    with (Path(__file__).parent / "tables" / "festivals.csv").open(encoding="utf-8", newline="") as rows:
        return {date.fromisoformat(row["date"]): row["name"] for row in csv.DictReader(rows)}


@cache
def builtin() -> Calendar:
    """The built-in calendar. Needs no database."""
    from chinese_calendar import constants

    days = {}
    day, end = date(min(constants.holidays).year, 1, 1), date(max(constants.holidays).year, 12, 31)
    while day <= end:
        if (name := constants.workdays.get(day)) is not None:
            kind = DayKind.MAKEUP
        elif (name := constants.holidays.get(day)) is not None:
            kind = DayKind.HOLIDAY
        else:
            kind = DayKind.WORKDAY if day.weekday() < 5 else DayKind.REST
        days[day] = Day(day, kind, _NAMES.get(name or "", name or ""), source="State Council")
        day += timedelta(days=1)
    return Calendar(JURISDICTION, days, 0, festivals())
