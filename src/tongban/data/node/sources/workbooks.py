"""Workbooks (XLSX). A formula is never evaluated: the value stored beside it is taken as text, and counted."""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

from ..conversions import written
from ..data import Cell, Change, Counts, Place, SourceChanged
from . import Numbered, Source, sources
from .files import steady
from .headers import tabled

_LARGEST = 4 << 30  # bytes of a workbook's parts, unpacked
_RATIO = 200  # a part packed closer than this is a bomb, not a sheet


class Workbooks(Source):
    """The named sheet (or the first) of every file."""

    def __init__(self, paths: list[Path], place: Place, columns: Collection[str]) -> None:
        self.paths, self.place, self.columns = paths, place, columns

    def shape(self) -> dict[str, str]:
        with self._lines(self.paths[0], Counts()) as lines:
            header, _rows = tabled(lines, self.columns, self.paths[0].name, Counts())
        return dict.fromkeys(header.places, "cell")

    def rows(self, columns: Sequence[str], counts: Counts, change: Change, mark: Any) -> Iterator[Numbered]:
        for path in self.paths:
            with self._lines(path, counts) as lines:
                header, rows = tabled(lines, columns, path.name, counts)
                yield from ((number, header.row(cells, columns)) for number, cells in rows)

    @contextmanager
    def _lines(self, path: Path, counts: Counts) -> Iterator[Iterator[Sequence[Cell]]]:
        try:
            formulas = _looked_through(path)
            with _sheet(path, self.place.get("sheet"), values=True) as values:
                if not formulas:
                    yield iter(values)
                    return
                with _sheet(path, self.place.get("sheet"), values=False) as texts:
                    yield _without_formulas(values, texts, counts)
        except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, SyntaxError) as error:
            raise SourceChanged(
                _("The source changed: {where} is not a workbook that can be read ({why}).").format(
                    where=path.name, why=type(error).__name__
                )
            ) from None


def _looked_through(path: Path) -> bool:
    """Whether a sheet holds formulas. Bombs and document types (T24) are refused before any parser sees them."""
    formulas, size = False, 0
    with zipfile.ZipFile(path) as package:
        for part in package.infolist():
            size += part.file_size
            if size > _LARGEST or part.file_size > max(part.compress_size, 4096) * _RATIO:
                raise SourceChanged(_("{where} unpacks to far too much.").format(where=path.name))
            if not part.filename.endswith((".xml", ".rels")):
                continue
            with package.open(part) as stream:
                before = b""
                while chunk := stream.read(1 << 20):
                    seen = before + chunk
                    if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
                        raise SourceChanged(_("{where} declares a document type.").format(where=path.name))
                    formulas = formulas or b"<f>" in seen or b"<f " in seen
                    before = chunk[-16:]
    return formulas


@contextmanager
def _sheet(path: Path, name: str, *, values: bool) -> Iterator[Iterator[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=values, keep_links=False)
    try:
        if name and name not in book.sheetnames:
            raise SourceChanged(
                _("The source changed: {where} has no sheet {name}; there are {names}.").format(
                    where=path.name, name=name, names=", ".join(book.sheetnames)
                )
            )
        yield (book[name] if name else book.worksheets[0]).iter_rows(values_only=True)
    finally:
        book.close()


def _without_formulas(
    values: Iterator[tuple[Any, ...]], texts: Iterator[tuple[Any, ...]], counts: Counts
) -> Iterator[Sequence[Cell]]:
    for stored, said in itertools.zip_longest(values, texts, fillvalue=()):
        if any(_formula(cell) for cell in said):
            cells = list(stored)
            for at, cell in enumerate(said):
                if _formula(cell):
                    counts.formulas += 1
                    cells[at] = written(cells[at])
            yield cells
        else:
            yield stored


def _formula(cell: Any) -> bool:
    return (isinstance(cell, str) and cell.startswith("=")) or type(cell).__name__ in (
        "ArrayFormula",
        "DataTableFormula",
    )


@sources("xlsx")
@contextmanager
def open_workbooks(place: Place, columns: Collection[str]) -> Iterator[Workbooks]:
    """Workbooks by a path or a pattern."""
    with steady(place.get("path")) as paths:
        yield Workbooks(paths, place, columns)
