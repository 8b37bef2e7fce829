"""From pairs to groups: what two rows have in common through a third."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

_STEP = 0.9  # least probability of a step
_LARGEST = 80  # rows of a group; larger ones are chains of chance, and only what was compared counts there


def through_others(rows: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of one file, with those that follow through others: a and c match at least as surely as a-b times b-c,
    where each step is sure enough by itself."""
    partners: dict[int, dict[int, float]] = defaultdict(dict)
    found: dict[tuple[int, int], float] = {}
    for (a, b), p in zip(rows.tolist(), probability.tolist(), strict=True):
        found[min(a, b), max(a, b)] = p
        if p >= _STEP:
            partners[a][b] = partners[b][a] = p
    for members in _groups(partners):
        if 2 < len(members) <= _LARGEST:
            for pair, p in _surest_ways(members, partners):
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


def _surest_ways(members: list[int], partners: dict[int, dict[int, float]]) -> list[tuple[tuple[int, int], float]]:
    """The greatest product of probabilities over all ways from row to row (Floyd and Warshall)."""
    place = {row: n for n, row in enumerate(members)}
    sure = np.zeros((len(members), len(members)))
    for row in members:
        for other, p in partners[row].items():
            sure[place[row], place[other]] = p
    for n in range(len(members)):
        np.maximum(sure, np.outer(sure[:, n], sure[n]), out=sure)
    upper = np.argwhere(np.triu(sure, 1) > 0)
    return [((members[a], members[b]), float(sure[a, b])) for a, b in upper.tolist()]


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
