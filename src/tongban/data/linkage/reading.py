"""Reading files to be linked: CSV in any usual encoding and separator, or Parquet; every value as text."""

from __future__ import annotations

import codecs
import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from .data import LinkError

_PIECE = 1 << 20
_LONGEST = 1 << 20  # characters of a heading


def read(path: Path) -> pa.Table:
    """All columns as text without blanks around it; empty is null. `LinkError` when there is no such table."""
    if not path.is_file():
        raise LinkError(_("There is no file {file}.").format(file=path))
    try:
        table = pq.read_table(path) if path.suffix.lower() in (".parquet", ".pq") else _csv(path)
    except (pa.ArrowException, UnicodeError, csv.Error) as error:
        raise LinkError(_("{file} cannot be read: {error}").format(file=path, error=error)) from error
    named = [
        (name.strip().lstrip("\ufeff"), column) for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    columns = {name: column for name, column in named if name}
    if len(columns) != sum(bool(name) for name, _column in named):
        raise LinkError(_("{file} has two columns of the same name.").format(file=path))
    return pa.table({name: _text(column) for name, column in columns.items() if not _no_text(column.type)})


def _no_text(kind: pa.DataType) -> bool:
    """Lists, structures and bytes are no values to compare: such a column is as if it were not there."""
    return bool(pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _text(column: pa.ChunkedArray) -> pa.Array:
    plain = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(plain.type):
        plain = plain.dictionary_decode()
    if not pa.types.is_string(plain.type):
        plain = pc.cast(plain, pa.string())
    plain = pc.utf8_trim_whitespace(plain)
    return pc.if_else(pc.equal(plain, ""), pa.scalar(None, pa.string()), plain)


def _csv(path: Path) -> pa.Table:
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as stream:
        head, more = stream.readline(_LONGEST), stream.read(1)
    head = head.rstrip("\r\n")
    separator = max(",\t;|", key=head.count)
    names = next(csv.reader([head], delimiter=separator), [])
    if not any(name.strip() for name in names):
        raise LinkError(_("{file} does not begin with the names of its columns.").format(file=path))
    if not more:
        return pa.table({name: pa.array([], pa.string()) for name in names})
    try:
        return pyarrow.csv.read_csv(
            path,
            read_options=pyarrow.csv.ReadOptions(encoding=encoding),
            parse_options=pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                null_values=["", "NA", "N/A", "NULL", "null", "None", "nan", "NaN"],
            ),
        )
    except pa.ArrowInvalid:
        _check_lines(path, encoding, separator, len(names))
        raise


def _check_lines(path: Path, encoding: str, separator: str, names: int) -> None:
    """`LinkError` that names the first line with more or fewer values than there are columns."""
    with path.open(encoding=encoding, newline="") as stream:
        rows = csv.reader(stream, delimiter=separator)
        odd = next((row for row in rows if row and len(row) != names), None)
        if odd is not None:
            message = _(
                "{file}, line {line}: {values} values, but the first line names {names} columns. Please correct that "
                "line, or delete what stands above the names of the columns."
            )
            raise LinkError(message.format(file=path, line=rows.line_num, values=len(odd), names=names))


def _encoding(path: Path) -> str:
    """UTF-8 if the whole file reads so, else the national code, which reads nearly everything else; UTF-16 says so."""
    with path.open("rb") as stream:
        if stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
    for encoding in ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as stream:
                while piece := stream.read(_PIECE):
                    decoder.decode(piece)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"
