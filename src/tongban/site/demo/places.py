"""Where invented people and firms live: the villages of a region's `divisions.csv`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tongban.site.region.places import Place, read_divisions, short_village


@dataclass(frozen=True)
class Villages:
    """All villages of a region, one array entry each; `county` is an index into `counties` (six digits each).

    `city_names` has the city above each county, empty for one right under the province; `minorities` gives
    for a GB/T 3304 code its share of households in each county.
    """

    codes: list[str]
    addresses: list[str]
    town_addresses: list[str]
    urban: NDArray[np.bool_]
    county: NDArray[np.int64]
    counties: list[str]
    county_names: list[str]
    city_names: list[str]
    province: str
    minorities: dict[str, NDArray[np.float64]]
    shares: NDArray[np.float64]


def villages(region: Path) -> Villages:
    """Villages with addresses; the people of a county (`population.csv`) are spread over its villages."""
    places = read_divisions(region)
    by_code = {place.code: place for place in places}
    with (region / "population.csv").open(encoding="utf-8") as lines:
        known = {row["county"]: row for row in csv.DictReader(lines)}

    counties = sorted(known)
    people = np.array([float(known[code]["thousands"]) for code in counties])
    index = {code: number for number, code in enumerate(counties)}
    lowest = [place for place in places if place.level == "village" and place.code[:6] in index]
    county = np.array([index[place.code[:6]] for place in lowest])
    # A neighbourhood (社区, 居委会) has about three times the inhabitants of a village (村).
    urban = np.array(["社区" in place.name or "居" in place.name for place in lowest])
    weight = np.where(urban, 3.0, 1.0)
    weight *= people[county] / np.bincount(county, weight)[county]

    towns = {place.code: _address(place, by_code) for place in places if place.level in ("township", "county", "city")}
    return Villages(
        codes=[place.code for place in lowest],
        addresses=[towns[place.parent] + short_village(place.name) for place in lowest],
        town_addresses=[towns[place.parent] for place in lowest],
        urban=urban,
        county=county,
        counties=counties,
        county_names=[by_code[code + "000000"].name for code in counties],
        city_names=[_city_name(by_code, code) for code in counties],
        province=places[0].name.removesuffix("省"),
        minorities=_minorities([known[code]["minorities"] for code in counties]),
        shares=np.cumsum(weight / weight.sum()),
    )


def _minorities(cells: list[str]) -> dict[str, NDArray[np.float64]]:
    """Cells such as `19:0.55 06:0.02`, one per county, as one array of shares per nationality."""
    found: dict[str, NDArray[np.float64]] = {}
    for county, cell in enumerate(cells):
        for pair in cell.split():
            nation, share = pair.split(":")
            found.setdefault(nation, np.zeros(len(cells)))[county] = float(share)
    return found


def _city_name(by_code: dict[str, Place], county: str) -> str:
    above = by_code[county + "000000"].parent
    return by_code[above].name if by_code[above].level == "city" else ""


def _address(place: Place, by_code: dict[str, Place]) -> str:
    names: list[str] = []
    step: Place | None = place
    while step is not None:
        if not step.name.endswith("直辖村级区划"):  # a made-up township of the statistical codes
            names.append(step.name)
        step = by_code.get(step.parent)
    return "".join(reversed(names))
