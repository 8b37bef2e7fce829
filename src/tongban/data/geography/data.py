"""The nouns of geography: boxes, layers, features, places (DATA-23). Coordinates are WGS 84, longitude first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

DIVISION, NAME = "geo_division", "geo_name"
"""The registers of divisions and of their other names."""


@dataclass(frozen=True, slots=True)
class Box:
    """West, south, east, north in degrees. A box whose west is greater than its east crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    @property
    def halves(self) -> tuple[Box, ...]:
        """The box as one or two that do not cross the antimeridian."""
        if self.west <= self.east:
            return (self,)
        return (Box(self.west, self.south, 180.0, self.north), Box(-180.0, self.south, self.east, self.north))

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """The four numbers in the order of GeoJSON."""
        return (self.west, self.south, self.east, self.north)

    def scaled(self, factor: float, right: float = 0.0, up: float = 0.0) -> Box:
        """The box seen from farther away (factor over 1) or nearer, moved by shares of its own width and height."""
        width, height = self.east - self.west, self.north - self.south
        x, y = (self.west + self.east) / 2 + right * width, (self.south + self.north) / 2 + up * height
        w, h = width * factor / 2, height * factor / 2
        return Box(max(x - w, -180.0), max(y - h, -90.0), min(x + w, 180.0), min(y + h, 90.0))


@dataclass(frozen=True, slots=True)
class Layer:
    """A register with a field of type geometry. `properties` are the fields the asking site may see."""

    key: str
    title: str
    owner: str
    geometry: str
    label: str
    properties: tuple[str, ...]
    filters: tuple[str, ...]
    public: bool


@dataclass(frozen=True, slots=True)
class Feature:
    """One record of a layer. `since` and `until`: when it came into force and went out of it."""

    layer: str
    id: str
    title: str
    geometry: Mapping[str, Any] | None
    properties: Mapping[str, Any]
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class FeaturePage:
    """One page of features by keyset; `after` opens the next. Nothing is counted."""

    features: tuple[Feature, ...]
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A division an address or a point leads to: `chain` are the names from the province down to it."""

    code: str
    name: str
    rank: str
    chain: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """What an address says: the place, the part of the text that named it, the rest behind it, and whether there was
    only one best reading. `former`: a name of the text that is no longer the place's."""

    place: Place
    matched: str
    rest: str
    certain: bool
    former: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about features of a delivery; `samples` name some of them. Level `error`: they stayed out."""

    code: str
    level: str
    count: int
    message: str
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What an import of features did."""

    received: int
    inserted: int
    updated: int
    unchanged: int
    refused: int
    findings: tuple[Finding, ...] = ()
