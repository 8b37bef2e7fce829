"""DATA-22: projections are apart from figures, honest about themselves, and only made of what was known."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.test import Client

from tongban.base.kernel.api import now, travelled
from tongban.data.economy import api, models
from tongban.data.economy.data import Delivery, Figure
from tongban.engine.registers import api as registers


def delivered(code: str, values: dict[str, float]) -> Delivery:
    made = tuple(Figure(code, "460000", "海南省", p, Decimal(f"{v:.2f}"), "final") for p, v in values.items())
    return Delivery(made, (), len(made))


def months(growth: float, years: int = 5) -> dict[str, float]:
    """A season of its own in each month, growing by so much a year."""
    season = [80, 90, 110, 100, 95, 105, 100, 98, 120, 115, 130, 160]
    return {f"{2020 + n // 12}-{n % 12 + 1:02}": season[n % 12] * growth ** (n // 12) for n in range(12 * years)}


def test_growth_and_season_are_carried_on(base: None) -> None:
    api.import_published(delivered("cpi", months(1.1)), source="test")
    made = api.forecast(api.series("cpi", "460000"))
    assert made is not None
    assert [one.period for one in made.points] == [f"2025-{n:02}" for n in range(1, 13)]
    assert abs(made.points[0].value - Decimal(str(80 * 1.1**5))) < Decimal("0.1")
    assert abs(made.points[11].value - Decimal(str(160 * 1.1**5))) < Decimal("0.1")
    assert (made.drift, made.error, made.unchanged) == (Decimal("10.0"), 0, Decimal("9.1"))
    assert (made.first, made.last) == ("2020-01", "2024-12")
    assert made.trials == 222, "24 moments, twelve months ahead, as far as the figures are known"


def test_the_interval_widens_and_holds_what_came(base: None) -> None:
    wobble = [0, 12, -9, 5, -14, 10, 3, -7, 13, -4, 8, -11, 6, -2]
    api.import_published(delivered("gdp", {str(2010 + n): 1000 + 50 * n + wobble[n] for n in range(14)}), source="test")
    made = api.forecast(api.series("gdp", "460000"))
    assert made is not None
    assert [one.period for one in made.points] == ["2024", "2025", "2026"]
    widths = [one.high - one.low for one in made.points]
    assert widths == sorted(widths)
    assert all(one.low < one.value < one.high for one in made.points)
    assert made.error < made.unchanged
    assert made.within >= 80


def test_none_is_made_of_too_few_figures_or_over_a_gap(base: None) -> None:
    api.import_published(delivered("gdp", {str(2012 + n): 100 + n for n in range(8)}), source="test")
    assert api.forecast(api.series("gdp", "460000")) is None
    api.import_published(delivered("gdp", {str(2021 + n): 120 + n for n in range(4)}), source="test")
    assert api.forecast(api.series("gdp", "460000")) is None, "2020 is missing"
    assert api.forecast(api.series("gdp", "500000")) is None, "no figures at all"


def test_figures_at_or_below_nought_are_carried_on_in_their_unit(base: None) -> None:
    api.import_published(delivered("gdp", {str(2012 + n): n - 3 for n in range(12)}), source="test")
    made = api.forecast(api.series("gdp", "460000"))
    assert made is not None
    assert not made.proportional
    assert [one.value for one in made.points] == [9, 10, 11]


def test_a_forecast_knows_only_what_was_published_by_then(base: None) -> None:
    api.import_published(delivered("gdp", {str(2012 + n): 100 + n for n in range(10)}), source="test")
    then = now()
    with travelled(timedelta(days=1)):
        api.import_published(delivered("gdp", {"2022": 900.0}), source="test")
    assert (former := api.forecast(api.series("gdp", "460000", as_of=then)))
    assert (present := api.forecast(api.series("gdp", "460000")))
    assert (former.last, present.last) == ("2021", "2022")
    assert former.points[0].value < 200 < present.points[0].value


def test_the_page_keeps_it_apart_from_figures(base: None, settings: Any) -> None:
    settings.ROOT_URLCONF, settings.SITE = "tongban.site.urls_public", "public"
    api.import_published(delivered("cpi", months(1.1)), source="test")
    before = registers.model("observation").objects.count()
    page = Client().get("/economy/cpi/forecast/").content.decode()
    assert 'stroke-dasharray="5 5"' in page
    assert 'fill-opacity="0.14"' in page
    assert "2025年12月" in page
    for honest in ("不是实际数据", "222", "9.1", "10.0"):
        assert honest in page, honest
    assert "2025" not in Client().get("/economy/cpi/460000.csv").content.decode()
    assert "2025年" not in Client().get("/economy/cpi/").content.decode()
    assert registers.model("observation").objects.count() == before
    assert not models.Release.objects.exists()
    api.import_published(delivered("gdp", {"2020": 1}), source="test")
    assert "<svg xmlns" not in Client().get("/economy/gdp/forecast/").content.decode()
    assert Client().get("/economy/nothing/forecast/").status_code == 404
    assert Client().get("/economy/wb_gdp/forecast/").status_code == 200, "no figure yet"
