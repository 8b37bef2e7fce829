"""Figures, indicators and periods as pages say them."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from . import periods
from .data import Forecast, Indicator, Series


def figure(value: Decimal, places: int | None) -> str:
    """With separators, to the indicator's decimals."""
    return f"{value:,f}" if places is None else f"{value:,.{places}f}"


def title(one: Indicator) -> str:
    """The indicator's name in the language of the page."""
    return one.title_en if one.title_en and _english() else one.title


def period(written: str) -> str:
    """2024Q1 as 2024年第1季度."""
    return periods.words(written, not _english())


def forecast(found: Series, made: Forecast) -> dict[str, str]:
    """How a projection was made, and how far one may trust it: honest words for those who decide by it."""
    one = found.indicator
    unit = "%" if made.proportional else one.unit
    places = 1 if made.proportional else one.places
    given = {
        "area": found.area_name,
        "first": period(made.first),
        "last": period(made.last),
        "drift": f"{made.drift:+,.{places}f}" if places is not None else f"{made.drift:+,f}",
        "unit": unit,
        "trials": made.trials,
        "error": figure(made.error, places),
        "unchanged": figure(made.unchanged, places),
        "within": made.within,
    }
    how = _(
        "A statistical projection for %(area)s from the published figures of %(first)s to %(last)s: the same period of "
        "the year before, changed by the mean yearly change of that time (%(drift)s %(unit)s). It knows no plans, no "
        "policies and no events. By its own reckoning the figure lies between low and high in four cases of five."
    )
    worth = _(
        "Tried %(trials)s times on the past, each time with only the figures known before, it was wrong by %(error)s "
        "%(unit)s in the mean; “the same as a year before” would have been wrong by %(unchanged)s %(unit)s. Of the "
        "figures %(within)s%% lay between low and high."
    )
    poor = _("In the past it was no better than that: decide nothing by it alone.")
    said = [worth % given, poor] if made.error >= made.unchanged else [worth % given]
    return {"how": how % given, "worth": " ".join(said)}


def _english() -> bool:
    return (get_language() or "zh").startswith("en")
