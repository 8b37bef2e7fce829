"""Small readers for checked YAML: every key known, every value of its kind, each fault with its line.

A shape is a function that looks at one value and notes what is wrong with it. All scalars are texts (see `Lines`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeAlias

from tongban.base.kernel.api import Lines, Path

Shape: TypeAlias = Callable[[Lines, Path, Any], None]

NAME = r"[a-z][a-z0-9_]{0,59}"


def anything(lines: Lines, path: Path, value: Any) -> None:
    """Whatever it is, somebody else judges it (answers of a form)."""


def words(most: int = 4000) -> Shape:
    """A text that says something."""

    def check(lines: Lines, path: Path, value: Any) -> None:
        if not isinstance(value, str) or not value.strip() or len(value) > most:
            lines.wrong(path, f"{path[-1]}: a text of 1 to {most} characters is expected")

    return check


def written(pattern: str, meaning: str) -> Shape:
    """A text of a certain form."""

    def check(lines: Lines, path: Path, value: Any) -> None:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            lines.wrong(path, f"{path[-1]}: {meaning} is expected, not {str(value)[:60]!r}")

    return check


def number(least: int, most: int) -> Shape:
    """A whole number within bounds."""

    def check(lines: Lines, path: Path, value: Any) -> None:
        fits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10
        if not fits or not least <= int(value) <= most:
            lines.wrong(path, f"{path[-1]}: a whole number from {least} to {most} is expected, not {str(value)[:60]!r}")

    return check


def one_of(*allowed: str) -> Shape:
    """One of a closed list."""

    def check(lines: Lines, path: Path, value: Any) -> None:
        if value not in allowed:
            lines.wrong(path, f"{path[-1]}: one of {', '.join(allowed)} is expected, not {str(value)[:60]!r}")

    return check


def day(lines: Lines, path: Path, value: Any) -> None:
    """A date such as 2026-09-28."""
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        lines.wrong(path, f"{path[-1]}: a date such as 2026-09-28 is expected, not {str(value)[:60]!r}")


def listed(inner: Shape, least: int = 0) -> Shape:
    """A list of things of one shape."""

    def check(lines: Lines, path: Path, value: Any) -> None:
        if not isinstance(value, list):
            lines.wrong(path, f"{path[-1]}: a list is expected")
            return
        if len(value) < least:
            lines.wrong(path, f"{path[-1]}: at least {least} expected")
        for i, each in enumerate(value):
            inner(lines, (*path, i), each)

    return check


def mapped(inner: Shape) -> Shape:
    """A mapping from names of the author's own to things of one shape."""

    def check(lines: Lines, path: Path, value: Any) -> None:
        if not isinstance(value, Mapping):
            lines.wrong(path, f"{path[-1]}: a mapping (name: value) is expected")
            return
        for key, each in value.items():
            inner(lines, (*path, key), each)

    return check


def record(needed: Mapping[str, Shape], more: Mapping[str, Shape] | None = None) -> Shape:
    """A mapping with known keys; `needed` ones must be there."""
    known = {**needed, **(more or {})}

    def check(lines: Lines, path: Path, value: Any) -> None:
        if not isinstance(value, Mapping):
            lines.wrong(path, "a mapping (key: value) is expected here")
            return
        for key in needed:
            if key not in value:
                lines.wrong(path, f"{key} is missing")
        for key, each in value.items():
            if key in known:
                known[key](lines, (*path, key), each)
            else:
                lines.wrong((*path, key), f"unknown key {key!r}; known are {', '.join(known)}")

    return check


def variant(kinds: Mapping[str, Shape | None]) -> Shape:
    """Either the name of a kind that needs nothing more, or a mapping of one kind to its values."""

    def check(lines: Lines, path: Path, value: Any) -> None:
        name, values = (value, None) if isinstance(value, str) else (None, None)
        if isinstance(value, Mapping) and len(value) == 1:
            name, values = next(iter(value.items()))
        if not isinstance(name, str) or name not in kinds:
            lines.wrong(path, f"one of {', '.join(kinds)} is expected here")
            return
        shape = kinds[name]
        if shape is None and values not in (None, "", {}):
            lines.wrong(path, f"{name} takes no values")
        elif shape is not None:
            shape(lines, (*path, name), {} if values in (None, "") else values)

    return check


name = written(NAME, "a name of a-z, 0-9 and _")
truth = one_of("true", "false")
title = record({"zh": words(300), "en": words(300)})
prose = record({"zh": words()}, {"en": words()})
