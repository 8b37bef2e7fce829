"""JSON in the forms that lists come in: one list, a list somewhere inside, one object a line, rows beside columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from .columns import knows
from .data import Finding
from .decoding import decode
from .source import MAX_ROWS, Hints, Raw, Table, Unreadable

_DECODER = json.JSONDecoder(parse_constant=lambda name: None)
_DEPTH = 60


def read_json(content: bytes, hints: Hints) -> Table:
    """Rows of a JSON document or of JSON lines. A line that is no JSON is a row that cannot be read."""
    text, damaged = decode(content, hints.encoding)
    try:
        whole = _DECODER.decode(text.strip())
    except (ValueError, RecursionError):
        table = _lines(text)
    else:
        table = _table([(n, each) for n, each in enumerate(_records(whole, hints.records), 1)])
    if damaged:
        table.notes.append(
            Finding(None, "", "file.encoding", "warning", _("Some characters of this file are damaged."))
        )
    if len(table.rows) > MAX_ROWS:
        raise Unreadable("file.size", _("This file has more than %d rows.") % MAX_ROWS)
    return table


def _lines(text: str) -> Table:
    found: list[tuple[int, Any]] = []
    good = 0
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip().rstrip(",")
        if line in ("", "[", "]"):
            continue
        values = list(_values(line))
        good += sum(isinstance(value, dict) for value in values)
        found += [(number, value) for value in values]
    if not good:
        raise Unreadable("file.format", _("This is not JSON: neither as a whole nor line by line."))
    return _table(found)


def _values(line: str) -> Iterator[Any]:
    """Every value of a line; a line that breaks off gives the text itself."""
    at = 0
    while at < len(line):
        try:
            value, at = _DECODER.raw_decode(line, at)
        except (ValueError, RecursionError):
            yield line[at:]
            return
        yield value
        while at < len(line) and line[at] in " ,\t":
            at += 1


def _records(whole: Any, path: str) -> list[Any]:
    """The list of rows: at the path given, else the largest list of objects found from the top down."""
    if path:
        for step in path.split("."):
            whole = whole.get(step) if isinstance(whole, dict) else None
        if not isinstance(whole, list):
            raise Unreadable("map.records", _("There is no list at “%s”.") % path)
        return whole
    if isinstance(whole, dict) and (rows := _beside_columns(whole)) is not None:
        return rows
    best = max(_lists(whole), key=_likely, default=[])
    if any(isinstance(each, dict) for each in best):
        return best
    if isinstance(whole, list) and whole and all(isinstance(each, list) for each in whole):
        names, *rows = whole
        return [dict(zip(map(str, names), row, strict=False)) for row in rows]
    if isinstance(whole, dict):
        if whole and all(isinstance(each, dict) for each in whole.values()):
            return [{"id": key, **each} for key, each in whole.items()]
        if whole and not any(isinstance(each, (dict, list)) for each in whole.values()):
            return [whole]
    if isinstance(whole, list) and whole:
        return whole
    raise Unreadable("file.empty", _("There is no list of objects in this JSON file."))


def _beside_columns(whole: dict[str, Any]) -> list[Any] | None:
    """Rows as lists with the names of their columns elsewhere: as open-data portals export tables."""
    view = whole.get("meta", {}).get("view", {}) if isinstance(whole.get("meta"), dict) else {}
    names = view.get("columns") if isinstance(view, dict) else None
    names = names or whole.get("fields") or whole.get("columns")
    rows = whole.get("data") or whole.get("records") or whole.get("rows")
    if not (isinstance(names, list) and isinstance(rows, list) and rows and all(isinstance(r, list) for r in rows)):
        return None
    titles = [str(n.get("name") or n.get("id") or n.get("title")) if isinstance(n, dict) else str(n) for n in names]
    return [dict(zip(titles, row, strict=False)) for row in rows]


def _lists(value: Any, depth: int = 0) -> Iterator[list[Any]]:
    """Lists outside rows: what lies inside a row belongs to that row."""
    if depth > 8:
        return
    if isinstance(value, list):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _lists(each, depth + 1)


def _likely(candidate: list[Any]) -> tuple[int, int]:
    """How much a list looks like rows of items: fields that its objects name, then their number."""
    objects = [each for each in candidate if isinstance(each, dict)]
    names = {str(key) for each in objects[:20] for key, _cell in _flat(each)}
    return (sum(knows(name) for name in names) if len(objects) > 0 else -1), len(objects)


def _table(found: list[tuple[int, Any]]) -> Table:
    columns: dict[str, None] = {}
    rows = []
    for number, value in found:
        if isinstance(value, dict):
            cells = dict(_flat(value))
            columns.update(dict.fromkeys(cells))
            rows.append(Raw(number, cells))
        else:
            rows.append(Raw(number, faults=(_unreadable(number, value),)))
    if not rows:
        raise Unreadable("file.empty", _("There is no list of objects in this JSON file."))
    return Table(list(columns), rows)


def _flat(value: dict[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Objects inside a row become `outer.inner`; a sole wrapper such as `attributes` or `properties` is left out."""
    for key, each in value.items():
        if isinstance(each, dict) and depth < _DEPTH:
            inner = "" if key in ("properties", "attributes", "fields") else f"{prefix}{key}."
            yield from _flat(each, inner, depth + 1)
        else:
            yield f"{prefix}{key}", each


def _unreadable(number: int, value: Any) -> Finding:
    text = str(value).strip()
    if text.startswith("<"):
        message = _("This line is a web page, not an item.")
    elif value is None or text in ("", "null"):
        message = _("This row is empty.")
    else:
        message = _("This row is not an object: %s") % text[:60]
    return Finding(number, "", "row.unreadable", "error", message)
