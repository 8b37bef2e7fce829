"""Rows as they are compared: one column per field, values written alike, with how they sound and their words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from .data import Columns
from .meanings import MEANINGS, is_chinese, sound


@dataclass(frozen=True)
class Field:
    """One thing that is compared: `name` is its column, the `number`th value of its meaning; `compared` is the way
    (see `comparing`)."""

    name: str
    meaning: str
    number: int
    compared: str


def fields_of(left: Columns, right: Columns) -> list[Field]:
    """What both files can give, in the order of the meanings; a meaning that both give twice is two fields.

    A whole name counts only where a file does not give its parts, for the same evidence must not count twice.
    """
    parts = {"given_name", "family_name"}
    split = all(parts <= set(each.meanings.values()) for each in (left, right))
    found = []
    for key, m in MEANINGS.items():
        many = min(len(_sources(each, key)) for each in (left, right))
        many = 0 if (key == "name" and split) else min(many, 1) if m.joined or key == "name" else many
        found += [Field(key if n == 0 else f"{key}_{n + 1}", key, n, m.compared) for n in range(many)]
    return found


def _sources(columns: Columns, key: str) -> list[tuple[str, ...]]:
    """The columns behind each value of a meaning; a whole name may be made of its parts."""
    found = [name for name, means in columns.meanings.items() if means == key]
    if key == "name" and not found:
        parts = [name for part in ("given_name", "family_name") for name, m in columns.meanings.items() if m == part]
        return [tuple(parts)] if len(parts) > 1 else []
    return [tuple(found)] if found and MEANINGS[key].joined else [(name,) for name in found]


def standardised(table: pa.Table, columns: Columns, fields: list[Field]) -> pa.Table:
    """The table with `id`, each field, and `<field>_sound` or `<field>_words` where the comparison asks for it."""
    out: dict[str, pa.Array] = {"id": table[columns.id].combine_chunks()}
    for field in fields:
        raw = _joined(table, _sources(columns, field.meaning)[field.number], field.meaning)
        value = by_value(raw, MEANINGS[field.meaning].standard)
        out[field.name] = value
        if field.compared in ("name", "organisation"):
            out[f"{field.name}_sound"] = by_value(value, sound)
        if field.compared in ("name", "organisation", "text"):
            out[f"{field.name}_words"] = by_value(value, tokens, pa.list_(pa.string()))
    return pa.table(out)


def _joined(table: pa.Table, sources: tuple[str, ...], key: str) -> pa.Array:
    if len(sources) == 1:
        return table[sources[0]].combine_chunks()
    parts = [pc.coalesce(table[name].combine_chunks(), "") for name in sources]
    text = pc.utf8_trim_whitespace(pc.binary_join_element_wise(*parts, " "))
    if key == "name":  # Chinese names put the family first
        return by_value(text, lambda name: "".join(reversed(name.split())) if is_chinese(name) else name or None)
    return text


def by_value(column: pa.Array, change: Callable[[str], object], type: pa.DataType | None = None) -> pa.Array:
    """The change applied once to each distinct value."""
    encoded = pc.dictionary_encode(column)
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    changed = pa.array(
        [change(v) if v is not None else None for v in encoded.dictionary.to_pylist()], type or pa.string()
    )
    return changed.take(encoded.indices)


def tokens(value: str) -> list[str]:
    """Words; of Chinese text every two neighbouring characters."""
    if not is_chinese(value):
        return sorted(set(value.split()))
    plain = value.replace(" ", "")
    return sorted({plain[i : i + 2] for i in range(max(1, len(plain) - 1))})
