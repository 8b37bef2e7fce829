"""Temporal functions (DMN 10.3.4.7) and the two that ask the clock."""

from __future__ import annotations

from decimal import Decimal

from ..run import Run
from ..temporal import Date, DateTime
from ..values import Value, to_feel
from .signature import feel

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


def _day(moment: Date | DateTime) -> Date:
    return moment.date if isinstance(moment, DateTime) else moment


@feel("day of year", "date: day")
def _day_of_year(run: Run, moment: Date | DateTime) -> Value:
    return Decimal(_day(moment).day_of_year)


@feel("day of week", "date: day")
def _day_of_week(run: Run, moment: Date | DateTime) -> Value:
    return _DAYS[_day(moment).weekday - 1]


@feel("month of year", "date: day")
def _month_of_year(run: Run, moment: Date | DateTime) -> Value:
    return _MONTHS[_day(moment).month - 1]


@feel("week of year", "date: day")
def _week_of_year(run: Run, moment: Date | DateTime) -> Value:
    return Decimal(_day(moment).week_of_year)


@feel("now")
def _now(run: Run) -> Value:
    return to_feel(run.now())


@feel("today")
def _today(run: Run) -> Value:
    return to_feel(run.now().date())
