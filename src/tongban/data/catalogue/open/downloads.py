"""The rows of an open resource as a file: CSV, XLSX or JSON, streamed, never with a formula in a cell (T28)."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import IO

from django.core.serializers.json import DjangoJSONEncoder
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from tongban.base.kernel.api import Invalid
from tongban.engine.registers import api as registers

from .offers import Offer, every, texts, values

FORMS = ("csv", "xlsx", "json")
MOST_IN_SHEET = 50_000
"""Rows of a spreadsheet; it cannot be streamed, and CSV can."""

_MEMORY = 4 << 20


def download(found: Offer, form: str, asked: Mapping[str, str]) -> HttpResponseBase:
    """An attachment of all rows that the filters let through. `Invalid` for an unknown format or filter."""
    if form not in FORMS:
        raise Invalid({"format": _("Choose csv, xlsx or json.")})
    rows = every(found, asked)
    first = next(rows, None)  # wrong filters are an answer of their own, not half a file
    lines = (one for part in ([first] if first else [], rows) for one in part)
    name = f"{found.slug}.{form}"
    if form == "json":
        objects = (json.dumps(values(found, row), cls=DjangoJSONEncoder, ensure_ascii=False) for row in lines)
        return _streamed(_json(objects), "application/json", name)
    headings = [item.title for item in found.items]
    cells = ([registers.safe(text, numbers=True) for text in texts(found, row)] for row in lines)
    if form == "csv":
        return _streamed(_csv(headings, cells), "text/csv; charset=utf-8", name)
    return FileResponse(_xlsx(found.resource.title, headings, cells), as_attachment=True, filename=name)


def _streamed(parts: Iterator[str], kind: str, name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse((one.encode() for one in parts), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _csv(headings: list[str], cells: Iterable[list[str]]) -> Iterator[str]:
    """With a mark at the beginning, by which office programs know UTF-8."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    yield "\ufeff" + writer.writerow([registers.safe(one, numbers=True) for one in headings])
    for line in cells:
        yield writer.writerow(line)


def _json(objects: Iterable[str]) -> Iterator[str]:
    yield "["
    for at, one in enumerate(objects):
        yield f",\n{one}" if at else f"\n{one}"
    yield "\n]\n"


def _xlsx(title: str, headings: list[str], cells: Iterable[list[str]]) -> IO[bytes]:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("".join(one for one in title if one not in r"[]:*?/\'")[:31] or "data")
    for at, line in enumerate(([registers.safe(one, numbers=True) for one in headings], *cells)):
        if at > MOST_IN_SHEET:
            raise Invalid({"format": _("A spreadsheet holds at most 50,000 rows here. Choose csv, or filter.")})
        row = []
        for text in line:
            cell = WriteOnlyCell(sheet, value=text)
            cell.data_type = "s"  # openpyxl would make a formula of what begins with "="
            row.append(cell)
        sheet.append(row)
    file: IO[bytes] = tempfile.SpooledTemporaryFile(_MEMORY)  # noqa: SIM115 - the response closes it
    book.save(file)
    file.seek(0)
    return file
