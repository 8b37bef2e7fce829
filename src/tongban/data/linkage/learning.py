"""What agreement is worth: learned without labels (Fellegi-Sunter, EM) from what Splink says of pairs, then made
sober."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import duckdb
import numpy as np
import pyarrow as pa
from splink import SettingsCreator

from .blocking import Block
from .comparing import by_rarity, comparison, outcomes
from .data import Report
from .engines import Engine, compare
from .records import Field, derived

_LEAST = 20  # pairs of a block that EM can learn from
LESSON = 100_000  # pairs of a lesson; of a larger block, all pairs of some of its keys
_STRANGERS = 5_000  # rows that show how often strangers agree, each with some of the others
_SAMPLE = 250_000  # random pairs of them
_RAREST = 1 / 250_000  # no outcome is rarer among strangers
_PASSES = 5  # of EM over a lesson; more follow its accidents
_WRONG = 0.03  # share of values of true matches that have nothing to do with each other
_MOVED = 0.1  # of what people change together when they move, and a lesson among those who stayed does not see
_LOOSE = ("text", "place", "region", "occupation", "sex", "category")  # many organisations have the same
_CHANGING = ("address", "phone", "email", "postcode", "street_number")


@dataclass
class Weights:
    """How often matches and strangers show each outcome of one field, the strongest first."""

    m: np.ndarray
    u: np.ndarray


Model = dict[str, Weights]


def settings(fields: list[Field], model: Model) -> SettingsCreator:
    """The model as Splink wants it; its weights are evidence alone, without a share of matches among all pairs."""
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="row",
        comparisons=[
            comparison(f, model[f.name].m.tolist(), model[f.name].u.tolist()) if model else comparison(f)
            for f in fields
        ],
        retain_matching_columns=not model,  # only so does Splink tell the outcomes
        probability_two_random_records_match=0.5,
    )


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


def examples(connection: duckdb.DuckDBPyConnection, shares: Mapping[Block, int], linked: bool) -> None:
    """Makes the table `examples`: pairs of each lesson, of one part of its keys, and pairs of rows by chance."""
    connection.execute(
        f"CREATE TABLE strangers AS SELECT row, row_number() OVER () AS n FROM "
        f"(SELECT row FROM every ORDER BY hash(row), row LIMIT {_STRANGERS})"
    )
    rows = connection.execute("SELECT count(*) FROM strangers").fetchall()[0][0]
    each = [
        f"SELECT '{n}' AS lesson, l, r FROM ({block.pairs(linked, 'every', share)})"
        for n, (block, share) in enumerate(shares.items())
    ]
    each.append(
        "SELECT 'chance' AS lesson, l.row AS l, r.row AS r FROM (SELECT row, unnest(range(n + 1, n + 1 + "
        f"{-(-_SAMPLE // max(1, rows))})) AS other FROM strangers) l JOIN strangers r ON l.other = r.n"
    )
    connection.execute(
        "CREATE TABLE examples AS SELECT lesson AS match_key, l AS join_key_l, r AS join_key_r "
        f"FROM ({' UNION ALL '.join(each)})"
    )


def learned(
    connection: duckdb.DuckDBPyConnection,
    engine: Engine,
    fields: list[Field],
    chosen: list[Block],
    sizes: Mapping[Block, int],
    share: float,
    report: Report,
) -> Model:
    """A model from the table `examples`: from strangers how often rows agree by chance, from each lesson what matches
    look like. `share`: a guess of how many of all pairs match."""
    derived(connection, "taught", "every", "examples", fields)
    names = ", ".join(f"gamma_{f.name}" for f in fields)
    seen = compare(
        engine,
        "taught",
        "examples",
        settings(fields, {}),
        f"SELECT match_key, {names}, count(*) AS n FROM {{}} GROUP BY match_key, {names} ORDER BY ALL",
    )
    last = {f.name: len(outcomes(f)) - 1 for f in fields}
    chance = _Seen(seen, "chance", last)
    model = {
        name: Weights(0.75 * 0.25 ** np.arange(n + 1.0), np.maximum(chance.share(name), _RAREST))
        for name, n in last.items()
    }
    for weights in model.values():  # what is assumed of matches until it is learned: three of four agree
        weights.m[-1] = 0.25 ** (len(weights.m) - 1)
    told: dict[str, list[np.ndarray]] = {name: [] for name in last}
    matches = []
    for n, block in enumerate(chosen):
        lesson = _Seen(seen, str(n), {name: k for name, k in last.items() if name not in block.fields})
        odds = share / (1 - share) * np.prod([model[f].m[0] / model[f].u[0] for f in block.fields])
        found, m = lesson.matches(model, odds / (1 + odds))
        report.notes.append(f"{'learned' if m else 'no lesson'} in {block.label}")
        if m:
            matches.append((-len(block.fields), sizes[block] * found))  # the more was compared, the surer the share
        for name, shares in m.items():
            told[name].append(shares)
    for name, weights in model.items():
        for k in range(len(weights.m)):
            if shown := [shares[k] for shares in told[name] if not np.isnan(shares[k])]:
                weights.m[k] = median(shown)
    if (alone := _alone(fields)) is not None:
        matches.append((0, _given_once(model[alone.name], alone, sizes)))
    rows = sum(report.rows.values())
    most = max(matches, default=(0, 0.5 * min(report.rows.values())))[1]
    for field in fields:
        report.weights[field.name] = _sobered(field, model[field.name], most / max(1.0, rows * (rows - 1) / 2), rows)
    return model


def _alone(fields: list[Field]) -> Field | None:
    """The name of an organisation where nothing else tells organisations from each other."""
    telling = [f for f in fields if f.meaning not in _LOOSE]
    return telling[0] if [f.meaning for f in telling] == ["organisation_name"] else None


def _given_once(weights: Weights, field: Field, sizes: Mapping[Block, int]) -> float:
    """Names of organisations are given out once, unlike those of people: the same words are the same organisation,
    however often they come. Answers how many matches that makes."""
    weights.u[:2] = 0.0
    same = next(size for block, size in sizes.items() if block.expressions == (f'@"{field.name}"',))
    return same / float(weights.m[0])


class _Seen:
    """The outcomes of some pairs: every combination once, with how many pairs show it. A value that is missing is no
    outcome."""

    def __init__(self, seen: pa.Table, lesson: str, last: Mapping[str, int]) -> None:
        here = np.array(seen["match_key"].to_pylist(), object) == lesson
        self.pairs = seen["n"].to_numpy()[here].astype(float)
        self.outcome = {name: n - seen[f"gamma_{name}"].to_numpy()[here].astype(int) for name, n in last.items()}
        self.last = last

    def share(self, name: str, likely: np.ndarray | float = 1.0) -> np.ndarray:
        """How often each outcome of a field was seen, among the pairs so likely to match."""
        outcome = self.outcome[name]
        known = outcome <= self.last[name]
        weight = (self.pairs * likely)[known]
        found: np.ndarray = np.bincount(outcome[known], weight, self.last[name] + 1) / max(weight.sum(), 1e-300)
        return found

    def matches(self, model: Model, share: float) -> tuple[float, dict[str, np.ndarray]]:
        """EM: the share of matches among the pairs, and how often matches show each outcome, not a number where no
        pair shows it; nothing if it finds no matches, or nothing else."""
        m = {name: model[name].m for name in self.last}
        for _pass in range(_PASSES):
            odds = np.full(len(self.pairs), share / (1 - share))
            for name, outcome in self.outcome.items():
                odds *= np.append(m[name] / model[name].u, 1.0)[outcome]
            likely = odds / (1 + odds)
            share = float((self.pairs * likely).sum() / max(1.0, self.pairs.sum()))
            if not 0 < share < 1:
                return 0.0, {}
            m = {name: self.share(name, likely) for name in self.last}
        unseen = {name: self.share(name) == 0 for name in m}
        return share, {name: np.where(unseen[name], np.nan, shares) for name, shares in m.items()}


def _sobered(field: Field, weights: Weights, matches: float, rows: int) -> list[dict[str, object]]:
    """Make what EM learned hold for the few cases it did not see; answers the bits of each outcome.

    The random pairs held that share of matches, which are no strangers. Any value of a match may be wrong altogether.
    Less agreement never speaks more for a match: neighbouring outcomes that say so are one (pool adjacent violators).
    """
    wrong = _MOVED if field.name.rstrip("_23456789") in _CHANGING else _WRONG
    least = np.full(len(weights.u), _RAREST)
    if by_rarity(field):
        least[0] = max(least[0], 0.25 / rows)
    by_chance = np.maximum(weights.u - matches * weights.m, least)
    pools: list[tuple[float, float, int]] = []  # m and u of neighbouring outcomes taken together, and how many
    for m, u in zip(weights.m.tolist(), by_chance.tolist(), strict=True):  # strongest first
        pools.append((m * (1 - wrong) + u * wrong, u, 1))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] < pools[-1][0] / pools[-1][1]:
            (m, u, n), (m_above, u_above, n_above) = pools.pop(), pools.pop()
            pools.append((m + m_above, u + u_above, n + n_above))
    factors = np.array([m / u for m, u, n in pools for _each in range(n)])
    weights.m, weights.u = factors * by_chance, by_chance
    bits = np.log2(factors)
    return [{"outcome": label, "bits": round(float(b), 2)} for label, b in zip(outcomes(field), bits, strict=True)]


def count_values(connection: duckdb.DuckDBPyConnection, fields: list[Field], model: Model) -> list[str]:
    """Makes `common_<field>`, how common each value is, for agreement on a rare one weighs more; a match's own two rows
    do not count, and names that are given out once are all rare. Answers the fields."""
    found = [f for f in fields if by_rarity(f)]
    alone = _alone(fields)
    for field in found:
        name, rare = field.name, model[field.name].u[0]
        common = f"CASE WHEN n > 2 THEN (n - 2) / total ELSE least(0.5 / total, {rare}) END" if field != alone else rare
        connection.execute(
            f'CREATE TABLE "common_{name}" AS SELECT "{name}", {common} AS "tf_{name}" FROM (SELECT "{name}", '
            f'count(*) AS n, sum(count(*)) OVER () AS total FROM rows WHERE "{name}" IS NOT NULL GROUP BY "{name}")'
        )
    return [field.name for field in found]
