"""Batches as they travel: Parquet, one typed column per granted item, and control columns of GB/T 21062.

`cd_operation` I, U or D; `cd_time` when the node found the change; `cd_key` names the row to this receiver and to no
other, so that a row can be followed without its key being granted. A deleted row carries its last values.
"""

from __future__ import annotations

import io
from collections.abc import Mapping as Map
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused

from .data import BATCH_ROWS, Batch, ItemType, Operation

ARROW: Map[ItemType, pa.DataType] = {
    ItemType.TEXT: pa.string(),
    ItemType.INT: pa.int64(),
    ItemType.DECIMAL: pa.decimal128(38, 10),
    ItemType.DATE: pa.date32(),
    ItemType.DATETIME: pa.timestamp("us", tz="UTC"),
    ItemType.BOOL: pa.bool_(),
}
_CONTROL = (
    pa.field("cd_operation", pa.string(), nullable=False),
    pa.field("cd_key", pa.string(), nullable=False),
    pa.field("cd_time", pa.timestamp("us", tz="UTC"), nullable=False),
)
_SHAPE = b"tongban.shape"
_MOST_BYTES = 256 << 20  # of values, unpacked


def encode(shape: str, types: Map[str, ItemType], rows: Sequence[Map[str, Any]]) -> bytes:
    """Rows (items as JSON holds them, control columns as they are) to Parquet."""
    fields = [pa.field(name, ARROW[kind]) for name, kind in types.items()]
    schema = pa.schema([*fields, *_CONTROL], {_SHAPE: shape.encode()})
    columns = [
        *([_native(row.get(name), kind) for row in rows] for name, kind in types.items()),
        *([row[field.name] for row in rows] for field in _CONTROL),
    ]
    table = pa.table([pa.array(cells, field.type) for cells, field in zip(columns, schema, strict=True)], schema=schema)
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def decode(body: bytes) -> Batch:
    """What another node sent; `Refused` when it is no such batch or too large."""
    try:
        file = pq.ParquetFile(io.BytesIO(body))
        groups = [file.metadata.row_group(at) for at in range(file.metadata.num_row_groups)]
        if file.metadata.num_rows > BATCH_ROWS * 4 or sum(group.total_byte_size for group in groups) > _MOST_BYTES:
            raise Refused(_("The batch is too large."), "too_large")
        table = file.read()
        types = {
            field.name: next(kind for kind, arrow in ARROW.items() if arrow == field.type)
            for field in table.schema
            if not field.name.startswith("cd_")
        }
        if missing := [field.name for field in _CONTROL if field.name not in table.schema.names]:
            raise Refused(_("The batch lacks {names}.").format(names=", ".join(missing)), "shape")
        shape = (table.schema.metadata or {}).get(_SHAPE, b"").decode()
        rows = table.to_pylist()
    except (pa.ArrowException, OSError, ValueError, StopIteration):
        raise Refused(_("The batch cannot be read."), "unreadable") from None
    if any(row["cd_operation"] not in list(Operation) for row in rows):
        raise Refused(_("The batch has an operation that is none of I, U, D."), "shape")
    return Batch(shape, types, rows)


def _native(value: Any, kind: ItemType) -> Any:
    if value is None:
        return None
    if kind is ItemType.DECIMAL:
        return Decimal(value)
    if kind is ItemType.DATE:
        return date.fromisoformat(value)
    if kind is ItemType.DATETIME:
        return datetime.fromisoformat(value)
    return value
