"""The map of nodes: real county polygons, drawn on the server as SVG paths (NET-06).

A region's polygons lie in `static/exchange/<region>.geojson`; without such a file there is no map. What is marked there
as `far` (the islands of 三沙市) is drawn smaller in a box of its own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.conf import settings

Ring = Sequence[Sequence[float]]
WIDTH, HEIGHT = 720.0, 600.0
BOX = (566.0, 372.0, 146.0, 218.0)  # x, y, width, height


@dataclass(frozen=True, slots=True)
class Shape:
    """One division on the map: the path's `d`, and where a label or a mark is put."""

    code: str
    name: str
    path: str
    x: float
    y: float
    far: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """All divisions, and the note on where the lines come from."""

    shapes: tuple[Shape, ...]
    note: str


@lru_cache(maxsize=4)
def drawing(region: str) -> Drawing | None:
    """The map of a region, or None where there is none."""
    file = Path(__file__).parent / "static" / "exchange" / f"{Path(region).name}.geojson"
    if not file.exists():
        return None
    read = json.loads(file.read_text("utf-8"))
    near: list[tuple[dict[str, Any], list[Ring]]] = []
    far: list[tuple[dict[str, Any], list[Ring]]] = []
    for feature in read["features"]:
        rings = [polygon[0] for polygon in feature["geometry"]["coordinates"]]
        (far if feature["properties"].get("far") else near).append((feature["properties"], rings))
    main = _projection([ring for _p, rings in near for ring in rings], (8.0, 8.0, WIDTH - 16, HEIGHT - 16))
    box = _projection([ring for _p, rings in far for ring in rings], BOX) if far else main
    shapes = [
        *(_shape(about, [main.ring(ring) for ring in rings]) for about, rings in near),
        *(_shape(about, [box.ring(ring) for ring in rings]) for about, rings in far),
    ]
    return Drawing(tuple(shapes), str(read["note"]))


def here() -> Drawing | None:
    """The map of the installation's region."""
    return drawing(str(settings.TONGBAN_REGION))


@dataclass(frozen=True, slots=True)
class _Projection:
    """Plate carrée, true at the middle latitude: enough for one province."""

    west: float
    north: float
    scale: float
    narrow: float
    left: float
    top: float

    def ring(self, ring: Ring) -> list[tuple[float, float]]:
        return [
            (
                round(self.left + (lon - self.west) * self.narrow * self.scale, 1),
                round(self.top + (self.north - lat) * self.scale, 1),
            )
            for lon, lat in ring
        ]


def _projection(rings: Iterable[Ring], frame: tuple[float, float, float, float]) -> _Projection:
    points = [point for ring in rings for point in ring]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    narrow = math.cos(math.radians((south + north) / 2))
    x, y, width, height = frame
    scale = min(width / ((east - west) * narrow), height / (north - south))
    return _Projection(west, north, scale, narrow, x, y)


def _shape(about: dict[str, Any], rings: list[list[tuple[float, float]]]) -> Shape:
    path = " ".join("M" + "L".join(f"{x:g},{y:g}" for x, y in ring[:-1]) + "Z" for ring in rings)
    x, y = _middle(max(rings, key=_area))
    return Shape(about["code"], about["name"], path, round(x, 1), round(y, 1), bool(about.get("far")))


def _area(ring: list[tuple[float, float]]) -> float:
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2)


def _middle(ring: list[tuple[float, float]]) -> tuple[float, float]:
    """The centroid of a ring."""
    crosses = [a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)]
    whole = sum(crosses)
    if not whole:
        return ring[0]
    pairs = list(pairwise(ring))
    x = sum((a[0] + b[0]) * c for (a, b), c in zip(pairs, crosses, strict=True)) / (3 * whole)
    y = sum((a[1] + b[1]) * c for (a, b), c in zip(pairs, crosses, strict=True)) / (3 * whole)
    return x, y
