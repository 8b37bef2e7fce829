"""The bases beside people and enterprises: divisions and layers, figures. No statutes are shipped."""

from __future__ import annotations

import csv
from pathlib import Path

from tongban.base.kernel.api import system
from tongban.data.economy import api as economy
from tongban.data.geography import api as geography

_LAYERS = {
    "geo_road": "roads",
    "geo_facility": "facilities",
    "geo_protected_area": "protected_areas",
    "geo_plot": "plots",
}
_REMARK = "演示数据，界线不作依据"


def load_bases(region: Path) -> int:
    """Bring in what the region's folder has of each base; again, it changes nothing. Returns how many rows were new."""
    with system():
        return _geography(region) + _economy(region)


def _geography(region: Path) -> int:
    folder = region / "geography"
    areas = [folder / "province.geojson", folder / "counties.geojson"]
    made = [geography.load_divisions(region / "divisions.csv", areas, folder / "names.csv", remark=_REMARK)]
    made += [geography.import_features(key, folder / f"{file}.geojson") for key, file in _LAYERS.items()]
    return sum(report.inserted for report in made)


def _economy(region: Path) -> int:
    folder = region / "economy"
    with (folder / "indicators.csv").open(encoding="utf-8") as lines:
        economy.define_indicators(csv.DictReader(lines))
    new = 0
    for name, indicator in (("gdp.csv", "wb_gdp"), ("figures.csv", "")):
        with (folder / name).open("rb") as file:
            delivery = economy.read(economy.rows(file, name), indicator=indicator)
        new += economy.import_published(delivery, source="demo").inserted
    return new
