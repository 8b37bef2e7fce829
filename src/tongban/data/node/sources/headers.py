"""The header of a sheet or text table: below titles, over one to three rows, with cells merged across columns."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

from django.utils.translation import gettext as _

from ..data import Cell, Counts, Row, SourceChanged

SEARCHED = 20  # rows from the top in which the header is looked for
DEEPEST = 3  # rows a header may have
T = TypeVar("T", bound=Sequence[Cell])


class Header:
    """Where each column stands. A column under merged cells is named by its own cell, or `upper/lower`."""

    def __init__(self, rows: list[list[str]]) -> None:
        self.rows = rows
        self.places: dict[str, int] = {}
        self.twice: set[str] = set()
        width = max(map(len, rows))
        padded = [[*row, *[""] * (width - len(row))] for row in rows]
        spread = [_spread(row) for row in padded[:-1]] + [padded[-1]]
        for at in range(width):
            own = [row[at] for row in padded if row[at]]
            over = [row[at] for row in spread if row[at]]
            for name in dict.fromkeys(["/".join(over), *own[-1:]]):
                if name in self.places and self.places[name] != at:
                    self.twice.add(name)
                self.places.setdefault(name, at)
        self.places.pop("", None)
        self.width = width

    def lacks(self, columns: Collection[str]) -> list[str]:
        """Columns that are not in this header, or in it twice."""
        return [name for name in columns if name not in self.places or name in self.twice]

    def repeated(self, cells: Sequence[Cell]) -> bool:
        """Whether a row is one of the header's rows once more, as printed on every page."""
        return _texts(cells) in self.rows

    def row(self, cells: Sequence[Cell], columns: Sequence[str]) -> Row:
        """The wanted cells by column."""
        return {name: cells[at] if (at := self.places[name]) < len(cells) else None for name in columns}


def tabled(
    lines: Iterator[T], columns: Collection[str], where: str, counts: Counts
) -> tuple[Header, Iterator[tuple[int, T]]]:
    """The header and the rows below it, numbered as in the file, without empty rows and repeated headers.

    `SourceChanged` when no row near the top holds the mapping's columns.
    """
    top = list(itertools.islice(lines, SEARCHED))
    texts = [_texts(cells) for cells in top]
    for depth in range(1, DEEPEST + 1):
        for at in range(len(top) - depth + 1):
            if not all(any(row) for row in texts[at : at + depth]):
                continue
            header = Header(texts[at : at + depth])
            if not header.lacks(columns):
                rest = itertools.chain(top[at + depth :], lines)
                return header, _below(header, enumerate(rest, at + depth + 1), counts)
    raise SourceChanged(_gone(texts, columns, where))


def _below(header: Header, rows: Iterator[tuple[int, T]], counts: Counts) -> Iterator[tuple[int, T]]:
    first = set(map(tuple, header.rows))
    starts = {row[:1] for row in first}
    for number, cells in rows:
        if not any(cell is not None and cell != "" for cell in cells):
            continue
        if (_text(cells[0]),) in starts and header.repeated(cells):
            counts.headers += 1
            continue
        yield number, cells


def _gone(texts: list[list[str]], columns: Collection[str], where: str) -> str:
    headers = [Header([row]) for row in texts if any(row)]
    best = min(headers, key=lambda header: len(header.lacks(columns)), default=None)
    missing = best.lacks(columns) if best else list(columns)
    if best and (twice := [name for name in missing if name in best.twice]):
        return str(_("The source changed: {where} has two columns named {names}.")).format(
            where=where, names=", ".join(twice)
        )
    others = [name for name in (best.places if best else {}) if name not in columns]
    return gone(where, missing, others if best and len(missing) < len(columns) else [])


def gone(where: str, missing: Sequence[str], others: Sequence[str]) -> str:
    """The sentence about missing columns, with those that may be them under another name."""
    text = str(_("The source changed: {where} has no column {names}.")).format(where=where, names=", ".join(missing))
    if others:
        text += " " + str(_("Columns the mapping does not know: {names}.")).format(names=", ".join(others[:12]))
    return text


def _spread(row: list[str]) -> list[str]:
    """An upper header row with every merged cell's text over all its columns."""
    last = ""
    return [last := cell or last for cell in row]


def _texts(cells: Sequence[Cell]) -> list[str]:
    texts = [_text(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _text(cell: Cell) -> str:
    return "" if cell is None else " ".join(str(cell).split())
