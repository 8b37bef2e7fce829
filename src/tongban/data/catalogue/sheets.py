"""Spreadsheets of the catalogue, XLSX or CSV: lines, and the columns that are known by their titles, in any order."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, BinaryIO

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.cell import WriteOnlyCell

from tongban.base.kernel.api import Invalid

MAX_LINES = 20_000
Cells = Mapping[str, str]


def rows(
    stream: BinaryIO, name: str, columns: Mapping[str, Sequence[str]], needed: Collection[str]
) -> Iterator[tuple[int, Cells]]:
    """Line numbers with the cells that say something, by column, after the line of titles. `Invalid` under `file` when
    no line has the titles of the `needed` columns."""
    heads: dict[str, int] = {}
    known = {title: column for column, titles in columns.items() for title in titles}
    for number, line in enumerate(_lines(stream, name), 1):
        if not heads:
            places = {known[_plain(cell)]: i for i, cell in reversed(list(enumerate(line))) if _plain(cell) in known}
            heads = places if all(column in places for column in needed) else {}
            continue
        cells = {column: line[i] for column, i in heads.items() if i < len(line)}
        if any(cells.values()):
            yield number, cells
    if not heads:
        titles = "”“".join(columns[column][0] for column in needed)
        raise Invalid({"file": _("No line has the titles “{titles}”. Please use the template.").format(titles=titles)})


def written(title: str, lines: Iterable[Iterable[str]]) -> bytes:
    """A workbook of one sheet, every cell a text."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for line in lines:
        cells = [WriteOnlyCell(sheet, value) for value in line]
        for cell in cells:
            cell.data_type = "s"
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _lines(stream: BinaryIO, name: str) -> Iterator[Sequence[str]]:
    try:
        if name.lower().endswith(".csv"):
            text = _decoded(stream.read())
            found: Iterable[Sequence[Any]] = csv.reader(io.StringIO(text))
        else:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            found = book.worksheets[0].iter_rows(values_only=True)
        for row in islice(found, MAX_LINES):
            yield ["" if cell is None else str(cell).strip() for cell in row]
    except Exception as error:  # its parsers raise what they like: KeyError, BadZipFile, csv.Error, XML errors
        raise Invalid({"file": _("This file cannot be read as XLSX or CSV.")}) from error


def _decoded(content: bytes) -> str:
    """CSV as office programs write it: UTF-8, else GB18030."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _plain(title: str) -> str:
    return "".join(title.split()).strip("*＊")
