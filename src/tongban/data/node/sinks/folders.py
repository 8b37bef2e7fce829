"""A folder that gets one file per batch, CSV or Parquet. A file appears whole or not at all."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from ..data import Fault, Place, SourceUnreachable
from . import Parcel, sinks

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@sinks("csv")
def put_csv(place: Place, parcel: Parcel) -> list[Fault]:
    """CSV in UTF-8 with a mark, which spreadsheets read; no cell is a formula to them (T28)."""

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            lines = csv.writer(out)
            names = _names(parcel)
            lines.writerow(names)
            lines.writerows([cell(row.get(name)) for name in names] for row in parcel.batch.rows)

    return _put(place, parcel, "csv", write)


@sinks("parquet")
def put_parquet(place: Place, parcel: Parcel) -> list[Fault]:
    """Parquet, typed as it came."""
    table = pa.Table.from_pylist(parcel.batch.rows)
    return _put(place, parcel, "parquet", lambda path: pq.write_table(table, path))


def _put(place: Place, parcel: Parcel, ending: str, write: Callable[[Path], None]) -> list[Fault]:
    folder = Path(place.get("folder"))
    name = f"{parcel.resource.replace('/', '_')}-{parcel.number:08}-{parcel.message}.{ending}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        half = folder / f".{name}.part"
        write(half)
        with half.open("rb") as written:
            os.fsync(written.fileno())
        half.replace(folder / name)
    except OSError as error:
        raise SourceUnreachable(
            _("{path} cannot be written: {why}").format(path=folder, why=error.strerror or type(error).__name__)
        ) from None
    return []


def _names(parcel: Parcel) -> list[str]:
    return [*parcel.batch.types, "cd_operation", "cd_key", "cd_time"]


def cell(value: Any) -> str:
    """A value as a spreadsheet may read it: never as a formula (T28)."""
    if value is None:
        return ""
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
