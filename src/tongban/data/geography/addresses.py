"""One list of addresses for both sites; each site brings its own policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.urls import URLPattern, path

PATHS = {
    "map": "geography/",
    "locate": "geography/locate/",
    "feature": "geography/<slug:key>/<slug:id>/",
    "ogc": "ogc",
    "ogc_conformance": "ogc/conformance",
    "ogc_api": "ogc/api",
    "ogc_collections": "ogc/collections",
    "ogc_collection": "ogc/collections/<slug:key>",
    "ogc_items": "ogc/collections/<slug:key>/items",
    "ogc_item": "ogc/collections/<slug:key>/items/<slug:id>",
}


def addresses(views: Mapping[str, Callable[..., Any]]) -> list[URLPattern]:
    """The addresses with a site's views."""
    return [path(where, views[name], name=name) for name, where in PATHS.items()]
