"""Geometries: read, judged, measured. shapely computes; GeoJSON (RFC 7946) goes in and out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shapely import get_num_coordinates, polygonize, to_geojson
from shapely.errors import ShapelyError
from shapely.geometry import Point
from shapely.geometry import box as rectangle
from shapely.geometry import shape as _shape
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity, make_valid

from .data import Box

MOST_POINTS = 200_000


class BadGeometry(ValueError):
    """This is no geometry that can be kept; the argument says why."""


def read(value: Any) -> BaseGeometry | None:
    """A GeoJSON geometry as a shape; None for nothing. Raises `BadGeometry`."""
    if value is None:
        return None
    if not isinstance(value, Mapping) or "type" not in value:
        raise BadGeometry("not a GeoJSON geometry")
    try:
        made = _shape(dict(value))
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise BadGeometry("coordinates do not fit the type") from None
    return None if made.is_empty else made


def judged(value: Any) -> tuple[dict[str, Any] | None, str]:
    """The geometry to keep and a warning. Crossed borders are mended; what lies outside the earth is refused."""
    made = read(value)
    if made is None:
        return None, ""
    west, south, east, north = made.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadGeometry("outside the earth in degrees: is it in metres, or latitude first?")
    if get_num_coordinates(made) > MOST_POINTS:
        raise BadGeometry(f"more than {MOST_POINTS} points")
    if made.is_valid:
        return dict(value), ""
    reason = explain_validity(made)
    return json.loads(to_geojson(make_valid(made))), reason


def box_of(value: Any) -> Box | None:
    """The box around a GeoJSON geometry; None where there is none that can be read."""
    try:
        made = read(value)
    except BadGeometry:
        return None
    return Box(*made.bounds) if made is not None else None


def in_box(value: Any, box: Box) -> bool:
    """Whether the geometry itself, not only the box around it, touches the box."""
    made = read(value)
    return made is not None and any(made.intersects(rectangle(*half.corners)) for half in box.halves)


def covers(value: Any, longitude: float, latitude: float) -> bool:
    """Whether the point lies in the area or on its border. Areas that came as lines count as what they enclose."""
    made = read(value)
    if made is None:
        return False
    if "Line" in made.geom_type:
        made = polygonize([made])
    return bool(made.covers(Point(longitude, latitude)))
