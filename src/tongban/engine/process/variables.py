"""Variables as JSON and back with their types, so that FEEL compares dates with dates and amounts with amounts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

_TYPES: dict[type, tuple[str, Callable[[Any], object], Callable[[Any], object]]] = {
    date: ("@date", date.isoformat, date.fromisoformat),
    datetime: ("@datetime", datetime.isoformat, datetime.fromisoformat),
    time: ("@time", time.isoformat, time.fromisoformat),
    timedelta: ("@days", lambda v: [v.days, v.seconds, v.microseconds], lambda v: timedelta(v[0], v[1], v[2])),
    Decimal: ("@decimal", str, Decimal),
}
_READ = {mark: read for mark, _write, read in _TYPES.values()}


def dumps(value: Any) -> str:
    """Compact JSON; what JSON has no type for is an object with one marked key. TypeError for anything else."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_marked)


def loads(text: str) -> Any:
    """What `dumps` gave; the database may have spaced it otherwise."""
    return json.loads(text, object_hook=_read if '"@' in text else None)


def _marked(value: Any) -> dict[str, object]:
    if type(value) not in _TYPES:
        raise TypeError(f"a variable cannot hold {type(value).__name__}")
    mark, write, _read = _TYPES[type(value)]
    return {mark: write(value)}


def _read(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        ((mark, written),) = found.items()
        if mark in _READ:
            return _READ[mark](written)
    return found
