"""Parquet files: columns with types of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from ..data import BATCH_ROWS, Change, Counts, Place, SourceChanged
from . import Numbered, Source, sources
from .files import steady
from .headers import gone


class Parquets(Source):
    """Files of one shape, read one after the other."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths

    def shape(self) -> dict[str, str]:
        with _file(self.paths[0]) as file:
            return {field.name: _kind(field.type) for field in file.schema_arrow}

    def rows(self, columns: Sequence[str], counts: Counts, change: Change, mark: Any) -> Iterator[Numbered]:
        number = 0
        for path in self.paths:
            with _file(path) as file:
                names = file.schema_arrow.names
                if missing := [name for name in columns if name not in names]:
                    raise SourceChanged(gone(path.name, missing, [name for name in names if name not in columns]))
                for batch in file.iter_batches(BATCH_ROWS, columns=list(columns)):
                    for row in batch.to_pylist():
                        number += 1
                        yield number, row


@contextmanager
def _file(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise SourceChanged(
            _("The source changed: {where} is not a Parquet file that can be read ({why}).").format(
                where=path.name, why=type(error).__name__
            )
        ) from None


def _kind(type_: pa.DataType) -> str:
    for test, kind in (
        (pa.types.is_boolean, "yes or no"),
        (pa.types.is_integer, "whole number"),
        (pa.types.is_floating, "number"),
        (pa.types.is_decimal, "number"),
        (pa.types.is_timestamp, "moment"),
        (pa.types.is_date, "date"),
    ):
        if test(type_):
            return kind
    return "text" if pa.types.is_string(type_) or pa.types.is_large_string(type_) else str(type_)


@sources("parquet")
@contextmanager
def open_parquets(place: Place, columns: Collection[str]) -> Iterator[Parquets]:
    """Parquet files by a path or a pattern."""
    with steady(place.get("path")) as paths:
        yield Parquets(paths)
