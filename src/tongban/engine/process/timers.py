"""When a timer is due: ISO 8601 dates, durations and repetitions, and working days from the calendar."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

_DURATION = re.compile(
    r"([+-])?P(?=[\dT])(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)W)?(?:(\d+(?:[.,]\d+)?)D)?"
    r"(?:T(?=\d)(?:(\d+(?:[.,]\d+)?)H)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)S)?)?"
)
_CYCLE = re.compile(r"R(-?\d*)/(?:([^P/]+)/)?(P[^/]+)(?:/(.+))?")
FOREVER = -1


def working_days(start: date, count: int) -> date:
    """The last of `count` working days after `start`. The only place where this room asks the calendar."""
    from tongban.base.calendars.api import due

    found = due(start, count, "workday").date
    if found is None:
        raise ValueError("the calendar gives no date")
    return found


def add_duration(moment: datetime, text: str) -> datetime:
    """`moment` plus an ISO 8601 duration; `ValueError` when the text is none or leads out of the calendar."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a duration: {text[:60]!r}")
    sign = -1 if match[1] == "-" else 1
    numbers = [float((part or "0").replace(",", ".")) for part in match.groups()[1:]]
    years, months, weeks, days, hours, minutes, seconds = numbers
    try:
        moved = _add_months(moment, sign * int(years * 12 + months))
        step = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
        return moved + sign * step
    except OverflowError as error:
        raise ValueError(f"the duration {text[:60]!r} leads out of the calendar") from error


def _add_months(moment: datetime, months: int) -> datetime:
    if not months:
        return moment
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise ValueError("the duration leads out of the calendar")
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def as_moment(value: Any, zone: tzinfo) -> datetime:
    """A date or a date and time as a moment; without a zone it is meant where the law is read."""
    if isinstance(value, datetime):
        found = value
    elif isinstance(value, date):
        found = datetime.combine(value, time())
    else:
        try:
            found = datetime.fromisoformat(str(value).strip().partition("@")[0])
        except ValueError as error:
            raise ValueError(f"not a date: {str(value)[:60]!r}") from error
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def after_duration(moment: datetime, value: Any) -> datetime:
    """`moment` plus a duration given as text, as a `timedelta` or as a FEEL duration."""
    if isinstance(value, timedelta):
        return moment + value
    return add_duration(moment, str(value))


def cycle(text: str, now: datetime, before: datetime | None, zone: tzinfo) -> tuple[datetime, int]:
    """The next due time of `R[n]/[start/]duration` and how often it repeats after that (`FOREVER`).

    With `before`, the due time that has just been fired: times missed while nothing ran are passed over, so
    that a
    timer fires once after downtime.
    """
    match = _CYCLE.fullmatch(text.strip())
    if match is None:
        return after_duration(before or now, text), 0
    count = int(match[1]) if match[1] not in ("", "-", "-1") else FOREVER
    if before is None:
        first = as_moment(match[2], zone) if match[2] else add_duration(now, match[3])
        return first, (count - 1 if count > 0 else count)
    following = add_duration(before, match[3])
    if following <= before:
        raise ValueError("a repeating timer needs a duration above zero")
    while following <= now:
        span = following - before
        following += max(0, (now - following) // span) * span
        following = add_duration(following, match[3])
    return following, count


def end_of_workdays(
    now: datetime, count: int, zone: tzinfo, days: Callable[[date, int], date] | None = None
) -> datetime:
    """The end of the last of `count` working days: midnight after it, where the law is read."""
    last = (days or working_days)(now.astimezone(zone).date(), count)
    return datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
