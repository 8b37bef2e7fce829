"""What a delivery must look like, and which of its rows break a rule (T10, DATA-05).

The shape is all or nothing: a source that changed its columns has its whole delivery refused, in words that its keepers
understand. Rows are judged one by one: a bad one waits in quarantine, the others go on.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused, Verdict, credit_code, identity_number
from tongban.data.catalogue.data import Resource
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import FieldType

MOST_ROWS = 2_000_000
MOST_BYTES = 1 << 30  # of values, unpacked
OPERATION, CONTROL = "cd_operation", "cd_"  # control columns of GB/T 21062: cd_operation is I, U or D


@dataclass(frozen=True, slots=True)
class Column:
    """What one item of a delivery must keep. `codes` None: any value."""

    name: str
    title: str
    type: FieldType
    required: bool = False
    length: int = 0
    codes: tuple[str, ...] | None = None


def columns_of(resource: Resource) -> dict[str, Column]:
    """The items of a resource as a delivery carries them; of a resource with a register, as the register has them."""
    found: dict[str, Column] = {}
    fields = {}
    if resource.register:
        live = registers.definition(resource.register).live
        fields = {column: field for field in live for column in field.columns}
    for item in resource.items:
        field = fields.get(item.name)
        if field is None:
            codes = tuple(registers.codes(item.codes)) if item.codes else None
            type_ = TYPES.get(item.type, FieldType.TEXT)
            found[item.name] = Column(item.name, str(item.title), type_, item.required, item.length or 0, codes)
        elif item.name == field.name:
            known = tuple(field.choices or registers.codes(field.codes)) if field.type is FieldType.CODE else None
            found[item.name] = Column(
                item.name, str(field.title), field.type, field.required, field.max_length, known or None
            )
        else:  # a place's division or point
            found[item.name] = Column(item.name, str(item.title), FieldType.TEXT)
    return found


# Types of the catalogue's guide (standards 3.2) where there is no register to say more.
TYPES = {
    "C": FieldType.TEXT,
    "N": FieldType.DECIMAL,
    "Y": FieldType.MONEY,
    "D": FieldType.DATE,
    "T": FieldType.DATETIME,
    "L": FieldType.BOOL,
    "B": FieldType.DECIMAL,
    "I": FieldType.INT,
    "F": FieldType.DECIMAL,
} | {kind.value: kind for kind in FieldType}


def read(body: bytes) -> pa.Table:
    """The rows of a delivery, Parquet or Arrow. `Refused` for what cannot be read or is too large unpacked."""
    try:
        if body[:4] == b"PAR1":
            file = pq.ParquetFile(io.BytesIO(body))
            groups = (file.metadata.row_group(i) for i in range(file.metadata.num_row_groups))
            _check_size(file.metadata.num_rows, sum(group.total_byte_size for group in groups))
            return without_blanks(file.read())
        table = pa.ipc.open_file(io.BytesIO(body)).read_all()
        _check_size(table.num_rows, table.nbytes)
    except (pa.ArrowException, OSError, ValueError):
        raise Refused(_("The delivery is neither Parquet nor Arrow, or is damaged."), "unreadable") from None
    return without_blanks(table)


def without_blanks(table: pa.Table) -> pa.Table:
    """Empty texts as nothing: so a register keeps them, and so an empty number or date is read."""
    for at, field in enumerate(table.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            column = table[field.name]
            blank = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), False)
            if pc.any(blank).as_py():
                table = table.set_column(at, field, pc.if_else(blank, None, column))
    return table


def _check_size(rows: int, size: int) -> None:
    if rows > MOST_ROWS or size > MOST_BYTES:
        raise Refused(_("The delivery is too large: at most two million rows and 1 GB. Send it in parts."), "too_large")


def check_shape(table: pa.Table, columns: dict[str, Column]) -> None:
    """`Refused` with code `shape` unless the delivery has exactly the declared items, control columns aside."""
    present = [name for name in table.column_names if not name.startswith(CONTROL)]
    unknown = sorted(set(present) - set(columns))
    missing = sorted(set(columns) - set(present))
    if not unknown and not missing and len(present) == len(set(present)):
        return
    words = [_("The source no longer has the shape that the catalogue declares; nothing of this delivery was taken.")]
    if missing:
        words.append(_("Missing: %s.") % ", ".join(f"{columns[name].title} ({name})" for name in missing[:20]))
    if unknown:
        words.append(_("Not declared: %s.") % ", ".join(unknown[:20]))
    words.append(_("Change the resource in the catalogue, or the mapping at the node, then send again."))
    raise Refused(" ".join(words), "shape")


def bad_rows(table: pa.Table, columns: dict[str, Column]) -> dict[int, dict[str, str]]:
    """Which rows (from 0) break which rule: `{row: {item: code}}`."""
    found: dict[int, dict[str, str]] = {}
    for column in columns.values():
        for code, broken in _broken(table[column.name].combine_chunks(), column):
            for row in pc.indices_nonzero(pc.fill_null(broken, False)).to_pylist():
                found.setdefault(row, {}).setdefault(column.name, code)
    return found


def _broken(values: Any, column: Column) -> Iterator[tuple[str, Any]]:
    text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
    if column.required:
        yield "required", values.is_null()
    if column.type in TYPED:
        if not pa.types.is_null(values.type):
            yield "form", _uncastable(values, TYPED[column.type])
        return
    if not text:
        values = values.cast(pa.string())
    if column.length:
        yield "length", pc.greater(pc.utf8_length(values), column.length)
    if column.codes is not None:
        known = pc.is_in(values, value_set=pa.array(column.codes, pa.string()))
        yield "code", pc.and_(pc.invert(known), values.is_valid())
    check = CHECKS.get(column.type)
    if check:
        right = registers.plainly_right(column.type, values)
        doubtful = pc.and_(pa.array(~right), values.is_valid())
        wrong = [not check(one) for one in values.filter(doubtful).to_pylist()]
        yield "check_digit", pc.replace_with_mask(doubtful, doubtful, pa.array(wrong, pa.bool_()))


def _identity(text: str) -> Verdict:
    return identity_number(text)


def _credit(text: str) -> Verdict:
    return credit_code(text)


CHECKS = {FieldType.PERSON_ID: _identity, FieldType.CREDIT_CODE: _credit}
TYPED = {
    FieldType.INT: pa.int64(),
    FieldType.DECIMAL: pa.float64(),  # only to see whether it is a number: the value itself is kept as it came
    FieldType.MONEY: pa.float64(),
    FieldType.DATE: pa.date32(),
    FieldType.DATETIME: pa.timestamp("us", tz="UTC"),
    FieldType.BOOL: pa.bool_(),
}


def _uncastable(values: Any, kind: Any) -> Any:
    """Where a value cannot be read as this type. The whole column is tried first: most have no bad value at all."""
    if values.type == kind or pa.types.is_decimal(values.type):
        return pa.repeat(False, len(values))
    try:
        pc.cast(values, kind)
        return pa.repeat(False, len(values))
    except pa.ArrowException:
        return pa.array([not _casts(values[i], kind) for i in range(len(values))], pa.bool_())


def _casts(value: Any, kind: Any) -> bool:
    try:
        value.cast(kind)
    except pa.ArrowException:
        return False
    return True
