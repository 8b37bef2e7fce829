"""Lists as files: CSV and XLSX, masked, and never with a formula in a cell (T28)."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterator, Mapping
from io import TextIOWrapper
from typing import IO, Any

from django.db import transaction
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from tongban.base.kernel.api import Invalid, Ref
from tongban.base.ledger import api as ledger
from tongban.trust.identity.api import Actor

from .data import RegisterDefinition, Row
from .queries import access_register, iterate, trace
from .values import masked, shown

MAX_XLSX = 1_000_000
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell that begins so is read as a formula by some spreadsheet; full-width forms are folded by some."""
_MEMORY = 4 << 20


def export(
    actor: Actor,
    key: str,
    filters: Mapping[str, Any] | None = None,
    format: str = "csv",
    *,
    search: str = "",
) -> IO[bytes]:
    """The filtered list as a file, open at its beginning: what the caller may see, personal items masked.

    CSV is UTF-8 with a mark, as office programs expect it. Rows stream through memory; the export itself is
    recorded. Needs `register.export`. `Invalid` for an unknown format or filter.
    """
    register = access_register(actor, key, "register.export")
    writer = _WRITERS.get(format)
    if writer is None:
        raise Invalid({"format": _("Choose csv or xlsx.")})
    with transaction.atomic():
        file: IO[bytes] = tempfile.SpooledTemporaryFile(_MEMORY)  # noqa: SIM115 - the caller reads it
        count = writer(file, register, _lines(register, _traced(actor, key, iterate(key, filters or {}, search))))
        subject = Ref("registers.register", key)
        ledger.write(
            "registers.exported",
            subject,
            by=actor.by,
            format=format,
            rows=count,
            filters=sorted(filters or {}),
        )
    file.seek(0)
    return file


def safe(text: str, *, numbers: bool = False) -> str:
    """The text so that no spreadsheet computes with it: an apostrophe before a dangerous beginning.

    Control characters go first: a program that drops them would uncover what stood behind. `numbers`: plain numbers,
    negative ones too, stay numbers.
    """
    text = "".join(c for c in text if c >= " " or c in "\t\r\n")
    if numbers and text.lstrip("-").replace(".", "", 1).isdecimal():
        return text
    return f"'{text}" if text.lstrip(" ").startswith(_DANGEROUS) else text


def _traced(actor: Actor, key: str, rows: Iterator[Row]) -> Iterator[Row]:
    """Who takes personal records away in a file has read each of them."""
    for row in rows:
        trace(actor, key, [row])
        yield row


def _lines(register: RegisterDefinition, rows: Iterator[Row]) -> Iterator[list[str]]:
    fields = register.live
    for row in rows:
        yield [safe(shown(field, masked(field, row.values[field.name]))) for field in fields]


def _headings(register: RegisterDefinition) -> list[str]:
    return [safe(str(field.title)) for field in register.live]


def _csv(file: IO[bytes], register: RegisterDefinition, lines: Iterator[list[str]]) -> int:
    text = TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    out = csv.writer(text, quoting=csv.QUOTE_ALL)
    out.writerow(_headings(register))
    count = 0
    for count, line in enumerate(lines, 1):  # noqa: B007 - the count is the result
        out.writerow(line)
    text.detach()
    return count


def _xlsx(file: IO[bytes], register: RegisterDefinition, lines: Iterator[list[str]]) -> int:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(register.title.zh[:31])
    sheet.append([_cell(sheet, text) for text in _headings(register)])
    count = 0
    for count, line in enumerate(lines, 1):
        if count > MAX_XLSX:
            raise Invalid({"format": _("A spreadsheet holds at most one million rows. Narrow the list or choose csv.")})
        sheet.append([_cell(sheet, text) for text in line])
    book.save(file)
    return count


def _cell(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"  # openpyxl would make a formula of anything that begins with "="
    return cell


_WRITERS: dict[str, Callable[[IO[bytes], RegisterDefinition, Iterator[list[str]]], int]] = {
    "csv": _csv,
    "xlsx": _xlsx,
}
