"""Invented rows into the base registers by their bulk path, or as CSV files."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from tongban.base.kernel.api import system
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import BulkReport

from .persons import MARK, Columns

Progress = Callable[[str, int, int], None]
"""What is being done, how much of it is done, how much there is of it."""

_CHUNK = 20_000


def quiet(text: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def deliver(register: str, blocks: Iterable[Columns], total: int, progress: Progress = quiet) -> BulkReport:
    """Bring generated columns into a register, block by block; the rows' source says `demo`. The same rows again
    change nothing."""
    rest = iter(blocks)
    first = next(rest)
    names = [name for name in first if name != "mark"]
    rows = _watched(register, chain([first], rest), names, total, progress)
    with system():
        return registers.bulk(register, names, rows, source=MARK, reason="demonstration data")


def _watched(
    register: str, blocks: Iterable[Columns], names: Sequence[str], total: int, progress: Progress
) -> Iterator[tuple[Any, ...]]:
    done = 0
    for block in blocks:
        size = len(block[names[0]])
        for start in range(0, size, _CHUNK):
            yield from zip(*(block[name][start : start + _CHUNK] for name in names), strict=True)
            progress(register, done + min(start + _CHUNK, size), total)
        done += size


def save(folder: Path, name: str, blocks: Iterable[Mapping[str, Sequence[Any]]]) -> Path:
    """The columns as `name.csv`, the mark on every row."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer, heading = csv.writer(file), False
        for block in blocks:
            if not heading:
                writer.writerow(block)
                heading = True
            writer.writerows(zip(*block.values(), strict=True))
    return path
