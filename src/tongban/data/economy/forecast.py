"""Projections: the pattern of the last year carried on by the mean yearly change, with what that would have been worth.

Seasonal naive method with drift (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 5.2 and 5.5), in
logarithms where every figure is above nought, so that growth is growth in per cent. It knows no plans and no events.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from statistics import NormalDist, fmean, stdev

from . import periods
from .data import Forecast, Projected, Series

_A_YEAR = {"year": 1, "quarter": 4, "month": 12}
_STEPS = {1: 3, 4: 4, 12: 12}
"""How many periods ahead: three years, four quarters, twelve months."""
_WINDOW = 10
"""Years of change that are looked at: what was long ago tells little."""
_SURE = NormalDist().inv_cdf(0.9)
"""Four cases of five lie between low and high."""
Step = tuple[float, float, float]


def forecast(found: Series) -> Forecast | None:
    """The next periods of a series. None where its last unbroken run is too short: up to
    eight figures, or up to three years of quarters or months."""
    run = _unbroken(found)
    values = [float(point.value) for point in found.points[-len(run) :]] if run else []
    if not values or len(values) <= _least(season := _A_YEAR[periods.frequency(run[0])]):
        return None
    proportional = min(values) > 0
    ahead, drift = _project(values, season, proportional)
    trials = _tried(values, season, proportional)
    places = _places(found)
    named, period = [], run[-1]
    for step in ahead:
        period = periods.after(period)
        named.append(Projected(period, *(_rounded(value, places) for value in step)))
    return Forecast(
        points=tuple(named),
        first=run[-min(len(run), (_WINDOW + 1) * season)],
        last=run[-1],
        drift=_rounded((math.exp(drift) - 1) * 100, 1) if proportional else _rounded(drift, places),
        proportional=proportional,
        trials=len(trials),
        error=_rounded(fmean(error for error, _plain, _in in trials), 1 if proportional else places),
        unchanged=_rounded(fmean(plain for _error, plain, _in in trials), 1 if proportional else places),
        within=_rounded(fmean(inside for _error, _plain, inside in trials) * 100, 0),
    )


def _unbroken(found: Series) -> list[str]:
    """The periods at the end of a series between which none is missing."""
    run: list[str] = []
    for point in reversed(found.points):
        if run and periods.before(run[-1]) != point.period:
            break
        run.append(point.period)
    return run[::-1]


def _least(season: int) -> int:
    return max(8, 3 * season)


def _project(values: Sequence[float], season: int, proportional: bool) -> tuple[list[Step], float]:
    """Expected, low and high for each step, and the drift (in logarithms where proportional)."""
    known = [math.log(value) if proportional else value for value in values[-(_WINDOW + 1) * season :]]
    changes = [after - before for before, after in zip(known, known[season:], strict=False)]
    drift, spread = fmean(changes), stdev(changes)
    made = []
    for step in range(_STEPS[season]):
        years = step // season + 1
        centre = known[step % season - season] + years * drift
        reach = _SURE * spread * math.sqrt(years * (1 + years * season / len(changes)))
        one = (centre, centre - reach, centre + reach)
        made.append(tuple(math.exp(value) for value in one) if proportional else one)
    return made, drift  # type: ignore[return-value]


def _tried(values: Sequence[float], season: int, proportional: bool) -> list[tuple[float, float, bool]]:
    """The forecast as it would have been made at each of the last moments, against what came: its error, the error of
    "as a year before", whether it lay within. In per cent where proportional."""
    found = []
    for moment in range(max(_least(season), len(values) - max(10, 2 * season)), len(values)):
        ahead, _drift = _project(values[:moment], season, proportional)
        for step, (real, (value, low, high)) in enumerate(zip(values[moment:], ahead, strict=False)):
            before = values[moment - season + step % season]
            size = real / 100 if proportional else 1.0
            found.append((abs(value - real) / size, abs(before - real) / size, low <= real <= high))
    return found


def _places(found: Series) -> int:
    """Decimals of the figures themselves: a forecast is no finer."""
    if found.indicator.places is not None:
        return found.indicator.places
    return max(0, *(-int(point.value.as_tuple().exponent) for point in found.points))


def _rounded(value: float, places: int) -> Decimal:
    """To so many decimals, and large numbers to five digits: the rest would feign a knowledge that nobody has."""
    digits = 4 - math.floor(math.log10(abs(value))) if abs(value) >= 1e5 else places
    return Decimal(f"{round(value, min(places, digits)):.{places}f}")
