"""Reading files to be linked: CSV in any usual encoding and separator, or Parquet; every value as text."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from .data import LinkError

_SAMPLE = 1 << 20


def read(path: Path) -> pa.Table:
    """All columns as text without blanks around it; empty is null. `LinkError` when there is no such table."""
    if not path.is_file():
        raise LinkError(_("There is no file {file}.").format(file=path))
    try:
        table = pq.read_table(path) if path.suffix.lower() in (".parquet", ".pq") else _csv(path)
    except (pa.ArrowException, UnicodeError, csv.Error) as error:
        raise LinkError(_("{file} cannot be read: {error}").format(file=path, error=error)) from error
    names = [name.strip().lstrip("\ufeff") for name in table.column_names]
    if len(set(names)) != len(names):
        raise LinkError(_("{file} has two columns of the same name.").format(file=path))
    return pa.table({name: _text(column) for name, column in zip(names, table.columns, strict=True)})


def _text(column: pa.ChunkedArray) -> pa.Array:
    plain = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(plain.type):
        plain = plain.dictionary_decode()
    if not pa.types.is_string(plain.type):
        plain = pc.cast(plain, pa.string())
    plain = pc.utf8_trim_whitespace(plain)
    return pc.if_else(pc.equal(plain, ""), pa.scalar(None, pa.string()), plain)


def _csv(path: Path) -> pa.Table:
    with path.open("rb") as stream:
        sample = stream.read(_SAMPLE)
    encoding = _encoding(sample)
    head = sample.decode(encoding, "ignore").partition("\n")[0]
    separator = max(",\t;|", key=head.count)
    names = next(csv.reader([head], delimiter=separator), [])
    return pyarrow.csv.read_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(encoding=encoding),
        parse_options=pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={name: pa.string() for name in {n for each in names for n in (each, each.rstrip("\r"))}},
            strings_can_be_null=True,
            null_values=["", "NA", "N/A", "NULL", "null", "None", "nan", "NaN"],
        ),
    )


def _encoding(sample: bytes) -> str:
    """UTF-8 if it reads so, else the national code, which reads everything else."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            sample[: len(sample) - 4 if len(sample) == _SAMPLE else None].decode(encoding)
        except UnicodeDecodeError:
            continue
        return "utf-8" if encoding == "utf-8-sig" else encoding
    return "latin-1"
