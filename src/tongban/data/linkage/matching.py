"""`match`: probabilities of pairs, learned without labels by Splink (Fellegi-Sunter, EM) on DuckDB."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
import numpy as np
import pyarrow as pa
from splink import DuckDBAPI, Linker, SettingsCreator
from splink.internals.comparison import Comparison
from splink.internals.exceptions import EMTrainingException

from .blocking import Block, candidates, pairs_in, rare_words
from .comparing import comparison
from .data import Report, Settings
from .grouping import one_to_one, through_others
from .records import Field, derived, fields_of, standardised

_BUDGET = 5  # candidate pairs for each row, where there are more than can always be afforded
_LARGE = 500_000  # rows above which rare words are not asked for: names and numbers find what there is to find
_MEMORY = "1200MB"  # of the engine; more goes to disk
_AFFORDABLE = 4_000_000  # candidate pairs that are never too many
_LESSON = (20, 1_000_000)  # pairs of a block that EM can learn from
_LEARNED = 200_000  # pairs of a lesson, drawn from the block
_SAMPLE = 500_000  # random pairs that show how often strangers agree
_LEAST_WEIGHT = -20.0  # bits; pairs below are strangers, whatever the share of matches
_WRONG = 0.03  # share of values of true matches that have nothing to do with each other
_SEED = 20070101  # the same files give the same pairs

Progress = Callable[[str], None]


def match(
    left: pa.Table, right: pa.Table | None, settings: Settings, progress: Progress = lambda step: None
) -> tuple[pa.Table, Report]:
    """Pairs `left_id, right_id, probability` of two tables, or within one, likeliest first; and what was done."""
    started = time.perf_counter()
    fields = fields_of(settings.left, settings.right)
    progress("read")
    tables = [standardised(left, settings.left, fields)]
    if right is not None:
        tables.append(standardised(right, settings.right, fields))
    names = ["left", "right"][: len(tables)]
    report = Report({name: table.num_rows for name, table in zip(names, tables, strict=True)}, [f.name for f in fields])
    report.seconds["read"] = time.perf_counter() - started
    pairs = _Linkage(tables, fields, report, progress).pairs(settings)
    report.pairs = pairs.num_rows
    report.seconds["total"] = time.perf_counter() - started
    return pairs, report


class _Linkage:
    """One linkage on one database in memory."""

    def __init__(self, tables: list[pa.Table], fields: list[Field], report: Report, progress: Progress) -> None:
        self.fields, self.report, self.progress = fields, report, progress
        self.ids = [table["id"].to_numpy(zero_copy_only=False) for table in tables]
        self.connection = duckdb.connect(config={"memory_limit": _MEMORY})
        self.names = ["left_rows", "right_rows"][: len(tables)]
        for name, table in zip(self.names, tables, strict=True):
            numbered = table.append_column("row", pa.array(range(len(table)), pa.int64()))
            self.connection.register("arriving", numbered)
            more = "".join(f", {column}" for field in fields for column in derived(field))
            self.connection.execute(f"CREATE TABLE {name} AS SELECT *{more} FROM arriving").fetchall()
            self.connection.unregister("arriving")
        self.rows = sum(report.rows.values())
        rare_words(self.connection, fields, self.names, wanted=self.rows <= _LARGE)
        self.sizes = {b: pairs_in(self.connection, b, self.names) for b in candidates(fields)}

    @property
    def possible(self) -> float:
        """How many pairs there are at all."""
        sizes = [len(ids) for ids in self.ids]
        return max(1.0, sizes[0] * sizes[1] if len(sizes) == 2 else sizes[0] * (sizes[0] - 1) / 2)

    @property
    def guess(self) -> float:
        """The share of matches among them before anything is known; `_share` learns it."""
        return 0.5 * min(len(ids) for ids in self.ids) / self.possible

    def pairs(self, settings: Settings) -> pa.Table:
        """Learn, compare, judge."""
        blocks = self._blocks()
        self.report.blocks = [{"block": b.label, "pairs": self.sizes[b]} for b in blocks]
        self.report.compared = sum(self.sizes[b] for b in blocks)
        if not blocks:
            return self._table(np.empty((0, 2), np.int64), np.empty(0))
        linker = self._linker(blocks)
        with self._step("learn"):
            self._learn(linker)
        with self._step("compare"):
            rows, weights = self._compared(linker)
        with self._step("judge"):
            return self._judged(rows, weights, settings)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self.progress(name)
        started = time.perf_counter()
        yield
        self.report.seconds[name] = time.perf_counter() - started

    def _blocks(self) -> list[Block]:
        """The blocks that are compared: strongest first, as many as the budget bears."""
        budget = max(_AFFORDABLE, _BUDGET * self.rows)
        chosen, spent = [], 0
        for block, size in self.sizes.items():
            if 0 < size <= budget / 4 and spent + size <= budget:
                chosen.append(block)
                spent += size
        return chosen

    def _linker(self, blocks: list[Block]) -> Linker:
        api = DuckDBAPI(self.connection)
        frames = [api.register(name) for name in self.names]
        return Linker(
            frames,
            SettingsCreator(
                link_type="link_only" if len(frames) == 2 else "dedupe_only",
                unique_id_column_name="row",
                comparisons=[comparison(f) for f in self.fields],
                blocking_rules_to_generate_predictions=[b.rule for b in blocks],
                retain_matching_columns=False,
                em_convergence=0.001,
                max_iterations=12,
                probability_two_random_records_match=min(0.5, self.guess),
            ),
            log_level=logging.CRITICAL,
        )

    def _learn(self, linker: Linker) -> None:
        """Strangers from random pairs; matches in blocks dense with them, up to two lessons for each field."""
        linker.training.estimate_u_using_random_sampling(max_pairs=_SAMPLE, seed=_SEED, num_chunks=1)
        least, most = _LESSON
        dense = [b for b, n in self.sizes.items() if b.fields and least <= n <= min(most, 3 * self.rows)]
        dense.sort(key=lambda b: -self.sizes[b])
        learned: list[Block] = []
        for wanted in (1, 2):
            for field in self.fields:
                fit = [b for b in dense if field.name not in b.fields and b not in learned]
                while fit and sum(field.name not in b.fields for b in learned) < wanted:
                    dense.remove(block := fit.pop(0))
                    if self._lesson(linker, block):
                        learned.append(block)
        for each in linker._settings_obj.comparisons:
            self.report.weights[each.output_column_name] = _sobered(each)

    def _lesson(self, linker: Linker, block: Block) -> bool:
        core = linker._settings_obj.core_model_settings
        comparisons = core.comparisons
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(
                block.rule,
                max_pairs=_LEARNED if self.sizes[block] > _LEARNED else None,
                record_sample_proportion=0.1 if self.rows > _LARGE else 1.0,
            )
        except (EMTrainingException, ValueError):  # all pairs of the block look alike, or a share ran to nothing
            core.comparisons = comparisons  # Splink had set some aside for the lesson
            self.report.notes.append(f"no lesson in {block.label}")
            return False
        self.report.notes.append(f"learned in {block.label}")
        return True

    def _compared(self, linker: Linker) -> tuple[np.ndarray, np.ndarray]:
        """Rows of each candidate pair, and the evidence for it in bits, without the prior."""
        scored = linker.inference.predict(threshold_match_weight=_LEAST_WEIGHT)
        sql = f"SELECT row_l, row_r, match_weight FROM {scored.physical_name}"
        found: pa.Table = self.connection.sql(sql).to_arrow_table()
        prior = float(linker._settings_obj._probability_two_random_records_match)
        row_l, row_r, weight = (column.to_numpy() for column in found.columns)
        return np.column_stack([row_l, row_r]), weight - np.log2(prior / (1 - prior))

    def _judged(self, rows: np.ndarray, evidence: np.ndarray, settings: Settings) -> pa.Table:
        probability = self._share(evidence)
        kept = probability >= settings.threshold
        rows, probability = rows[kept], probability[kept]
        if len(self.ids) == 1:
            rows, probability = through_others(rows, probability)
            kept = probability >= settings.threshold
            rows, probability = rows[kept], probability[kept]
        if settings.one_to_one:
            single = one_to_one(rows, probability)
            rows, probability = rows[single], probability[single]
        return self._table(rows, probability)

    def _share(self, evidence: np.ndarray) -> np.ndarray:
        """Probabilities whose sum agrees with the share of matches that they assume: it is learned as well."""
        share = self.guess
        probability = np.zeros(len(evidence))
        for _step in range(100):
            probability = 1 / (1 + np.exp2(-evidence) * (1 - share) / share)
            new = min(0.5, max(0.5, probability.sum()) / self.possible)
            if abs(new - share) <= 1e-6 * share:
                break
            share = new
        self.report.expected = round(share * self.possible, 1)
        return probability

    def _table(self, rows: np.ndarray, probability: np.ndarray) -> pa.Table:
        order = np.argsort(-probability, kind="stable")
        left, right = self.ids[0][rows[order, 0]], self.ids[-1][rows[order, 1]]
        columns = {"left_id": left, "right_id": right}
        found = {name: pa.array(ids, pa.string()) for name, ids in columns.items()}
        return pa.table({**found, "probability": probability[order]})


def _sobered(each: Comparison) -> list[dict[str, object]]:
    """Make what EM learned hold for the few cases it did not see; answers the bits of each outcome.

    Any value of a match may be wrong altogether, and less agreement never speaks more for a match: neighbouring
    outcomes that say so are one (pool adjacent violators).
    """
    levels = [level for level in each.comparison_levels if not level.is_null_level]
    pools: list[tuple[float, float, int]] = []  # m and u of neighbouring outcomes taken together, and how many
    strangers = [float(level.u_probability or 0.0) if level._u_is_trained else 1 / _SAMPLE for level in levels]
    for level, u in zip(levels, strangers, strict=True):  # strongest first
        m = float(level.m_probability or 0.0) * (1 - _WRONG) + u * _WRONG
        pools.append((m, u, 1))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] < pools[-1][0] / pools[-1][1]:
            (m, u, n), (m_above, u_above, n_above) = pools.pop(), pools.pop()
            pools.append((m + m_above, u + u_above, n + n_above))
    bits = list[dict[str, object]]()
    factors = [m / u for m, u, n in pools for _each in range(n)]
    for level, u, factor in zip(levels, strangers, factors, strict=True):
        level.m_probability, level.u_probability = factor * u, u
        bits.append({"outcome": level.label_for_charts, "bits": round(float(np.log2(factor)), 2)})
    return bits
