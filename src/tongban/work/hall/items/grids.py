"""CSV, XLSX and HTML tables as grids of cells; finding the heading among title lines and merged cells."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from .data import Finding
from .decoding import decode
from .source import MAX_CELL, MAX_COLUMNS, MAX_ROWS, Hints, Raw, Table, Unreadable

_LOOK = 25  # title lines above a heading are never more
_UNPACKED = 300_000_000
_RATIO = 200


@dataclass
class Grid:
    """Numbered rows of cells. `spans` holds rows that have cells merged sideways, `formulas` their row numbers."""

    rows: list[tuple[int, list[Any]]]
    spans: set[int] = field(default_factory=set)
    formulas: set[int] = field(default_factory=set)
    notes: list[Finding] = field(default_factory=list)
    ragged: bool = True


def read_csv(content: bytes, hints: Hints) -> Grid:
    """Delimited text of any usual delimiter; quotes that never close are taken as ordinary characters."""
    text, damaged = decode(content, hints.encoding)
    notes = []
    if damaged:
        notes.append(_note("file.encoding", _("Some characters of this file are damaged.")))
    first, _newline, rest = text.partition("\n")
    delimiter = hints.delimiter
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        delimiter, text = delimiter or first.strip()[4], rest
    delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter) or _delimiter(text)
    rows, unclosed = _records(text, delimiter, csv.QUOTE_MINIMAL)
    if unclosed:
        notes.append(_note("file.quotes", _("A quotation mark is opened and never closed; quotes were not heeded.")))
        rows, _again = _records(text, delimiter, csv.QUOTE_NONE)
    return Grid(rows, notes=notes)


def _records(text: str, delimiter: str, quoting: int) -> tuple[list[tuple[int, list[Any]]], bool]:
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=quoting,  # type: ignore[arg-type]
    )
    rows: list[tuple[int, list[Any]]] = []
    try:
        for number, cells in enumerate(islice(reader, MAX_ROWS + 1), 1):
            if any(len(cell) > MAX_CELL for cell in cells) and quoting != csv.QUOTE_NONE:
                return rows, True
            rows.append((number, list(cells)))
    except csv.Error:
        if quoting != csv.QUOTE_NONE:
            return rows, True
        raise Unreadable("file.format", _("This file cannot be read as a table.")) from None
    last = rows[-1][1] if rows else []
    unclosed = quoting != csv.QUOTE_NONE and any("\n" in cell for cell in last) and text.count('"') % 2 == 1
    return rows, unclosed


def _delimiter(text: str) -> str:
    """The sign that cuts most of the first lines into the same number of cells, at least two."""
    sample = text[:200_000]
    best, best_score = ",", 0.0
    for delimiter in (",", "\t", ";", "|", "，", "^", "\x01"):
        counts = [len(row) for _n, row in _records(sample, delimiter, csv.QUOTE_MINIMAL)[0][:200] if any(row)]
        if not counts:
            continue
        usual = max(set(counts), key=lambda n: (counts.count(n) if n > 1 else 0, n))
        if usual > 1:
            score = counts.count(usual) / len(counts) + min(usual, 20) / 100
            if score > best_score:
                best, best_score = delimiter, score
    return best


def read_xlsx(content: bytes, hints: Hints) -> Grid:
    """The sheet named, else the one with most rows. Merged cells repeat their value; formulas give what they showed."""
    import openpyxl

    _refuse_bomb(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=False)
        names = [sheet.title for sheet in book.worksheets]
        if hints.sheet and hints.sheet not in names:
            raise Unreadable("map.sheet", _("There is no sheet named “%s”.") % hints.sheet)
        shown = [s for s in book.worksheets if s.sheet_state == "visible"] or book.worksheets
        sheet: Any = book[hints.sheet] if hints.sheet else max(shown, key=_size)
        values: Any = None
        if any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row):
            values = openpyxl.load_workbook(io.BytesIO(content), data_only=True)[sheet.title]
    except Unreadable:
        raise
    except Exception as error:  # openpyxl raises what its parsers raise: KeyError, ValueError, BadZipFile, XML errors
        raise Unreadable("file.format", _("This spreadsheet is damaged: %s") % str(error)[:200]) from None
    grid = Grid([], ragged=False)
    filled = _filled(sheet, grid)
    for row in sheet.iter_rows(max_col=min(sheet.max_column or 1, MAX_COLUMNS)):
        cells = []
        for cell in row:
            value = filled.get((cell.row, cell.column), cell.value)
            if cell.data_type == "f":
                grid.formulas.add(cell.row)
                cached = values.cell(cell.row, cell.column).value if values else None
                value = str(getattr(cell.value, "text", cell.value)) if cached is None else cached
            cells.append(value)
        grid.rows.append((row[0].row, cells))
    return grid


def _size(sheet: Any) -> int:
    return sum(1 for row in sheet.iter_rows(values_only=True) if any(value not in (None, "") for value in row))


def _filled(sheet: Any, grid: Grid) -> dict[tuple[int, int], Any]:
    filled = {}
    for area in sheet.merged_cells.ranges:
        value = sheet.cell(area.min_row, area.min_col).value
        if area.max_col > area.min_col:
            grid.spans.update(range(area.min_row, area.max_row + 1))
        # A title merged over a whole sheet must not fill a million cells.
        for row in range(area.min_row, min(area.max_row, area.min_row + 20_000) + 1):
            for column in range(area.min_col, min(area.max_col, area.min_col + MAX_COLUMNS) + 1):
                filled[row, column] = value
    return filled


def _refuse_bomb(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError):
        raise Unreadable("file.format", _("This spreadsheet is damaged.")) from None
    if unpacked > _UNPACKED or unpacked > max(len(content), 10_000) * _RATIO:
        raise Unreadable("file.size", _("This spreadsheet unpacks to far more than a list of items can be."))


def read_html(content: bytes, hints: Hints) -> Grid:
    """The largest table of a page: many offices save those as “.xls”."""
    import lxml.html

    text, _damaged = decode(content, hints.encoding)
    tables: Any = []
    try:
        tables = lxml.html.document_fromstring(text).xpath("//table")
    except Exception:  # lxml raises several unrelated kinds on hopeless input
        tables = []
    rows: list[tuple[int, list[Any]]] = []
    for table in tables:
        found = [[cell.text_content() for cell in row.xpath("./td|./th")] for row in table.xpath(".//tr")]
        if len(found) > len(rows):
            rows = list(enumerate(found, 1))
    if len(rows) < 2:
        raise Unreadable("file.format", _("This is a web page, not a list. Was it saved from an error message?"))
    return Grid(rows)


def to_table(grid: Grid, knows: Callable[[str], bool], header: int = 0) -> Table:
    """The rows under the heading, by column. `knows` tells whether a text names a field of items."""
    rows = [(number, cells) for number, cells in grid.rows if any(_shown(cell) for cell in cells)]
    if not rows:
        raise Unreadable("file.empty", _("This file has no rows."))
    if len(rows) > MAX_ROWS:
        raise Unreadable("file.size", _("This file has more than %d rows.") % MAX_ROWS)
    place = _heading(rows, knows, header)
    names, below = _names(rows, place, grid, knows)
    table = Table([name for name in names if name], [], list(grid.notes))
    for number, cells in rows[below:]:
        texts = [_shown(cell) for cell in cells]
        if _repeats(texts, names) or _is_section(texts, number, grid):
            table.skipped += 1
            continue
        table.rows.append(_raw(number, cells, texts, names, grid))
    return table


def _heading(rows: Sequence[tuple[int, list[Any]]], knows: Callable[[str], bool], header: int) -> int:
    if header:
        for place, (number, _cells) in enumerate(rows):
            if number == header:
                return place
        raise Unreadable("map.header", _("There is no row %d.") % header)
    widest = max(len({_shown(cell) for cell in cells} - {""}) for _number, cells in rows[:_LOOK])
    best, best_score = 0, -1.0
    for place, (_number, cells) in enumerate(rows[:_LOOK]):
        texts = {_shown(cell) for cell in cells} - {""}
        known = sum(1 for text in texts if len(text) <= 60 and knows(text))
        score = known + (0.5 if len(texts) >= 0.6 * widest else 0.0)
        if known and score > best_score:
            best, best_score = place, score
    if best_score < 0:
        wide = (place for place, (_n, cells) in enumerate(rows) if sum(bool(_shown(c)) for c in cells) >= 0.6 * widest)
        best = next(wide, 0)
    return best


def _names(
    rows: Sequence[tuple[int, list[Any]]], place: int, grid: Grid, knows: Callable[[str], bool]
) -> tuple[list[str], int]:
    """Column names, of one heading line or of two where the first has cells merged sideways."""
    number, cells = rows[place]
    names = [_shown(cell) for cell in cells]
    below = place + 1
    if below < len(rows):
        second = [_shown(cell) for cell in rows[below][1]]
        repeated = number in grid.spans or len({n for n in names if n}) < len([n for n in names if n])
        if repeated and any(knows(text) for text in second) and not any(len(text) > 60 for text in second):
            second += [""] * (len(names) - len(second))
            names = [
                low if not top or top == low or (low and knows(low) and not knows(top)) else f"{top} {low}".strip()
                for top, low in zip(names, second, strict=False)
            ]
            below += 1
    seen: dict[str, int] = {}
    for column, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        if name and seen[name] > 1:
            names[column] = f"{name} ({seen[name]})"
    return names, below


def _raw(number: int, cells: list[Any], texts: list[str], names: list[str], grid: Grid) -> Raw:
    faults = []
    if grid.ragged and any(texts[len(names) :]):
        message = _("%(n)d cells under %(m)d headings: a delimiter inside a text is not quoted.")
        faults.append(Finding(number, "", "row.cells", "error", message % {"n": len(texts), "m": len(names)}))
    elif grid.ragged and len(texts) < len(names):
        message = _("%(n)d cells under %(m)d headings.") % {"n": len(texts), "m": len(names)}
        faults.append(Finding(number, "", "row.short", "warning", message))
    if number in grid.formulas:
        message = _("A cell holds a formula; the text that it showed was taken.")
        faults.append(Finding(number, "", "cell.formula", "warning", message))
    values = {name: cell for name, cell in zip(names, cells, strict=False) if name}
    return Raw(number, values, tuple(faults))


def _repeats(texts: list[str], names: list[str]) -> bool:
    """A heading printed again on the next page."""
    both = [(a, b) for a, b in zip(texts, names, strict=False) if a or b]
    return len(both) > 1 and all(a == b for a, b in both)


def _is_section(texts: list[str], number: int, grid: Grid) -> bool:
    """A line across the whole table, such as 一、行政许可."""
    return number in grid.spans and len(texts) > 2 and len(set(texts)) == 1


def _shown(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())


def _note(rule: str, message: str) -> Finding:
    return Finding(None, "", rule, "warning", message)
