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
    """The table with `id`, each field, and `<field>_sound` where it is compared; `derived` gives the rest."""
    out: dict[str, pa.Array] = {"id": table[columns.id].combine_chunks()}
    for field in fields:
        raw = _joined(table, _sources(columns, field.meaning)[field.number], field.meaning)
        value = by_value(raw, MEANINGS[field.meaning].standard)
        out[field.name] = value
        if field.compared in ("name", "organisation"):
            out[f"{field.name}_sound"] = by_value(value, sound)
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


_BITS = 126


def words_of(field: Field) -> str:
    """SQL: the set of words of a value, in order; of Chinese text, every two neighbouring characters."""
    plain = f"""replace("{field.name}", ' ', '')"""
    pairs = f"[{plain}[i:i+1] FOR i IN range(1, greatest(length({plain}), 2))]"
    chinese = f"""regexp_matches("{field.name}", '[\u4e00-\u9fff]')"""
    return f"""list_sort(list_distinct(CASE WHEN {chinese} THEN {pairs} ELSE string_split("{field.name}", ' ') END))"""


def derived(field: Field) -> list[str]:
    """SQL of the columns that comparing needs besides the value, computed once for each row and not for each pair.

    `_word1` and so on: the first three words of a name, which has few. `_bits`: the words of a longer text as one
    number with a bit for each, so that what two texts share is two machine instructions and no list.
    """
    words = words_of(field)
    if field.compared == "name":
        return [f'{words}[{n}] AS "{field.name}_word{n}"' for n in (1, 2, 3)]
    if field.compared not in ("organisation", "text"):
        return []
    bits = f"list_bit_or(list_transform({words}, lambda w: 1::HUGEINT << (hash(w) % {_BITS})::HUGEINT))"
    return [f'{bits} AS "{field.name}_bits"']
