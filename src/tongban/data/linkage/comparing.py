"""How each kind of field is compared: from the strongest agreement down to none.

The levels are written in SQL that DuckDB and, translated by Splink, Spark understand; `bytes_...` are functions that
either engine defines (`engines`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import splink.comparison_level_library as cll
import splink.comparison_library as cl

from .records import Field

Level = Any  # Splink's level creators have no common public type


def comparison(field: Field, m: Sequence[float] = (), u: Sequence[float] = ()) -> cl.CustomComparison:
    """Splink's comparison of one field. Outcomes after the first mean less and less agreement; `m` and `u`: how often
    matches and strangers show each, in this order. Without them it says what agrees, and weighs nothing."""
    exact = cll.ExactMatchLevel(field.name, term_frequency_adjustments=bool(m) and by_rarity(field))
    levels = [exact.configure(label_for_charts="the same"), *_LEVELS[field.compared](field.name), cll.ElseLevel()]
    for level, m_each, u_each in zip(levels, m, u, strict=False):
        level.configure(m_probability=m_each, u_probability=u_each)
    return cl.CustomComparison(output_column_name=field.name, comparison_levels=[cll.NullLevel(field.name), *levels])


def outcomes(field: Field) -> list[str]:
    """What comparing a field may say, from the same down to nothing in common."""
    return [
        "the same",
        *(level.label_for_charts for level in _LEVELS[field.compared](field.name)),
        "All other comparisons",
    ]


def by_rarity(field: Field) -> bool:
    """Agreement on a rare value weighs more than on a common one; numbers and dates are about equally rare."""
    return field.compared not in ("date", "number", "email")


def _sql(template: str, label: str, name: str) -> Level:
    """A level in SQL: `{l}` and `{r}` are the two values, `{l:sound}` what is derived from them."""
    sql = template
    for side in "lr":
        sql = sql.replace(f"{{{side}}}", f'"{name}_{side}"')
        for part in ("sound", "bits1", "bits2", "word1", "word2", "word3"):
            sql = sql.replace(f"{{{side}:{part}}}", f'"{name}_{part}_{side}"')
    return cll.CustomLevel(sql, label_for_charts=label, base_dialect_str="duckdb")


# The exact distances cost microseconds, and most candidate pairs are strangers: what rules a distance out for next to
# nothing is asked first. SQL evaluates the second part of a condition only for the pairs that passed the first.
_SHARED = (
    "(bit_count({l:bits1} & {r:bits1}) + bit_count({l:bits2} & {r:bits2})) / "
    "(bit_count({l:bits1} | {r:bits1}) + bit_count({l:bits2} | {r:bits2}))"
)
_SHORTER = "least(length({l}), length({r})) / greatest(length({l}), length({r}))"


_THREE = (1, 2, 3)
_SAME_WORDS = " AND ".join(f"{{l:word{n}}} IS NOT DISTINCT FROM {{r:word{n}}}" for n in _THREE)
_ONE_WORD = " OR ".join(f"{{l:word{n}}} = {{r:word{k}}}" for n in _THREE for k in _THREE)


def _alike(least: float) -> str:
    """Share of characters that need no change; names too different in length, words or characters hardly have it."""
    return (
        f"CASE WHEN {_SHORTER} >= {least} AND bytes_jaccard({{l}}, {{r}}) >= {round(least * 0.7, 2)} "
        f"THEN 1 - bytes_levenshtein({{l}}, {{r}}) / greatest(length({{l}}), length({{r}})) >= {least} ELSE false END"
    )


def _spelled(shared: float, likeness: float) -> str:
    """So many words shared, or some of them and the spelling alike: long texts have no exact distance at this price."""
    return (
        f"CASE WHEN {_SHARED} >= {shared} THEN true WHEN {_SHARED} < {round(shared / 3, 2)} THEN false "
        f"ELSE bytes_jaro_winkler({{l}}, {{r}}) >= {likeness} END"
    )


def _slips(most: int) -> str:
    """At most so many digits differ. Long numbers with so few slips have a Jaro similarity of 0.8 at least."""
    return (
        "CASE WHEN least(length({l}), length({r})) < 8 OR bytes_jaro({l}, {r}) >= 0.8 "
        f"THEN bytes_damerau({{l}}, {{r}}) <= {most} ELSE false END"
    )


def _name(name: str) -> list[Level]:
    return [
        _sql("bytes_jaro_winkler({l}, {r}) >= 0.92", "almost the same", name),
        _sql(f"{{l:sound}} = {{r:sound}} OR {_SAME_WORDS}", "sounds the same", name),
        _sql("bytes_jaro_winkler({l}, {r}) >= 0.8 OR starts_with({l}, {r}) OR starts_with({r}, {l})", "alike", name),
        _sql(f"{_ONE_WORD} OR bytes_jaro_winkler({{l}}, {{r}}) >= 0.7", "a part the same", name),
    ]


def _organisation(name: str) -> list[Level]:
    return [
        _sql("{l:bits1} = {r:bits1} AND {l:bits2} = {r:bits2}", "the same words", name),
        _sql(f"{{l:sound}} = {{r:sound}} OR {_alike(0.85)}", "almost the same", name),
        _sql(
            "(contains({l}, {r}) OR contains({r}, {l})) AND least(length({l}), length({r})) >= 2",
            "one in the other",
            name,
        ),
        _sql(f"{_SHARED} >= 0.5", "half the words", name),
        _sql(f"{_SHARED} >= 0.25 OR bytes_jaro_winkler({{l}}, {{r}}) >= 0.8", "alike", name),
    ]


def _text(name: str) -> list[Level]:
    return [
        _sql(_spelled(0.8, 0.96), "almost the same", name),
        _sql(_spelled(0.6, 0.9), "most of it", name),
        _sql(_spelled(0.35, 0.8), "half of it", name),
        _sql(f"{_SHARED} >= 0.15", "some of it", name),
    ]


def _date(name: str) -> list[Level]:
    return [
        _sql(_slips(1), "one digit differs", name),
        _sql(
            "left({l}, 4) = left({r}, 4) AND substr({l}, 6, 2) = substr({r}, 9, 2) "
            "AND substr({l}, 9, 2) = substr({r}, 6, 2)",
            "day and month changed over",
            name,
        ),
        _sql(_slips(2), "two digits differ", name),
        _sql("left({l}, 4) = left({r}, 4) OR substr({l}, 5) = substr({r}, 5)", "the same year, or the same day", name),
    ]


def _number(name: str) -> list[Level]:
    return [
        _sql(_slips(1), "one digit differs", name),
        _sql(f"right({{l}}, 7) = right({{r}}, 7) OR {_slips(2)}", "two digits differ", name),
    ]


def _email(name: str) -> list[Level]:
    return [
        _sql("split_part({l}, '@', 1) = split_part({r}, '@', 1)", "the same name before the @", name),
        _sql("bytes_jaro_winkler({l}, {r}) >= 0.9", "almost the same", name),
        _sql("bytes_jaro_winkler({l}, {r}) >= 0.8", "alike", name),
    ]


def _code(name: str) -> list[Level]:
    return [
        _sql(_slips(1), "one character differs", name),
        _sql("left({l}, 3) = left({r}, 3)", "the same beginning", name),
    ]


def _word(name: str) -> list[Level]:
    return [
        _sql("bytes_jaro_winkler({l}, {r}) >= 0.9", "almost the same", name),
        _sql("bytes_jaro_winkler({l}, {r}) >= 0.8 OR contains({l}, {r}) OR contains({r}, {l})", "alike", name),
    ]


def _category(name: str) -> list[Level]:
    return []


_LEVELS = {
    "name": _name,
    "organisation": _organisation,
    "text": _text,
    "date": _date,
    "number": _number,
    "email": _email,
    "code": _code,
    "word": _word,
    "category": _category,
}
