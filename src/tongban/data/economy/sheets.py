"""The cells of a file, whatever program wrote it: CSV in UTF-8 or GB18030, XLSX, XLS. Formulas are not computed."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from tongban.base.kernel.api import Invalid

MOST_BYTES, MOST_UNPACKED, MOST_CELLS = 50 << 20, 400 << 20, 5_000_000
FORMULA = object()
"""Stands in a cell that holds a formula: its value is not in the file for certain."""
Row = list[Any]


def rows(file: IO[bytes], name: str) -> Iterator[tuple[int, Row]]:
    """The rows of the first sheet with their numbers, empty ones left out. `Invalid` for what is no such file."""
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise Invalid({"file": _("The file is too large: at most 50 MB.")})
    read = _xlsx if data[:4] == b"PK\x03\x04" else _xls if data[:4] == b"\xd0\xcf\x11\xe0" else _csv
    cells = 0
    for number, row in enumerate(read(data), 1):
        cells += len(row)
        if cells > MOST_CELLS:
            raise Invalid({"file": _("The file has too many cells: at most five million.")})
        if any(value not in (None, "") for value in row):
            yield number, row


def _csv(data: bytes) -> Iterator[Row]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            try:
                yield from csv.reader(io.StringIO(text))
            except csv.Error:
                break
            return
    raise Invalid({"file": _("This is neither CSV (UTF-8 or GB18030) nor a spreadsheet.")})


def _xlsx(data: bytes) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MOST_UNPACKED:
                raise Invalid({"file": _("The file is too large when unpacked.")})
        book = load_workbook(io.BytesIO(data), read_only=True)
        for row in book.worksheets[0].iter_rows():
            yield [FORMULA if cell.data_type == "f" else cell.value for cell in row]
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, IndexError):
        raise Invalid({"file": _("This spreadsheet cannot be read.")}) from None


def _xls(data: bytes) -> Iterator[Row]:
    try:
        import xlrd
        from xlrd.biffh import XLRDError
    except ImportError:
        raise Invalid({"file": _("Old .xls files cannot be read here: save it as .xlsx.")}) from None
    try:
        sheet = xlrd.open_workbook(file_contents=data, on_demand=True).sheet_by_index(0)
    except (XLRDError, AssertionError, IndexError, ValueError):
        raise Invalid({"file": _("This spreadsheet cannot be read.")}) from None
    for number in range(sheet.nrows):
        yield list(sheet.row_values(number))
