"""Counts that nobody can be found by: small cells hidden, and enough others that no subtraction brings them back (T42).

A count from 1 to `k - 1` is hidden. Since totals are published too, a hidden count alone in its row or column could be
subtracted; so further cells are hidden until every hidden cell lies on a closed loop of hidden cells. (Hidden cells are
the edges of a graph whose nodes are the rows and columns with their totals; a value follows from the others exactly if
its edge is a bridge.) Besides, what is hidden in one row or column adds up to at least `2 * k`, so that no bound on a
hidden cell comes close to it. Totals of one item are hidden alike in every table the item is in.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

K = 5
"""Fewest that may be told apart."""

Key = Hashable
_Cell = tuple[int, int]


@dataclass(frozen=True)
class Counts:
    """Counts by one item, None where hidden. `total` is always shown; all are hidden where nothing else helps."""

    cells: Mapping[Key, int | None]
    total: int


@dataclass(frozen=True)
class Table:
    """Counts by two items; `rows` and `columns` are their totals."""

    cells: Mapping[tuple[Key, Key], int | None]
    rows: Mapping[Key, int | None]
    columns: Mapping[Key, int | None]
    total: int


def one_way(counts: Mapping[Key, int], k: int = K) -> Counts:
    """Counts by one item, protected against each other and the total."""
    hidden = {key for key, count in counts.items() if 0 < count < k}
    rest = sorted((count, str(key), key) for key, count in counts.items() if key not in hidden and count)
    while hidden and rest and (len(hidden) < 2 or sum(counts[key] for key in hidden) < 2 * k):
        hidden.add(rest.pop(0)[2])
    if hidden and (len(hidden) < 2 or sum(counts[key] for key in hidden) < 2 * k):
        hidden = {key for key, count in counts.items() if count}
    return Counts({key: None if key in hidden else count for key, count in counts.items()}, sum(counts.values()))


def two_way(counts: Mapping[tuple[Key, Key], int], k: int = K) -> Table | None:
    """Counts by two items. None where only an empty table would be safe."""
    down = list(dict.fromkeys(row for row, _column in counts))
    across = list(dict.fromkeys(column for _row, column in counts))
    rows = one_way({row: sum(counts.get((row, one), 0) for one in across) for row in down}, k)
    columns = one_way({one: sum(counts.get((row, one), 0) for row in down) for one in across}, k)
    grid = _Grid([[counts.get((row, one), 0) for one in across] for row in down], k)
    grid.hide_totals([rows.cells[row] is None for row in down], [columns.cells[one] is None for one in across])
    if not grid.protect():
        return None
    cells = {
        (row, one): None if (i, j) in grid.hidden else grid.values[i][j]
        for i, row in enumerate(down)
        for j, one in enumerate(across)
    }
    return Table(cells, rows.cells, columns.cells, rows.total)


class _Grid:
    """The table with its totals as a last column and a last row; which cells are hidden."""

    def __init__(self, inner: list[list[int]], k: int) -> None:
        self.k, self.down, self.across = k, len(inner), len(inner[0]) if inner else 0
        self.values = [[*row, sum(row)] for row in inner]
        self.values.append([sum(column) for column in zip(*self.values, strict=True)])
        self.hidden: set[_Cell] = {(i, j) for i in range(self.down) for j in range(self.across) if 0 < inner[i][j] < k}

    def hide_totals(self, rows: list[bool], columns: list[bool]) -> None:
        self.hidden |= {(i, self.across) for i, hide in enumerate(rows) if hide}
        self.hidden |= {(self.down, j) for j, hide in enumerate(columns) if hide}

    def protect(self) -> bool:
        """Hide inner cells until nothing can be worked out; False when all are hidden and it still can."""
        while weak := self._weak():
            if not any(self._hide_beside(cell) for cell in weak):
                return False
        return True

    def _weak(self) -> list[_Cell]:
        """Hidden cells that follow from others, or are bounded too closely by their row or column."""
        found = sorted(self._bridges())
        for i in range(self.down):
            found += self._thin([(i, j) for j in range(self.across + 1)])
        for j in range(self.across):
            found += self._thin([(i, j) for i in range(self.down + 1)])
        return found

    def _thin(self, line: list[_Cell]) -> list[_Cell]:
        """The hidden inner cells of a line whose total is shown, if they add up to too little."""
        *inner, total = line
        hidden = [cell for cell in inner if cell in self.hidden]
        if not hidden or total in self.hidden:
            return []
        return hidden if sum(self.values[i][j] for i, j in hidden) < 2 * self.k else []

    def _hide_beside(self, cell: _Cell) -> bool:
        """Hide the smallest shown inner cell in the same row, else column, else anywhere; zeros last."""
        i, j = cell
        for places in (
            [(i, other) for other in range(self.across)] if i < self.down else [],
            [(other, j) for other in range(self.down)] if j < self.across else [],
            [(a, b) for a in range(self.down) for b in range(self.across)],
        ):
            shown = [one for one in places if one not in self.hidden]
            if shown:
                self.hidden.add(min(shown, key=self._cost))
                return True
        return False

    def _cost(self, cell: _Cell) -> tuple[bool, int]:
        value = self.values[cell[0]][cell[1]]
        return value == 0, value

    def _bridges(self) -> set[_Cell]:
        """Edges on no cycle, by Tarjan's low points, without recursion."""
        edges: dict[int, list[tuple[int, _Cell]]] = {}
        for i, j in self.hidden:
            row, column = i, self.down + 1 + j
            edges.setdefault(row, []).append((column, (i, j)))
            edges.setdefault(column, []).append((row, (i, j)))
        order: dict[int, int] = {}
        low: dict[int, int] = {}
        found: set[_Cell] = set()
        for start in edges:
            if start in order:
                continue
            order[start] = low[start] = len(order)
            stack: list[tuple[int, _Cell | None, int]] = [(start, None, 0)]
            while stack:
                node, came, at = stack.pop()
                if at < len(edges[node]):
                    stack.append((node, came, at + 1))
                    other, edge = edges[node][at]
                    if edge == came:
                        continue
                    if other in order:
                        low[node] = min(low[node], order[other])
                    else:
                        order[other] = low[other] = len(order)
                        stack.append((other, edge, 0))
                elif came is not None:
                    parent = stack[-1][0]
                    low[parent] = min(low[parent], low[node])
                    if low[node] > order[parent]:
                        found.add(came)
        return found
