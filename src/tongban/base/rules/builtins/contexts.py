"""Context functions (DMN 10.3.4.8)."""

from __future__ import annotations

from ..run import Run
from ..values import Value
from .signature import feel


@feel("get value", "m: context", "key: string")
def _get_value(run: Run, m: dict[str, Value], key: str) -> Value:
    return m.get(key)


@feel("get value", "m: context", "keys: list")
@feel("get value", "context: context", "keys: list")
def _get_at(run: Run, m: dict[str, Value], keys: list[Value]) -> Value:
    at: Value = m
    for key in keys:
        if type(key) is not str or type(at) is not dict:
            return None
        at = at.get(key)
    return at if keys else None


@feel("get entries", "m: context")
def _get_entries(run: Run, m: dict[str, Value]) -> Value:
    run.charge(len(m))
    return [{"key": key, "value": value} for key, value in m.items()]


@feel("context", "entries: list")
def _context(run: Run, entries: list[Value]) -> Value:
    made: dict[str, Value] = {}
    for entry in entries:
        run.charge()
        if type(entry) is not dict or "key" not in entry or "value" not in entry:
            return None
        key = entry["key"]
        if type(key) is not str or key in made:
            return None
        made[key] = entry["value"]
    return made


@feel("context put", "context: context", "key: string", "value: any")
def _put(run: Run, context: dict[str, Value], key: str, value: Value) -> Value:
    run.charge(len(context))
    return {**context, key: value}


@feel("context put", "context: context", "keys: list", "value: any")
def _put_at(run: Run, context: dict[str, Value], keys: list[Value], value: Value) -> Value:
    if not keys or not all(type(key) is str for key in keys):
        return None
    run.charge(len(context) + len(keys))
    made = dict(context)
    at = made
    for key in keys[:-1]:
        inner = at.get(key)
        if type(inner) is not dict:
            return None
        at[key] = dict(inner)
        at = at[key]
    at[keys[-1]] = value
    return made


@feel("context merge", "contexts: list")
def _merge(run: Run, contexts: list[Value]) -> Value:
    made: dict[str, Value] = {}
    for context in contexts:
        if type(context) is not dict:
            return None
        run.charge(1 + len(context))
        made.update(context)
    return made
