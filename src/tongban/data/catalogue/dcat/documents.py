"""JSON of strangers: one document or one a line, and whether it is linked data."""

from __future__ import annotations

import json
import re
from typing import Any

from .report import Finding, Unreadable, shown

LISTS = ("dataset", "datasetSeries", "service", "catalog")  # of a catalogue of DCAT-US 3
DEEPEST = 64  # levels of JSON, XML or nested nodes (T33)


def document(text: str) -> tuple[Any, list[Finding]]:
    """What the text holds, and what is to be said about it."""
    try:
        return json.loads(text, parse_constant=no_number), []
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and (rows := _json_lines(text)):
            return rows
        message = "the file ends too early" if error.pos >= len(text.rstrip()) else error.msg
        raise Unreadable("not_well_formed", f"line {error.lineno}: {message}", error.lineno) from error
    except RecursionError as error:
        raise Unreadable("too_deep", "nested too deeply") from error
    except ValueError as error:
        raise Unreadable("not_well_formed", shown(f"a number that is none: {error}")) from error


def _json_lines(text: str) -> tuple[list[Any], list[Finding]] | None:
    """One object a line; None where the first two lines are none."""
    rows: list[Any] = []
    said: list[Finding] = []
    for at, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            rows.append(json.loads(line, parse_constant=no_number))
        except (ValueError, RecursionError):
            if at <= 2:
                return None
            if len(said) < 100:
                said.append(Finding("line_not_json", f"line {at} is no JSON and is left out", f"line {at}"))
    return rows, said


def no_number(name: str) -> float:
    """Python reads `NaN` and `Infinity` where JSON has no such numbers."""
    raise ValueError(name)


def shallow(document: Any, above: int = 0) -> None:
    """`Unreadable` for what is nested too deeply; `above` levels stand over it."""
    level, depth = [document], above
    while level:
        depth += 1
        if depth > DEEPEST:
            raise Unreadable("too_deep", f"more than {DEEPEST} levels")
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                below.extend(value for value in one.values() if isinstance(value, dict | list))
            elif isinstance(one, list):
                below.extend(value for value in one if isinstance(value, dict | list))
        level = below


_DATA_JSON = re.compile(r"project-open-data|resources\.data\.gov|pod\.schema", re.I)


def is_linked(document: Any) -> bool:
    """Whether it is JSON-LD; data.json 1.1 names a context as well, but is read by its own rules."""
    if isinstance(document, list):
        return any(isinstance(one, dict) and ("@id" in one or "@type" in one) for one in document[:20]) and not any(
            isinstance(one, dict) and "accessLevel" in one for one in document[:20]
        )
    if not isinstance(document, dict) or "@graph" in document:
        return isinstance(document, dict)
    context = document.get("@context")
    if _DATA_JSON.search(f"{document.get('conformsTo')} {context if isinstance(context, str) else ''}"):
        return False
    if context is None and any(isinstance(document.get(key), list) for key in LISTS):
        return False
    return "@context" in document or "@id" in document
