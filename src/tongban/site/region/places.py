"""The divisions of a region (`divisions.csv`), from the province down to the villages."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """One division: `level` is province, city, county, township or village; `parent` the code above it."""

    code: str
    name: str
    level: str
    parent: str


def read_divisions(region: Path) -> list[Place]:
    """The divisions of a region from the top down."""
    with (region / "divisions.csv").open(encoding="utf-8") as lines:
        return [Place(row["code"], row["name"], row["level"], row["parent"]) for row in csv.DictReader(lines)]


_ENDINGS = (
    ("社区居民委员会", "社区"),
    ("社区居委会", "社区"),
    ("村民委员会", "村"),
    ("村委员会", "村"),
    ("村委会", "村"),
    ("居民委员会", "社区"),
    ("居委会", "社区"),
)


def short_village(name: str) -> str:
    """秀华社区居民委员会 becomes 秀华社区, 向荣村委会 becomes 向荣村: as it is written in an address."""
    for ending, replacement in _ENDINGS:
        if name.endswith(ending):
            return name.removesuffix(ending).removesuffix("居") + replacement
    return name
