"""The OpenAPI 3.0 definition of the features' addresses, made from the layers that the reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .data import Layer

Schema = dict[str, Any]


def document(root: str, layers: Sequence[Layer]) -> Schema:
    """The definition; `root` is the address of the landing page."""
    paths: Schema = {
        "/": _get("landing", "Landing page", "application/json"),
        "/conformance": _get("conformance", "Conformance classes", "application/json"),
        "/api": _get("definition", "This definition", "application/vnd.oai.openapi+json;version=3.0"),
        "/collections": _get("collections", "Layers", "application/json"),
    }
    for layer in layers:
        where = f"/collections/{layer.key}"
        paths[where] = _get(f"{layer.key}_collection", layer.title, "application/json")
        paths[f"{where}/items"] = _get(
            f"{layer.key}_items", layer.title, "application/geo+json", [*_PARAMETERS, *_filters(layer)]
        )
        paths[f"{where}/items/{{featureId}}"] = _get(
            f"{layer.key}_item", layer.title, "application/geo+json", [_FEATURE_ID], missing=True
        )
    return {
        "openapi": "3.0.3",
        "info": {"title": "OGC API - Features", "version": "1.0.0"},
        "servers": [{"url": root.rstrip("/")}],
        "paths": paths,
        "components": {"schemas": {"exception": _EXCEPTION}},
    }


_EXCEPTION: Schema = {
    "type": "object",
    "required": ["code"],
    "properties": {"code": {"type": "string"}, "description": {"type": "string"}},
}
_FEATURE_ID: Schema = {"name": "featureId", "in": "path", "required": True, "schema": {"type": "string"}}
_PARAMETERS: list[Schema] = [
    {
        "name": "limit",
        "in": "query",
        "required": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
        "style": "form",
        "explode": False,
    },
    {
        "name": "bbox",
        "in": "query",
        "required": False,
        "schema": {
            "type": "array",
            "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
            "items": {"type": "number"},
        },
        "style": "form",
        "explode": False,
    },
    {
        "name": "datetime",
        "in": "query",
        "required": False,
        "schema": {"type": "string"},
        "style": "form",
        "explode": False,
    },
    {"name": "after", "in": "query", "required": False, "schema": {"type": "string"}},
]


def _filters(layer: Layer) -> list[Schema]:
    return [{"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in layer.filters]


def _get(
    name: str, summary: str, kind: str, parameters: Sequence[Schema] = (), *, missing: bool = False
) -> dict[str, Schema]:
    wrong = {"application/json": {"schema": {"$ref": "#/components/schemas/exception"}}}
    responses: Schema = {
        "200": {"description": summary, "content": {kind: {"schema": {"type": "object"}}}},
        "400": {"description": "A parameter is unknown or has no meaning", "content": wrong},
    }
    if missing:
        responses["404"] = {"description": "There is no such feature", "content": wrong}
    return {"get": {"operationId": name, "summary": summary, "parameters": list(parameters), "responses": responses}}
