"""How dates, limits, numbers and masked personal data are put into words, in Chinese and English.

Plain functions behind the filters of :mod:`tongban.site.templatetags.tongban`; no templates here.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.utils.translation import get_language, gettext, ngettext

from tongban.base.kernel.api import local, today

_WEEKDAYS = "一二三四五六日"


def chinese() -> bool:
    """Whether the page is being written in Chinese."""
    return (get_language() or "zh-hans").startswith("zh")


def as_date(value: object) -> date | None:
    """The calendar day in China of a date, a datetime or an ISO text; None for anything else."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return (local(value) if value.tzinfo else value).date()
    return value if isinstance(value, date) else None


def date_words(value: object, form: str = "long") -> str:
    """2026年11月21日（周六）, or 21 November 2026 (Sat). ``short`` leaves out the present year."""
    day = as_date(value)
    if day is None:
        return ""
    this_year = form == "short" and day.year == today().year
    if chinese():
        year = "" if this_year else f"{day.year}年"
        return f"{year}{day.month}月{day.day}日（周{_WEEKDAYS[day.weekday()]}）"
    year = "" if this_year else f" {day.year}"
    return f"{day.day} {day:%B}{year} ({day:%a})"


def time_words(value: object) -> str:
    """A moment with minutes, in China's time: 2026年11月21日（周六）14:05."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return ""
    if not isinstance(value, datetime):
        return date_words(value)
    moment = local(value) if value.tzinfo else value
    gap = "" if chinese() else ", "
    return f"{date_words(moment.date())}{gap}{moment:%H:%M}"


def limit_words(amount: object, unit: str = "workday") -> str:
    """A time limit in the unit the law uses: 5个工作日. Takes a number, or an object with a unit.

    0 means settled on the spot. Units: workday, day, month, year, hour, minute.
    """
    if isinstance(amount, Mapping):
        unit, amount = str(amount.get("unit", unit)), amount.get("n")
    elif not isinstance(amount, int | float | str) and amount is not None:
        unit = getattr(amount, "unit", unit)
        amount = next((getattr(amount, a) for a in ("n", "amount", "days", "count") if hasattr(amount, a)), None)
    unit = str(getattr(unit, "value", unit))
    try:
        number = int(float(str(amount)))
    except ValueError:
        return "" if amount is None else str(amount)
    if number == 0:
        return gettext("on the spot")
    return _counted(number, unit)


def _counted(number: int, unit: str) -> str:
    match unit.rstrip("s").lower():
        case "day" | "natural" | "d":
            return ngettext("%(n)d day", "%(n)d days", number) % {"n": number}
        case "month":
            return ngettext("%(n)d month", "%(n)d months", number) % {"n": number}
        case "year":
            return ngettext("%(n)d year", "%(n)d years", number) % {"n": number}
        case "hour" | "h":
            return ngettext("%(n)d hour", "%(n)d hours", number) % {"n": number}
        case "minute":
            return ngettext("%(n)d minute", "%(n)d minutes", number) % {"n": number}
        case _:
            return ngettext("%(n)d working day", "%(n)d working days", number) % {"n": number}


def duration_words(value: object) -> str:
    """A length of time (timedelta, or seconds) in its two largest units: 3天2小时."""
    if isinstance(value, int | float):
        value = timedelta(seconds=value)
    if not isinstance(value, timedelta):
        return ""
    minutes = round(value.total_seconds() / 60)
    if minutes < 1:
        return gettext("less than a minute")
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    told = [_counted(n, unit) for n, unit in parts if n][:2]
    return ("" if chinese() else " ").join(told)


def grouped_credit_code(value: object) -> str:
    """A unified social credit code (GB 32100) in its parts, for reading aloud: 91 460100 MA5TABCD1 X."""
    text = str(value or "").strip()
    return " ".join((text[:2], text[2:8], text[8:17], text[17:])) if len(text) == 18 else text


def size_words(count: object) -> str:
    """A file size in the largest fitting unit, 1 MB being 1024 x 1024 bytes."""
    number = float(count) if isinstance(count, int | float) else 0.0
    for unit in ("B", "KB", "MB", "GB"):
        if number < 1024 or unit == "GB":
            return f"{number:.0f} {unit}" if number >= 10 or number == int(number) else f"{number:.1f} {unit}"
        number /= 1024
    return ""
