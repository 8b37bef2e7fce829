"""Periods: 2024, 2024Q1, 2024-03, and what lies a year or a step before each."""

from __future__ import annotations

import re

_PERIOD = re.compile(r"(\d{4})(?:Q([1-4])|-(\d{2}))?")
_WRITTEN = re.compile(r"(\d{4})\s*年?\s*(?:第?\s*([1-4一二三四])\s*季度?|[-./年]?\s*(\d{1,2})\s*月?)?\s*年?", re.ASCII)
_QUARTERS = {"一": "1", "二": "2", "三": "3", "四": "4"}
FREQUENCIES = {4: "year", 6: "quarter", 7: "month"}
"""Frequency by the length of a written period."""


def read(text: str) -> str:
    """A period in its one form from how people write it: 2024年, 2024年1季度, 2024Q1, 2024.3, 202403. Empty if none."""
    plain = "".join(str(text).split()).removesuffix("年度").upper()
    if re.fullmatch(r"\d{4}\.0", plain):  # a spreadsheet's number
        plain = plain[:4]
    if re.fullmatch(r"\d{6}", plain):
        plain = f"{plain[:4]}-{plain[4:]}"
    if not (found := _PERIOD.fullmatch(plain) or _WRITTEN.fullmatch(plain)):
        return ""
    year, quarter, month = found.groups()
    if not 1900 <= int(year) <= 2100:
        return ""
    if quarter:
        return f"{year}Q{_QUARTERS.get(quarter, quarter)}"
    if month:
        return f"{year}-{int(month):02}" if 1 <= int(month) <= 12 else ""
    return year


def frequency(period: str) -> str:
    """year, quarter or month."""
    return FREQUENCIES[len(period)]


def year_before(period: str) -> str:
    """The same period of the year before."""
    return f"{int(period[:4]) - 1}{period[4:]}"


def before(period: str) -> str:
    """The period just before, across the turn of the year."""
    year = int(period[:4])
    if len(period) == 4:
        return str(year - 1)
    if "Q" in period:
        number = int(period[5])
        return f"{year}Q{number - 1}" if number > 1 else f"{year - 1}Q4"
    number = int(period[5:])
    return f"{year}-{number - 1:02}" if number > 1 else f"{year - 1}-12"


def after(period: str) -> str:
    """The period that follows, across the turn of the year."""
    year = int(period[:4])
    if len(period) == 4:
        return str(year + 1)
    number, last = int(period[5:]), 4 if "Q" in period else 12
    year, number = (year, number + 1) if number < last else (year + 1, 1)
    return f"{year}Q{number}" if "Q" in period else f"{year}-{number:02}"


def words(period: str, chinese: bool = True) -> str:
    """The period for people: 2024年, 2024年第1季度, 2024年3月."""
    if not chinese or len(period) == 4:
        return f"{period}年" if chinese else period
    year, rest = period[:4], period[5:]
    return f"{year}年第{rest}季度" if "Q" in period else f"{year}年{int(rest)}月"
