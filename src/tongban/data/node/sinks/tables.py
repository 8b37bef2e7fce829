"""A table of the department's database with the control columns of a table exchange (库表交换, GB/T 21062).

The department's programs read rows with `cd_status` 0 and set 1 (done) or 2 (failed, with `cd_error`). A deleted row
stays, with `cd_operation` D, until they have seen it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from django.utils.translation import gettext as _
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import StatementError

from tongban.base.kernel.api import SHANGHAI

from ..data import Batch, Fault, ItemType, Place, SourceChanged
from ..databases import TYPES, about_row, engine, reflected
from . import Parcel, sinks

_CONTROL = ("cd_key", "cd_batch", "cd_operation", "cd_time", "cd_status", "cd_error")


@sinks("sql")
def put(place: Place, parcel: Parcel) -> list[Fault]:
    """Insert or update by `cd_key`. Rows that the table refuses are left out one by one; the others go in together."""
    with engine(place) as found:
        table = _table(found, place.get("table"), parcel.batch)
        clocks = _wall_clocks(table)
        rows = [_row(row, parcel, clocks) for row in parcel.batch.rows]
        try:
            with found.begin() as connection:
                _write(connection, table, rows)
            return []
        except StatementError as error:
            if not about_row(error):
                raise
        with found.begin() as connection:
            return [fault for number, row in enumerate(rows, 1) if (fault := _alone(connection, table, number, row))]


def _table(found: sa.Engine, name: str, batch: Batch) -> sa.Table:
    """The table as it is, made when there is none; `SourceChanged` when it lacks columns."""
    schema, _dot, plain = name.rpartition(".")
    if not sa.inspect(found).has_table(plain, schema or None):
        _make(found, plain, schema or None, batch)
    table = reflected(found, name)
    if missing := [column for column in (*batch.types, *_CONTROL) if column not in table.columns]:
        raise SourceChanged(_("Table {table} has no column {names}.").format(table=name, names=", ".join(missing)))
    return table


def _make(found: sa.Engine, name: str, schema: str | None, batch: Batch) -> None:
    table = sa.Table(
        name,
        sa.MetaData(),
        sa.Column("cd_key", sa.String(64), primary_key=True),
        *(sa.Column(item, TYPES[kind]) for item, kind in batch.types.items()),
        sa.Column("cd_batch", sa.BigInteger, nullable=False, index=True),
        sa.Column("cd_operation", sa.String(1), nullable=False),
        sa.Column("cd_time", TYPES[ItemType.DATETIME], nullable=False),
        sa.Column("cd_status", sa.SmallInteger, nullable=False, index=True),
        sa.Column("cd_error", sa.String(500)),
        schema=schema,
        mysql_charset="utf8mb4",  # the database's own may be GBK, which lacks rare characters of names
    )
    table.create(found)


def _wall_clocks(table: sa.Table) -> set[str]:
    """Columns of moments without a zone, which show what the clock on the wall shows, as sources of that kind do."""
    return {
        column.name
        for column in table.columns
        if isinstance(column.type, sa.DateTime | sa.TIMESTAMP) and not column.type.timezone
    }


def _row(row: dict[str, Any], parcel: Parcel, clocks: set[str]) -> dict[str, Any]:
    moments = {name: row[name] for name in clocks if isinstance(row.get(name), datetime)}
    local = {name: moment.astimezone(SHANGHAI).replace(tzinfo=None) for name, moment in moments.items()}
    return {**row, **local, "cd_batch": parcel.number, "cd_status": 0, "cd_error": None}


def _write(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """An older batch that comes again changes nothing that a newer one wrote."""
    names = [name for name in rows[0] if name != "cd_key"]
    if connection.dialect.name == "mysql":
        statement = mysql.insert(table)
        # MySQL assigns from left to right and has no WHERE here: cd_batch decides, so it is written last.
        newer = statement.inserted.cd_batch >= table.c.cd_batch
        ordered = [*[name for name in names if name != "cd_batch"], "cd_batch"]
        values = [(name, sa.func.if_(newer, statement.inserted[name], table.c[name])) for name in ordered]
        connection.execute(statement.on_duplicate_key_update(values), rows)
        return
    if (dialect := connection.dialect.name) in ("postgresql", "sqlite"):
        added: Any = (postgresql if dialect == "postgresql" else sqlite).insert(table)
        connection.execute(
            added.on_conflict_do_update(
                index_elements=["cd_key"],
                set_={name: added.excluded[name] for name in names},
                where=table.c.cd_batch <= added.excluded.cd_batch,
            ),
            rows,
        )
        return
    for row in rows:  # a database without an upsert that SQLAlchemy knows
        same = table.c.cd_key == row["cd_key"]
        known = connection.execute(sa.select(table.c.cd_batch).where(same)).scalar()
        if known is None:
            connection.execute(table.insert(), row)
        elif known <= row["cd_batch"]:
            connection.execute(table.update().where(same), {name: row[name] for name in names})


def _alone(connection: sa.Connection, table: sa.Table, number: int, row: dict[str, Any]) -> Fault | None:
    try:
        with connection.begin_nested():
            _write(connection, table, [row])
    except StatementError as error:
        if not about_row(error):
            raise
        return Fault(number, "", _why(error))
    return None


def _why(error: StatementError) -> str:
    """The kind of a database's complaint: its words may hold values (T41)."""
    return type(error.orig or error).__name__
