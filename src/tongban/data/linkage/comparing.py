"""How each kind of field is compared: from the strongest agreement down to none."""

from __future__ import annotations

from typing import Any

import splink.comparison_level_library as cll
import splink.comparison_library as cl

from .records import Field

Level = Any  # Splink's level creators have no common public type


def comparison(field: Field) -> cl.CustomComparison:
    """Splink's comparison of one field. Levels above the last mean less and less agreement."""
    levels = [_exact(field), *_LEVELS[field.compared](field.name), cll.ElseLevel()]
    for n, level in enumerate(levels):  # what is assumed of matches until it is learned: three of four agree
        level.configure(m_probability=0.75 * 0.25**n if n < len(levels) - 1 else 0.25**n)
    levels.insert(0, cll.NullLevel(field.name))
    return cl.CustomComparison(output_column_name=field.name, comparison_levels=levels)


def _exact(field: Field) -> Level:
    """Agreement on a rare value weighs more than on a common one; numbers and dates are about equally rare."""
    level = cll.ExactMatchLevel(
        field.name, term_frequency_adjustments=field.compared not in ("date", "number", "email")
    )
    return level.configure(label_for_charts="the same")


def _sql(template: str, label: str, name: str) -> Level:
    """A level in SQL: `{l}` and `{r}` are the two values, `{l:sound}` what is derived from them."""
    sql = template
    for side in "lr":
        sql = sql.replace(f"{{{side}}}", f'"{name}_{side}"')
        for part in ("sound", "bits", "word1", "word2", "word3"):
            sql = sql.replace(f"{{{side}:{part}}}", f'"{name}_{part}_{side}"')
    return cll.CustomLevel(sql, label_for_charts=label)


# The exact distances cost microseconds, and most candidate pairs are strangers: what rules a distance out for next to
# nothing is asked first. SQL evaluates the second part of a condition only for the pairs that passed the first.
_SHARED = "bit_count({l:bits} & {r:bits}) / bit_count({l:bits} | {r:bits})"
_SHORTER = "least(length({l}), length({r})) / greatest(length({l}), length({r}))"


_THREE = (1, 2, 3)
_SAME_WORDS = " AND ".join(f"{{l:word{n}}} IS NOT DISTINCT FROM {{r:word{n}}}" for n in _THREE)
_ONE_WORD = " OR ".join(f"{{l:word{n}}} = {{r:word{k}}}" for n in _THREE for k in _THREE)


def _alike(least: float) -> str:
    """Share of characters that need no change; names too different in length, words or characters hardly have it."""
    return (
        f"CASE WHEN {_SHORTER} >= {least} AND jaccard({{l}}, {{r}}) >= {round(least * 0.7, 2)} "
        f"THEN 1 - levenshtein({{l}}, {{r}}) / greatest(length({{l}}), length({{r}})) >= {least} ELSE false END"
    )


def _spelled(shared: float, likeness: float) -> str:
    """So many words shared, or some of them and the spelling alike: long texts have no exact distance at this price."""
    return (
        f"CASE WHEN {_SHARED} >= {shared} THEN true WHEN {_SHARED} < {round(shared / 3, 2)} THEN false "
        f"ELSE jaro_winkler_similarity({{l}}, {{r}}) >= {likeness} END"
    )


def _slips(most: int) -> str:
    """At most so many digits differ. Long numbers with so few slips have a Jaro similarity of 0.8 at least."""
    return (
        "CASE WHEN least(length({l}), length({r})) < 8 OR jaro_similarity({l}, {r}) >= 0.8 "
        f"THEN damerau_levenshtein({{l}}, {{r}}) <= {most} ELSE false END"
    )


def _name(name: str) -> list[Level]:
    return [
        _sql("jaro_winkler_similarity({l}, {r}) >= 0.92", "almost the same", name),
        _sql(f"{{l:sound}} = {{r:sound}} OR {_SAME_WORDS}", "sounds the same", name),
        _sql(
            "jaro_winkler_similarity({l}, {r}) >= 0.8 OR starts_with({l}, {r}) OR starts_with({r}, {l})", "alike", name
        ),
        _sql(f"{_ONE_WORD} OR jaro_winkler_similarity({{l}}, {{r}}) >= 0.7", "a part the same", name),
    ]


def _organisation(name: str) -> list[Level]:
    return [
        _sql("{l:bits} = {r:bits}", "the same words", name),
        _sql(f"{{l:sound}} = {{r:sound}} OR {_alike(0.85)}", "almost the same", name),
        _sql(
            "(contains({l}, {r}) OR contains({r}, {l})) AND least(length({l}), length({r})) >= 2",
            "one in the other",
            name,
        ),
        _sql(f"{_SHARED} >= 0.5", "half the words", name),
        _sql(f"{_SHARED} >= 0.25 OR jaro_winkler_similarity({{l}}, {{r}}) >= 0.8", "alike", name),
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
            "{l}[1:4] = {r}[1:4] AND ({l}[6:7] = {r}[9:10] AND {l}[9:10] = {r}[6:7])",
            "day and month changed over",
            name,
        ),
        _sql(_slips(2), "two digits differ", name),
        _sql("{l}[1:4] = {r}[1:4] OR {l}[5:] = {r}[5:]", "the same year, or the same day", name),
    ]


def _number(name: str) -> list[Level]:
    return [
        _sql(_slips(1), "one digit differs", name),
        _sql(f"right({{l}}, 7) = right({{r}}, 7) OR {_slips(2)}", "two digits differ", name),
    ]


def _email(name: str) -> list[Level]:
    return [
        _sql("split_part({l}, '@', 1) = split_part({r}, '@', 1)", "the same name before the @", name),
        _sql("jaro_winkler_similarity({l}, {r}) >= 0.9", "almost the same", name),
        _sql("jaro_winkler_similarity({l}, {r}) >= 0.8", "alike", name),
    ]


def _code(name: str) -> list[Level]:
    return [
        _sql(_slips(1), "one character differs", name),
        _sql("{l}[1:3] = {r}[1:3]", "the same beginning", name),
    ]


def _word(name: str) -> list[Level]:
    return [
        _sql("jaro_winkler_similarity({l}, {r}) >= 0.9", "almost the same", name),
        _sql("jaro_winkler_similarity({l}, {r}) >= 0.8 OR contains({l}, {r}) OR contains({r}, {l})", "alike", name),
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
