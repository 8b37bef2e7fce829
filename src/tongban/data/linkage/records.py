"""Rows as they are compared: one column per field, values written alike, with how they sound and their words."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from .data import Columns
from .meanings import MEANINGS, Meaning, is_chinese, sounds


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
    """The table with each field, and `<field>_sound` where it is compared; `derived` gives the rest."""

    def made(field: Field) -> dict[str, pa.Array]:
        raw = _joined(table, _sources(columns, field.meaning)[field.number], field.meaning)
        value = _standard(raw, MEANINGS[field.meaning])
        if field.compared not in ("name", "organisation"):
            return {field.name: value}
        encoded = pc.dictionary_encode(value)
        spoken = pa.array(sounds(encoded.dictionary.to_pylist()), pa.string())
        return {field.name: value, f"{field.name}_sound": spoken.take(encoded.indices)}

    with ThreadPoolExecutor() as pool:  # most of it is Arrow's work, which leaves the others their turn
        return pa.table({name: column for each in pool.map(made, fields) for name, column in each.items()})


def _standard(column: pa.Array, means: Meaning) -> pa.Array:
    if not means.plain:
        return by_value(column, means.standard)
    odd = pc.invert(pc.fill_null(pc.match_substring_regex(column, means.plain), True))
    return pc.replace_with_mask(column, odd, by_value(column.filter(odd), means.standard))


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


def words_of(value: str) -> str:
    """SQL: the words of a value; of Chinese text, every two neighbouring characters."""
    plain = f"replace({value}, ' ', '')"
    pairs = f"[{plain}[i:i+1] FOR i IN range(1, greatest(length({plain}), 2))]"
    return f"CASE WHEN strlen({value}) > length({value}) THEN {pairs} ELSE string_split({value}, ' ') END"


def derived(connection: duckdb.DuckDBPyConnection, table: str, source: str, pairs: str, fields: list[Field]) -> None:
    """Makes a table of the source's rows that are in the pairs, with what comparing needs besides the value, made once
    for each value.

    `_word1` and so on: the first three words of a name, which has few. `_bits1` and `_bits2`: the words of a longer
    text as two numbers with a bit for each, so that what two texts share is a few machine instructions and no list.
    """
    connection.execute(
        f"CREATE TABLE {table} AS FROM {source} WHERE row IN (SELECT unnest([join_key_l, join_key_r]) FROM {pairs})"
    )
    joins, columns = [], []
    for field in fields:
        made = _MADE.get(field.compared)
        if made is None:
            continue
        parts = ", ".join(f'{sql} AS "{field.name}_{part}"' for part, sql in made.items())
        value = f'(SELECT v, {words_of("v")} AS words FROM (SELECT DISTINCT "{field.name}" AS v FROM {table}))'
        made_of = f'"{field.name}_made"'
        joins.append(f'LEFT JOIN (SELECT v, {parts} FROM {value}) {made_of} ON {made_of}.v = t."{field.name}"')
        columns += [f'"{field.name}_{part}"' for part in made]
    connection.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT {', '.join(['t.*', *columns])} FROM {table} t {' '.join(joins)}"
    )


_NAMED = {f"word{n}": f"list_sort(list_distinct(words))[{n}]" for n in (1, 2, 3)}
_BITS = "list_bit_or(list_transform(words, lambda w: 1::HUGEINT << (hash(w) % 126)::HUGEINT))"
_HALVES = {"bits1": f"({_BITS} & {2**63 - 1}::HUGEINT)::BIGINT", "bits2": f"({_BITS} >> 63)::BIGINT"}
_MADE = {"name": _NAMED, "organisation": _HALVES, "text": _HALVES}
