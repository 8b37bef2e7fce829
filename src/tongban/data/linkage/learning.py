"""What agreement is worth: learned without labels by Splink (Fellegi-Sunter, EM), then made sober."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np
from splink import DuckDBAPI, Linker, SettingsCreator
from splink.internals.comparison import Comparison
from splink.internals.exceptions import SplinkException

from .blocking import Block
from .comparing import comparison
from .data import Report
from .records import Field

_LEAST = 20  # pairs of a block that EM can learn from
LESSON = 100_000  # pairs of a lesson; of a larger block, all pairs of some of its keys
_SAMPLE = 250_000  # random pairs that show how often strangers agree
_WRONG = 0.03  # share of values of true matches that have nothing to do with each other
_MOVED = 0.1  # of what people change together when they move, and a lesson among those who stayed does not see
_CHANGING = ("address", "phone", "email", "postcode", "street_number")
_LOOSE = ("text", "place", "region", "occupation", "sex", "category")  # many organisations have the same
_SEED = 20070101  # the same files give the same pairs

Model = dict[str, Any]


def linker(connection: duckdb.DuckDBPyConnection, table: str, model: Model | SettingsCreator) -> Linker:
    """Splink on a table in which `row` and `side` say which of the files a row is from."""
    frame = DuckDBAPI(connection).register(table)
    return Linker([frame], model, log_level=logging.CRITICAL)


def strangers(connection: duckdb.DuckDBPyConnection, table: str, fields: list[Field], share: float) -> Model:
    """A model that knows how often rows agree by chance, from random pairs of the table."""
    blank = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="row",
        comparisons=[comparison(f) for f in fields],
        retain_matching_columns=False,
        em_convergence=0.001,
        max_iterations=12,
        probability_two_random_records_match=min(0.5, share),
    )
    new = linker(connection, table, blank)
    new.training.estimate_u_using_random_sampling(max_pairs=_SAMPLE, seed=_SEED, num_chunks=1)
    return new.misc.save_model_to_json()


def lessons(fields: list[Field], sizes: Mapping[Block, int], rows: int) -> list[Block]:
    """Blocks to learn from, dense with matches: two for each field that is no part of them; else one that is not."""
    chosen: list[Block] = []
    for wanted, most in ((1, 3 * rows), (2, 3 * rows), (1, 100 * rows)):
        dense = [b for b, n in sizes.items() if b.fields and _LEAST <= n <= min(10 * LESSON, most)]
        dense.sort(key=lambda b: -sizes[b])
        for field in fields:
            fit = [b for b in dense if field.name not in b.fields and b not in chosen]
            if fit and sum(field.name not in b.fields for b in chosen) < wanted:
                chosen.append(fit[0])
    return chosen


def learned(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    model: Model,
    chosen: Mapping[Block, str],
    sizes: Mapping[Block, int],
    report: Report,
) -> Model:
    """The model with what matches look like: from the pairs of each block, by its rule. Its weights are evidence alone,
    without a share of matches among all pairs."""
    pupil = linker(connection, table, model)
    core = pupil._settings_obj.core_model_settings
    matches = []
    for block, rule in chosen.items():
        comparisons = core.comparisons
        try:
            lesson = pupil.training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=True
            )
            share = lesson.core_model_settings.probability_two_random_records_match
            matches.append((-len(block.fields), sizes[block] * share))  # the more was compared, the surer the share
            report.notes.append(f"learned in {block.label}")
        except (SplinkException, ValueError):  # all pairs of the block look alike, or a share ran to nothing
            core.comparisons = comparisons  # Splink had set some aside for the lesson
            report.notes.append(f"no lesson in {block.label}")
        core = pupil._settings_obj.core_model_settings
    rows = sum(report.rows.values())
    if (alone := _alone(pupil)) is not None:
        matches.append((0, _given_once(alone, sizes)))
    most = max(matches, default=(0, 0.5 * min(report.rows.values())))[1]
    for each in pupil._settings_obj.comparisons:
        report.weights[each.output_column_name] = _sobered(each, most / max(1.0, rows * (rows - 1) / 2), rows)
    return pupil.misc.save_model_to_json() | {"probability_two_random_records_match": 0.5}


def count_values(judge: Linker, connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """How common each value is, for agreement on a rare one weighs more; a match's own two rows do not count."""
    for each in judge._settings_obj.comparisons:
        name = each.output_column_name
        same = each.comparison_levels[1]
        if same._tf_adjustment_column is None:
            continue
        connection.execute(
            f'CREATE TABLE "common_{name}" AS SELECT "{name}", CASE WHEN n > 2 THEN (n - 2) / total '
            f'ELSE least(0.5 / total, {same.u_probability}) END AS "tf_{name}" FROM (SELECT "{name}", count(*) AS n, '
            f'sum(count(*)) OVER () AS total FROM {table} WHERE "{name}" IS NOT NULL GROUP BY "{name}")'
        )
        judge.table_management.register_term_frequency_lookup(judge._db_api.register(f"common_{name}"), name)


def _alone(pupil: Linker) -> Comparison | None:
    """The name of an organisation where nothing else tells organisations from each other."""
    told = [each for each in pupil._settings_obj.comparisons if each.output_column_name not in _LOOSE]
    return told[0] if [each.output_column_name for each in told] == ["organisation_name"] else None


def _given_once(names: Comparison, sizes: Mapping[Block, int]) -> float:
    """Names of organisations are given out once, unlike those of people: the same words are the same organisation,
    however often they come. Answers how many matches that makes."""
    same, words = names.comparison_levels[1:3]
    same._tf_adjustment_column = None
    same.u_probability = words.u_probability = 1 / _SAMPLE
    block = Block("", (f'@"{names.output_column_name}"',), frozenset({names.output_column_name}))
    return next(n for b, n in sizes.items() if b.expressions == block.expressions) / float(same.m_probability or 1.0)


def _sobered(each: Comparison, matches: float, rows: int) -> list[dict[str, object]]:
    """Make what EM learned hold for the few cases it did not see; answers the bits of each outcome.

    The random pairs held that share of matches, which are no strangers. Any value of a match may be wrong altogether.
    Less agreement never speaks more for a match: neighbouring outcomes that say so are one (pool adjacent violators).
    """
    levels = [level for level in each.comparison_levels if not level.is_null_level]
    wrong = _MOVED if each.output_column_name.rstrip("_23456789") in _CHANGING else _WRONG
    pools: list[tuple[float, float, int]] = []  # m and u of neighbouring outcomes taken together, and how many
    by_chance = []
    for level in levels:  # strongest first
        least = max(1 / _SAMPLE, 0.25 / rows if level._tf_adjustment_column else 0.0)
        m = float(level.m_probability or 0.0)
        u = float(level.u_probability or 0.0) if level._u_is_trained else 0.0
        by_chance.append(u := max(u - matches * m, least))
        pools.append((m * (1 - wrong) + u * wrong, u, 1))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] < pools[-1][0] / pools[-1][1]:
            (m, u, n), (m_above, u_above, n_above) = pools.pop(), pools.pop()
            pools.append((m + m_above, u + u_above, n + n_above))
    bits = list[dict[str, object]]()
    factors = [m / u for m, u, n in pools for _each in range(n)]
    for level, u, factor in zip(levels, by_chance, factors, strict=True):
        level.m_probability, level.u_probability = factor * u, u
        bits.append({"outcome": level.label_for_charts, "bits": round(float(np.log2(factor)), 2)})
    return bits
