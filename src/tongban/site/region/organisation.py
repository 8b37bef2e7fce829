"""The offices of a region: its five levels of government, the departments at each, the hall and its windows."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tongban.base.kernel.api import credit_check, org_check
from tongban.trust.identity.data import OfficeKind, OfficeRow

from .places import Place, read_divisions, short_village

_SYMBOLS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_GOVERNMENT = {"province": "人民政府", "city": "人民政府", "county": "人民政府", "township": "人民政府"}
ROOT = "province"
"""Code of the top office; every other government has its division's twelve digits."""


def office_rows(region: Path, settings: Mapping[str, Any]) -> list[OfficeRow]:
    """All offices of a region, parents first."""
    places = read_divisions(region)
    by_code = {place.code: place for place in places}
    rows = [_government(place, by_code) for place in places]
    with (region / "departments.csv").open(encoding="utf-8") as lines:
        departments = list(csv.DictReader(lines))
    for place in places:
        if place.level in ("province", "city", "county"):
            rows += _departments(place, by_code, departments)
    return rows + list(_windows(settings.get("hall") or {}))


def government_code(code: str, division: str) -> str:
    """A credit code of the right form, as the real one is in no public list: kind 11, its division, ME, six symbols."""
    number, serial = zlib.crc32(code.encode()), ""
    for _position in range(6):
        number, rest = divmod(number, 31)
        serial += _SYMBOLS[rest]
    org = f"ME{serial}"
    first = f"11{division[:6]}{org}{org_check(org)}"
    return first + credit_check(first)


def _government(place: Place, by_code: Mapping[str, Place]) -> OfficeRow:
    name = full_name(place, by_code)
    title, short = name + _GOVERNMENT.get(place.level, ""), place.name
    if place.level == "village":
        title, short = name, short_village(place.name)
    elif place.level == "township":
        title = name + _township_body(place.name)
    code = ROOT if place.level == "province" else place.code
    return OfficeRow(
        code=code,
        title=title,
        short_title=short,
        kind=OfficeKind(place.level),
        division=_division(place),
        parent=_code(by_code[place.parent]) if place.parent else "",
        uscc=government_code(code, place.code) if place.level != "village" else "",
        roles=("government",) if place.level in ("province", "city", "county") else (),
    )


def _township_body(name: str) -> str:
    if name.endswith("街道"):
        return "办事处"
    return "人民政府" if name.endswith(("镇", "乡")) else "管理委员会"


def _division(place: Place) -> str:
    length = {"township": 9, "village": 12}.get(place.level, 6)
    return place.code[:length]


def _code(place: Place) -> str:
    return ROOT if place.level == "province" else place.code


def full_name(place: Place, by_code: Mapping[str, Place]) -> str:
    """海口市龙华区, 文昌市锦山镇: the name with all above it but the province."""
    names: list[str] = []
    step: Place | None = place
    while step is not None and (step.level != "province" or step is place):
        if not step.name.endswith("直辖村级区划"):
            names.append(step.name)
        step = by_code.get(step.parent)
    return "".join(reversed(names)) or place.name


def _departments(place: Place, by_code: Mapping[str, Place], departments: list[dict[str, str]]) -> Iterator[OfficeRow]:
    name = full_name(place, by_code)
    for line in departments:
        pattern = line[place.level]
        if not pattern:
            continue
        code = f"{place.code[:6]}-{line['key']}"
        yield OfficeRow(
            code=code,
            title=pattern.replace("{}", name),
            short_title=pattern.replace("{}", place.name),
            kind=OfficeKind.HALL if line["key"] == "hall" else OfficeKind.DEPARTMENT,
            division=place.code[:6],
            parent=_code(place),
            uscc=government_code(code, place.code),
            roles=tuple(line["roles"].split()),
        )


def _windows(hall: Mapping[str, Any]) -> Iterator[OfficeRow]:
    division = str(hall.get("division", ""))
    for number, title in enumerate(hall.get("windows") or (), 1):
        yield OfficeRow(
            code=f"{division}-hall-{number}",
            title=f"{hall.get('title', {}).get('zh', '')}{title}",
            short_title=title,
            kind=OfficeKind.UNIT,
            division=division,
            parent=f"{division}-hall",
        )
