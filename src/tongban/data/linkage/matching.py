"""`match`: probabilities of pairs, learned without labels (Fellegi-Sunter, EM), with Splink on DuckDB or on Spark."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django import conf

from .blocking import RARE_WORD, Block, candidates, pairs_in, pairs_of, rare_words
from .data import Report, Settings
from .engines import compare, engine
from .grouping import one_to_one, through_others
from .learning import LESSON, Model, count_values, examples, learned, lessons
from .learning import settings as as_settings
from .records import Field, derived, fields_of, standardised

_BUDGET = 5  # candidate pairs for each row, where there are more than can always be afforded
_AFFORDABLE = 4_000_000  # candidate pairs that are never too many
_LARGE = 400_000  # rows above which what is sure is not compared, and only keys that few rows share are looked at
_MEMORY = "1200MB"  # of the engine; more goes to disk
_LEAST_EVIDENCE = -20.0  # bits; pairs below are strangers, whatever the share of matches
_UNIQUE = 0.999  # share of the sure pairs whose rows are in no other, where a number names one row of a file

_NUMBERS = ("identity_number", "registration_number")
_NAMES = ("name", "given_name", "family_name", "organisation_name")
_MORE = ("address", "phone", "email")
_REST = " WHERE row NOT IN (SELECT l FROM sure UNION ALL SELECT r FROM sure)"

Progress = Callable[[str], None]


def match(
    left: pa.Table, right: pa.Table | None, settings: Settings, progress: Progress = lambda step: None
) -> tuple[pa.Table, Report]:
    """Pairs `left_id, right_id, probability` of two tables, or within one, likeliest first; and what was done."""
    started = time.perf_counter()
    fields = fields_of(settings.left, settings.right)
    sides = [(left, settings.left)] + ([(right, settings.right)] if right is not None else [])
    names = ["left", "right"][: len(sides)]
    report = Report({n: t.num_rows for n, (t, _c) in zip(names, sides, strict=True)}, [f.name for f in fields])
    for name, (table, columns) in zip(names, sides, strict=True):
        if again := table.num_rows - pc.count_distinct(table[columns.id], "all").as_py():
            report.notes.append(f"{name}: {again} rows have an id that another row has")
    with tempfile.TemporaryDirectory() as folder:
        on = settings.engine or conf.settings.TONGBAN_LINKAGE_ENGINE
        linkage = _Linkage(fields, report, progress, folder, on)
        try:
            with linkage.step("read"):
                for table, columns in sides:
                    linkage.arrive(standardised(table, columns, fields), table[columns.id].combine_chunks())
            pairs = linkage.pairs(settings)
        finally:
            linkage.engine.close()
            linkage.connection.close()
    report.pairs = pairs.num_rows
    report.seconds["total"] = time.perf_counter() - started
    return pairs, report


class _Linkage:
    """One linkage on one database in memory.

    Table `every` has all rows of both files (`row`, `side` 0 or 1, the fields), `sure` the pairs that need no
    comparing, `rows` what is left, `pairs` the candidates and `compared` their rows with what comparing needs.
    """

    def __init__(self, fields: list[Field], report: Report, progress: Progress, folder: str, on: str) -> None:
        self.fields, self.report, self.progress = fields, report, progress
        self.ids: list[pa.Array] = []
        self.linked = len(report.rows) == 2
        self.large = sum(report.rows.values()) > _LARGE
        self.connection = duckdb.connect(
            config={"memory_limit": _MEMORY, "temp_directory": folder, "preserve_insertion_order": False}
        )
        self.engine = engine(self.connection, on)

    def arrive(self, table: pa.Table, ids: pa.Array) -> None:
        """The rows of the next file."""
        start = sum(len(each) for each in self.ids)
        numbers = pa.array(np.arange(start, start + len(ids)))
        sides = pa.array(np.full(len(ids), len(self.ids), np.int8))
        self.connection.register("arriving", table.append_column("row", numbers).append_column("side", sides))
        how = "INSERT INTO every" if self.ids else "CREATE TABLE every AS"
        self.connection.execute(f"{how} FROM arriving")
        self.connection.unregister("arriving")
        self.ids.append(ids)

    @property
    def possible(self) -> float:
        """How many pairs there are at all."""
        sizes = [len(ids) for ids in self.ids]
        return max(1.0, sizes[0] * sizes[1] if self.linked else sizes[0] * (sizes[0] - 1) / 2)

    @property
    def guess(self) -> float:
        """The share of matches among them before anything is known; `_share` learns it."""
        return 0.5 * min(len(ids) for ids in self.ids) / self.possible

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step whose seconds are reported."""
        self.progress(name)
        started = time.perf_counter()
        yield
        self.report.seconds[name] = time.perf_counter() - started

    def pairs(self, settings: Settings) -> pa.Table:
        """Set apart what is sure, learn, compare, judge."""
        with self.step("prepare"):
            known = self._sure() if self.large and self.linked else {}
            self.connection.execute(f"CREATE {'TABLE' if known else 'VIEW'} rows AS FROM every{_REST if known else ''}")
            possible = [b for b in candidates(self.fields) if not (self.large and b is RARE_WORD)]
            if self.large:
                self.connection.execute("CREATE TABLE part AS FROM every WHERE hash(row) % 16 = 0")
                sizes = {b: 16**2 * pairs_in(self.connection, b, "part", self.linked) for b in possible}
            else:
                rare_words(self.connection, self.fields)
                sizes = {b: pairs_in(self.connection, b, b.table, self.linked) for b in possible}
            blocks = self._blocks(sizes)
        if not blocks and not known:
            return self._table(np.empty((0, 2), np.int64), np.empty(0))
        with self.step("learn"):
            model = self._learn(sizes)
        with self.step("compare"):
            self.report.blocks = [{"block": b.label, "pairs": sizes[b]} for b in blocks]
            self.report.compared = pairs_of(self.connection, blocks, self.linked)
            found = [self._compared(model), *(self._known(n, outcomes) for n, outcomes in known.items())]
        with self.step("judge"):
            return self._judged(
                np.concatenate([r for r, _e in found]), np.concatenate([e for _r, e in found]), settings
            )

    def _sure(self) -> dict[int, dict[str, int]]:
        """Fills the table `sure` with pairs that agree in what names one row of each file; answers what agrees by each
        rule: field -> number of the outcome (2: the same sound)."""
        kinds = {kind: [f.name for f in self.fields if f.meaning in kind] for kind in (_NUMBERS, _NAMES, _MORE)}
        names = dict.fromkeys(kinds[_NAMES], 2)
        dates = {f.name: 0 for f in self.fields if f.meaning == "birth_date"}
        rules = [{n: 0} | names for n in kinds[_NUMBERS]] + [{n: 0} | dates | names for n in kinds[_MORE] if dates]
        self.connection.execute("CREATE TABLE sure (l BIGINT, r BIGINT, rule TINYINT)")
        known = {}
        for number, rule in enumerate(rules if names else []):
            same = [
                f'l."{n}_sound" = r."{n}_sound"' if outcome else f'l."{n}" = r."{n}"' for n, outcome in rule.items()
            ]
            same += [f'coalesce(l."{n}" = r."{n}", true)' for n in kinds[_NUMBERS] if n not in rule]
            self.connection.execute(
                f"CREATE OR REPLACE TABLE alike AS SELECT l.row AS l, r.row AS r FROM (FROM every{_REST}) l "
                f"JOIN (FROM every{_REST}) r ON {' AND '.join(same)} AND l.side < r.side"
            )
            counted = self.connection.execute("SELECT count(*), count(DISTINCT l), count(DISTINCT r) FROM alike")
            pairs, *single = counted.fetchall()[0]
            if pairs and min(single) >= _UNIQUE * pairs:
                known[number] = rule
                self.connection.execute(f"INSERT INTO sure SELECT l, r, {number} FROM alike")
        return known

    def _known(self, rule: int, outcomes: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
        """The pairs that a rule made sure, and the bits that what agrees speaks for them."""
        found = self.connection.sql(f"SELECT l, r FROM sure WHERE rule = {rule}").to_arrow_table()
        row_l, row_r = (column.to_numpy() for column in found.columns)
        bits = sum(float(str(self.report.weights[name][n]["bits"])) for name, n in outcomes.items())
        return np.column_stack([row_l, row_r]), np.full(len(row_l), bits)

    def _blocks(self, sizes: dict[Block, int]) -> list[Block]:
        """The blocks that are compared: strongest first, as many as the budget bears."""
        rows = sum(len(ids) for ids in self.ids)
        if self.large:
            return [block for block, size in sizes.items() if 0 < size <= rows]
        budget = max(_AFFORDABLE, _BUDGET * rows)
        chosen, spent = [], 0
        for block, size in sizes.items():
            if 0 < size <= budget / 4 and spent + size <= budget:
                chosen.append(block)
                spent += size
        return chosen

    def _learn(self, sizes: dict[Block, int]) -> Model:
        """From some pairs of each lesson's block; of a large file, from fewer."""
        chosen = lessons(self.fields, sizes, sum(len(ids) for ids in self.ids))
        most = LESSON // 4 if self.large else LESSON
        examples(self.connection, {b: -(-sizes[b] // most) for b in chosen}, self.linked)
        return learned(self.connection, self.engine, self.fields, chosen, sizes, min(0.5, self.guess), self.report)

    def _compared(self, model: Model) -> tuple[np.ndarray, np.ndarray]:
        """Rows of each candidate pair, and the evidence for it in bits."""
        derived(self.connection, "compared", "rows", "pairs", self.fields)
        scored = compare(
            self.engine,
            "compared",
            "pairs",
            as_settings(self.fields, model),
            f"SELECT row_l, row_r, match_weight FROM {{}} WHERE match_weight >= {_LEAST_EVIDENCE} ORDER BY ALL",
            count_values(self.connection, self.fields, model),
        )
        row_l, row_r, weight = (column.to_numpy() for column in scored.columns)
        return np.column_stack([row_l, row_r]), weight

    def _judged(self, rows: np.ndarray, evidence: np.ndarray, settings: Settings) -> pa.Table:
        probability = self._share(evidence)
        kept = probability >= settings.threshold
        rows, probability = rows[kept], probability[kept]
        if not self.linked:
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
        odds = np.exp2(-evidence)
        probability = np.zeros(len(evidence))
        for _step in range(100):
            probability = 1 / (1 + odds * (1 - share) / share)
            new = min(0.5, max(0.5, probability.sum()) / self.possible)
            if abs(new - share) <= 1e-6 * share:
                break
            share = new
        self.report.expected = round(share * self.possible, 1)
        return probability

    def _table(self, rows: np.ndarray, probability: np.ndarray) -> pa.Table:
        order = np.argsort(-probability, kind="stable")
        first, second = rows[order, 0], rows[order, 1] - (len(self.ids[0]) if self.linked else 0)
        left, right = self.ids[0].take(pa.array(first)), self.ids[-1].take(pa.array(second))
        return pa.table({"left_id": left, "right_id": right, "probability": probability[order]})
