"""A delivery as lines of CSV, and lines as columns of text: every source, file or program, goes the same way."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv

BLOCK = 2 << 20  # bytes that are judged, sealed and staged together: some 15,000 rows
_ROWS = 5_000
Source = Iterable[Sequence[Any]] | Iterable[bytes] | IO[bytes]


class Unreadable(ValueError):
    """The delivery is no CSV of these columns; the argument says where, without a value of it."""


def blocks(source: Source) -> Iterator[bytes]:
    """Whole lines of a delivery, some thousand at a time. A quoted line break does not end a line."""
    begun = b""
    for piece in _pieces(source):
        begun = begun + piece if begun else piece
        if len(begun) >= BLOCK and (end := _last_end(begun)):
            yield begun[:end]
            begun = begun[end:]
    if begun:
        yield begun


def lines_of(text: bytes) -> list[bytes]:
    """A block's lines, without the breaks that end them."""
    lines = text.removesuffix(b"\n").split(b"\n")
    if b'"' not in text:
        return lines
    whole, begun = [], b""
    for line in lines:
        begun += line
        if begun.count(b'"') % 2:
            begun += b"\n"
        else:
            whole.append(begun)
            begun = b""
    return [*whole, begun] if begun else whole


def table_of(lines: Sequence[bytes], columns: Sequence[str]) -> pa.Table:
    """Columns of text, nothing where the line has nothing. `Unreadable` names the line, from 1, if it is known."""
    ragged: list[int] = []

    def note(row: Any) -> str:
        ragged.append(row.number)
        return "error"

    text = b"\n".join([*lines, b""])
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(text),
            pyarrow.csv.ReadOptions(column_names=list(columns), use_threads=False, block_size=len(text) + 1),
            pyarrow.csv.ParseOptions(
                newlines_in_values=b'"' in text, ignore_empty_lines=False, invalid_row_handler=note
            ),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid as error:
        raise Unreadable(ragged[0] if ragged else "UTF-8" if "UTF8" in str(error) else "CSV") from None
    if table.num_rows != len(lines):
        raise Unreadable("CSV")
    return table


def _pieces(source: Source) -> Iterator[bytes]:
    """Bytes as they come; rows of a program as CSV."""
    if hasattr(source, "read"):
        file: IO[bytes] = source  # type: ignore[assignment]
        return iter(lambda: file.read(BLOCK), b"")
    rows: Iterator[Any] = iter(source)
    first = next(rows, b"")
    everything = chain([first], rows)
    return everything if isinstance(first, bytes) else _written(everything)


def _written(rows: Iterator[Sequence[Any]]) -> Iterator[bytes]:
    while some := list(islice(rows, _ROWS)):
        text = io.StringIO()
        csv.writer(text).writerows(some)
        yield text.getvalue().encode()


def _last_end(text: bytes) -> int:
    """Where the last whole line ends: behind a line break that is not inside quotes."""
    end = text.rfind(b"\n") + 1
    while end and text.count(b'"', 0, end) % 2:
        end = text.rfind(b"\n", 0, end - 1) + 1
    return end
