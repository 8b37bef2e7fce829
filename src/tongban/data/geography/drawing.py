"""The map as a picture that needs no program in the browser: SVG drawn here, each feature with its name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from shapely import clip_by_rect
from shapely.geometry.base import BaseGeometry

from .data import Box, Feature
from .shapes import BadGeometry, read

WIDTH = 960
_Name = tuple[float, float, float, str]  # area, place, words
_COLOURS = ("#16427f", "#17693f", "#8c3a00", "#5d2a63", "#0f6466", "#525e6b")
"""Each at least 4.5 : 1 on the map's ground; layers also differ by their list, never by colour alone."""


def colour(position: int) -> str:
    """The colour of a layer by its place in the list."""
    return _COLOURS[position % len(_COLOURS)]


def picture(
    layers: Sequence[tuple[str, Iterable[Feature]]],
    box: Box,
    title: str,
    *,
    labelled: str = "",
    mark: tuple[float, float] | None = None,
    links: Mapping[str, str] | None = None,
) -> SafeString:
    """An SVG of these layers inside a box: a plate carrée squeezed at the box's own latitude.

    `labelled`: the layer whose names are written. `mark`: a point to show. `links`: a feature's id to its address. Line
    ends are rounded to a tenth of a pixel and details smaller than half a pixel are left out.
    """
    frame = _Frame(box)
    groups, names = list[SafeString](), list[_Name]()
    for position, (key, features) in enumerate(layers):
        drawn = _drawn(features, frame, colour(position), links or {}, names if key == labelled else None)
        groups.append(format_html("<g>{}</g>", SafeString("".join(drawn))))
    spot = SafeString("")
    if mark:
        x, y = frame.at(*mark)
        spot = format_html(
            '<circle cx="{}" cy="{}" r="8" fill="#c2331a" stroke="#ffffff" stroke-width="3"></circle>', x, y
        )
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" width="{}" '
        'class="tb-map img-fluid d-block mx-auto" role="{}" aria-label="{}">'
        '<rect width="100%" height="100%" fill="#eef3f8"></rect>{}{}{}</svg>',
        WIDTH,
        frame.height,
        WIDTH,
        "group" if links else "img",
        title,
        SafeString("".join(groups)),
        SafeString("".join(_written(names))),
        spot,
    )


class _Frame:
    """From degrees to pixels."""

    def __init__(self, box: Box) -> None:
        self.box = box
        squeeze = max(math.cos(math.radians((box.south + box.north) / 2)), 0.05)
        self.across = WIDTH / max(box.east - box.west, 1e-9)
        self.down = self.across / squeeze
        self.height = round(min(max((box.north - box.south) * self.down, 120), 1200))

    def at(self, longitude: float, latitude: float) -> tuple[float, float]:
        return (
            round((longitude - self.box.west) * self.across, 1),
            round((self.box.north - latitude) * self.down, 1),
        )


def _drawn(
    features: Iterable[Feature], frame: _Frame, ink: str, links: Mapping[str, str], names: list[_Name] | None
) -> Iterable[SafeString]:
    """The features as shapes; where a list for names is given, theirs go there, to be drawn above everything."""
    for one in features:
        try:
            made = read(one.geometry)
        except BadGeometry:
            continue
        if made is None:
            continue
        seen = clip_by_rect(made, *frame.box.scaled(1.1).corners).simplify(0.5 / frame.across)
        if seen.is_empty:
            continue
        body = format_html("<title>{}</title>", one.title)
        shape = _shape(seen, frame, ink, body)
        if one.id in links:
            shape = format_html('<a href="{}">{}</a>', links[one.id], shape)
        yield shape
        if names is not None:
            names.append((seen.area, *_spot(seen, frame), one.title))


def _shape(seen: BaseGeometry, frame: _Frame, ink: str, title: SafeString) -> SafeString:
    points, path = list[tuple[float, float]](), list[str]()
    _walk(seen, frame, points, path)
    if not path:
        return format_html_join(
            "", '<circle cx="{}" cy="{}" r="6" fill="{}" stroke="#ffffff" stroke-width="1.5">{}</circle>',
            ((x, y, ink, title) for x, y in points),
        )  # fmt: skip
    area = "Polygon" in seen.geom_type
    return format_html(
        '<path d="{}" fill="{}" fill-opacity="{}" fill-rule="evenodd" stroke="{}" stroke-width="{}">{}</path>',
        "".join(path),
        ink if area else "none",
        "0.14" if area else "0",
        ink,
        "1.2" if area else "2.5",
        title,
    )


def _walk(seen: Any, frame: _Frame, points: list[tuple[float, float]], path: list[str]) -> None:
    if hasattr(seen, "geoms"):
        for part in seen.geoms:
            _walk(part, frame, points, path)
    elif seen.geom_type == "Point":
        points.append(frame.at(seen.x, seen.y))
    elif seen.geom_type == "Polygon":
        for ring in (seen.exterior, *seen.interiors):
            path.append(_line(ring.coords, frame) + "Z")
    else:
        path.append(_line(seen.coords, frame))


def _line(coordinates: Any, frame: _Frame) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in (frame.at(c[0], c[1]) for c in coordinates))


def _spot(seen: BaseGeometry, frame: _Frame) -> tuple[float, float]:
    spot = max(getattr(seen, "geoms", [seen]), key=lambda part: part.area).representative_point()
    return frame.at(spot.x, spot.y)


def _written(names: Iterable[_Name]) -> Iterable[SafeString]:
    """The names of the largest first; one that would be written over another is left to the list below the map."""
    taken = list[tuple[float, float, float]]()
    for _area, x, y, title in sorted(names, reverse=True):
        half = sum(20 if ord(letter) > 255 else 11 for letter in title) / 2
        if any(abs(x - there) < half + width and abs(y - down) < 22 for there, down, width in taken):
            continue
        taken.append((x, y, half))
        yield format_html(
            '<text x="{}" y="{}" font-size="20" text-anchor="middle" fill="#1a2430" stroke="#ffffff" stroke-width="3" '
            'paint-order="stroke" aria-hidden="true">{}</text>',
            x,
            y,
            title,
        )
