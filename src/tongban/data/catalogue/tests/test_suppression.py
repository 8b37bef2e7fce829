"""T42: whoever has every published table still cannot tell how many the few are."""

from __future__ import annotations

import random
from fractions import Fraction

from tongban.data.catalogue.open.suppression import Counts, K, Table, one_way, two_way


def attack(equations: list[tuple[set[object], int]]) -> set[object]:
    """Every unknown whose value follows from sums that are published: exact elimination over the rationals."""
    names = sorted({name for unknowns, _total in equations for name in unknowns}, key=str)
    rows = [[Fraction(name in unknowns) for name in names] + [Fraction(total)] for unknowns, total in equations]
    pivots, at = [], 0
    for column in range(len(names)):
        found = next((i for i in range(at, len(rows)) if rows[i][column]), None)
        if found is None:
            continue
        rows[at], rows[found] = rows[found], rows[at]
        rows[at] = [value / rows[at][column] for value in rows[at]]
        for i, row in enumerate(rows):
            if i != at and row[column]:
                rows[i] = [a - row[column] * b for a, b in zip(row, rows[at], strict=True)]
        pivots.append(column)
        at += 1
    free = set(range(len(names))) - set(pivots)
    return {names[column] for i, column in enumerate(pivots) if not any(rows[i][j] for j in free)}


def published(name: str, table: Table, truth: dict[tuple[int, int], int]) -> list[tuple[set[object], int]]:
    """What a table tells: each row, each column, and the totals of both, as sums of what is hidden."""
    told = []
    down, across = list(table.rows), list(table.columns)

    def line(cells: list[tuple[object, int | None]], total: int, sign: object = None) -> None:
        told.append(({cell for cell, n in cells if n is None}, total - sum(n or 0 for _cell, n in cells)))

    for row in down:
        cells: list[tuple[object, int | None]] = [((name, row, one), table.cells[row, one]) for one in across]
        if (total := table.rows[row]) is not None:
            line(cells, total)
    for one in across:
        cells = [((name, row, one), table.cells[row, one]) for row in down]
        if (total := table.columns[one]) is not None:
            line(cells, total)
    line([((name, row, one), table.cells[row, one]) for row in down for one in across], table.total)
    return told


def test_t42_one_item() -> None:
    assert one_way({"a": 100, "b": 50}) == Counts({"a": 100, "b": 50}, 150)
    assert one_way({"a": 100, "b": 3}).cells == {"a": None, "b": None}
    assert one_way({"a": 100, "b": 40, "c": 3, "d": 0}).cells == {"a": 100, "b": None, "c": None, "d": 0}
    assert one_way({"a": 2}).cells == {"a": None}


def test_t42_no_difference_of_published_numbers_gives_a_hidden_one() -> None:
    chance = random.Random(42)
    tables = 0
    for _turn in range(150):
        down, across = chance.randrange(2, 6), chance.randrange(2, 6)
        truth = {
            (i, j): chance.choice((0, 0, 1, 2, 3, 4, 5, 7, 12, 40, 300)) for i in range(down) for j in range(across)
        }
        table = two_way(truth)
        if table is None:
            continue
        tables += 1
        for cell, shown in table.cells.items():
            assert shown in (None, truth[cell])
            assert not (shown is not None and 0 < shown < K)
        for totals in (table.rows, table.columns):
            assert not any(n is not None and 0 < n < K for n in totals.values())
        assert attack(published("t", table, truth)) == set(), (truth, table)
    assert tables > 50


def test_t42_tables_that_share_an_item_hide_its_totals_alike() -> None:
    chance = random.Random(7)
    people = [(chance.choice("aaaabbbc"), chance.choice("xxxxyyz"), chance.choice("mmmn")) for _one in range(120)]
    people += [("d", "z", "n")]
    for first, second, third in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        made = []
        for other in (second, third):
            counts: dict[tuple[str, str], int] = {}
            for person in people:
                counts[person[first], person[other]] = counts.get((person[first], person[other]), 0) + 1
            table = two_way(counts)
            if table is not None:
                made.append({key for key, n in table.rows.items() if n is None})
        assert all(one == made[0] for one in made)
