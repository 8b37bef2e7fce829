"""Invented rows into the base registers by their bulk path, or as CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tongban.base.kernel.api import system
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import BulkReport

from .persons import MARK

Progress = Callable[[str, int, int], None]
"""What is being done, how much of it is done, how much there is of it."""

_CHUNK = 20_000


def quiet(text: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def deliver(register: str, columns: Mapping[str, Sequence[Any]], progress: Progress = quiet) -> BulkReport:
    """Bring generated columns into a register; the rows' source says `demo`. The same rows again change nothing."""
    names = [name for name in columns if name != "mark"]
    with system():
        return registers.bulk(
            register,
            names,
            _watched(register, columns, names, progress),
            source=MARK,
            reason="demonstration data",
        )


def _watched(
    register: str, columns: Mapping[str, Sequence[Any]], names: Sequence[str], progress: Progress
) -> Iterator[bytes]:
    total = len(columns[names[0]])
    for start in range(0, total, _CHUNK):
        text = io.StringIO()
        stop = min(start + _CHUNK, total)
        csv.writer(text).writerows(zip(*(columns[name][start:stop] for name in names), strict=True))
        yield text.getvalue().encode()
        progress(register, stop, total)


def save(folder: Path, name: str, columns: Mapping[str, Sequence[Any]]) -> Path:
    """The columns as `name.csv`, the mark on every row."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path
