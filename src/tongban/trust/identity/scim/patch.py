"""PATCH of RFC 7644, 3.5.2: operations on a resource as it would be read; writing it is somebody else's work."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from .data import PATCH, Resource, ScimError
from .filters import Filter, holds, parse_path

_MAX = 1_000


def patched(resource: Resource, body: Any, writable: Mapping[str, bool]) -> Resource:
    """The resource after all operations, or `ScimError`. `writable`: attribute -> whether it has many values."""
    if not isinstance(body, dict) or PATCH not in (body.get("schemas") or ()):
        raise ScimError(400, f"a message of {PATCH} is expected", "invalidSyntax")
    operations = _of(body, "Operations")
    if not isinstance(operations, list) or not operations or len(operations) > _MAX:
        raise ScimError(400, "Operations is missing, or too long", "invalidSyntax")
    result = deepcopy(resource)
    for operation in operations:
        if not isinstance(operation, dict):
            raise ScimError(400, "an operation is an object", "invalidSyntax")
        op, path, value = str(_of(operation, "op", "")).lower(), _of(operation, "path"), _of(operation, "value")
        if op not in ("add", "replace", "remove"):
            raise ScimError(400, "op is add, replace or remove", "invalidSyntax")
        if path:
            if not isinstance(path, str):
                raise ScimError(400, "a path is a text", "invalidPath")
            _one(result, op, path, value, writable)
        elif op == "remove":
            raise ScimError(400, "what is removed needs a path", "noTarget")
        elif not isinstance(value, dict):
            raise ScimError(400, "without a path, value is an object", "invalidValue")
        else:
            for name, each in value.items():
                if name.lower() not in ("schemas", "id", "meta"):
                    _one(result, op, name, each, writable)
    return result


def _of(mapping: Mapping[str, Any], name: str, default: Any = None) -> Any:
    """Programs write these names with capitals and without."""
    return next((value for key, value in mapping.items() if key.lower() == name.lower()), default)


def _one(result: Resource, op: str, path: str, value: Any, writable: Mapping[str, bool]) -> None:
    attribute, inner, sub = parse_path(path)
    name = next((each for each in writable if each.lower() == attribute.lower()), "")
    if not name:
        if attribute.lower() in ("id", "meta", "schemas", "groups"):
            raise ScimError(400, f"{attribute} is read only", "mutability")
        raise ScimError(400, f"there is no attribute {attribute}", "invalidPath")
    if op != "remove" and value is None:
        raise ScimError(400, "value is missing", "invalidValue")
    if writable[name]:
        result[name] = _many(list(result.get(name) or ()), op, inner, sub, value)
    elif inner is not None:
        raise ScimError(400, f"{name} has one value", "invalidPath")
    elif sub:
        kept = dict(result.get(name) or {})
        kept.pop(sub, None) if op == "remove" else kept.update({sub: value})
        result[name] = kept
    elif op == "remove":
        result.pop(name, None)
    elif isinstance(value, dict) and isinstance(result.get(name), dict):
        result[name] = {**result[name], **value} if op == "add" else value
    else:
        result[name] = value


def _many(values: list[Any], op: str, inner: Filter | None, sub: str, value: Any) -> list[Any]:
    if inner is None:
        if sub:
            raise ScimError(400, "say which of the values, as in members[value eq ...]", "invalidPath")
        given = [each if isinstance(each, dict) else {"value": each} for each in _listed(value)]
        if op == "replace":
            return given
        if op == "remove":  # RFC 7644 knows no value here, but some programs name those that go
            gone = {each.get("value") for each in given}
            return [each for each in values if gone and each.get("value") not in gone]
        known = {each.get("value") for each in values}
        return values + [each for each in given if each.get("value") not in known]
    hit = [holds(inner, each) for each in values]
    if not any(hit):
        raise ScimError(400, "nothing fits the filter of the path", "noTarget")
    if op == "remove" and not sub:
        return [each for each, fits in zip(values, hit, strict=True) if not fits]
    return [_changed(each, op, sub, value) if fits else each for each, fits in zip(values, hit, strict=True)]


def _changed(each: dict[str, Any], op: str, sub: str, value: Any) -> dict[str, Any]:
    if op == "remove":
        return {name: kept for name, kept in each.items() if name.lower() != sub.lower()}
    if sub:
        return {**each, sub: value}
    if not isinstance(value, dict):
        raise ScimError(400, "value is an object here", "invalidValue")
    return {**each, **value}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
