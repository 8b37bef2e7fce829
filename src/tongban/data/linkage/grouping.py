"""From pairs to groups: what two rows have in common through a third."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

_STEP = 0.5  # least probability of a step
_MEAN = 0.3  # least mean probability between two groups that become one; pairs never compared count as nothing
_LARGEST = 400  # rows that hang together; more are a chain of chance, and only what was compared counts there


def through_others(rows: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of one file, with those that follow through others: a and c match at least as surely as a-b times b-c,
    where they are of one group. Groups grow by average linkage: one likely pair does not join two crowds."""
    partners: dict[int, dict[int, float]] = defaultdict(dict)
    found: dict[tuple[int, int], float] = {}
    for (a, b), p in zip(rows.tolist(), probability.tolist(), strict=True):
        found[min(a, b), max(a, b)] = p
        if p >= _STEP:
            partners[a][b] = partners[b][a] = p
    for members in _groups(partners):
        if 2 < len(members) <= _LARGEST:
            likely = np.array([[found.get((min(a, b), max(a, b)), 0.0) for b in members] for a in members])
            for crowd in _crowds(likely):
                for a, b, p in _surest_ways(likely[np.ix_(crowd, crowd)]):
                    pair = members[crowd[a]], members[crowd[b]]
                    found[pair] = max(p, found.get(pair, 0.0))
    return np.array(list(found), np.int64).reshape(-1, 2), np.array(list(found.values()))


def _groups(partners: dict[int, dict[int, float]]) -> list[list[int]]:
    seen: set[int] = set()
    groups = []
    for start in partners:
        if start in seen:
            continue
        group, open_rows = [], [start]
        seen.add(start)
        while open_rows:
            row = open_rows.pop()
            group.append(row)
            new = partners[row].keys() - seen
            seen |= new
            open_rows += new
        groups.append(sorted(group))
    return groups


def _crowds(likely: np.ndarray) -> list[list[int]]:
    """The members parted by average linkage: the two crowds with the greatest mean become one, while it is enough."""
    crowds = [[n] for n in range(len(likely))]
    sums, sizes = likely.copy(), np.ones(len(likely))
    while True:
        means = sums / np.outer(sizes, sizes)
        np.fill_diagonal(means, 0.0)
        a, b = sorted(int(n) for n in np.unravel_index(means.argmax(), means.shape))
        if means[a, b] < _MEAN:
            return [sorted(crowd) for crowd in crowds if len(crowd) > 1]
        crowds[a] += crowds[b]
        crowds[b] = []
        sums[a] += sums[b]
        sums[:, a] += sums[:, b]
        sums[b] = sums[:, b] = 0.0
        sizes[a] += sizes[b]


def _surest_ways(sure: np.ndarray) -> list[tuple[int, int, float]]:
    """The greatest product of probabilities over all ways from row to row (Floyd and Warshall)."""
    for n in range(len(sure)):
        np.maximum(sure, np.outer(sure[:, n], sure[n]), out=sure)
    return [(a, b, float(sure[a, b])) for a, b in np.argwhere(np.triu(sure, 1) > 0).tolist()]


def one_to_one(rows: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Which pairs stay when each row has one partner at most: the likeliest first."""
    left: set[int] = set()
    right: set[int] = set()
    kept = np.zeros(len(rows), bool)
    for n in np.argsort(-probability, kind="stable").tolist():
        a, b = rows[n].tolist()
        if a not in left and b not in right:
            left.add(a)
            right.add(b)
            kept[n] = True
    return kept
