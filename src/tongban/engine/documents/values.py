"""Facts: plain values only, so that a template can reach nothing else (T26)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .data import Facts


def plain(facts: Facts) -> dict[str, Any]:
    """A copy of ``facts`` made of plain values. Raises TypeError on anything else: it is the caller's
    mistake."""
    return {str(key): _plain(value) for key, value in facts.items()}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | Decimal | date):
        return value
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str) or hasattr(value, "_proxy____cast"):
        # A fresh str: no subclass comes through, so nothing is taken for markup that is already safe.
        return "".join(str(value))
    raise TypeError(f"a document's facts cannot hold {type(value).__name__}")


def restored(value: Any) -> Any:
    """Facts as they come back from the database, with dates as dates again."""
    if isinstance(value, dict):
        return {key: restored(item) for key, item in value.items()}
    if isinstance(value, list):
        return [restored(item) for item in value]
    if isinstance(value, str) and len(value) in range(10, 36) and value[4:5] == "-" and value[7:8] == "-":
        try:
            return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            return value
    return value
