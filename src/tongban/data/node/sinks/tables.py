"""A table of the department's database with the control columns of a table exchange (库表交换, GB/T 21062).

The department's programs read rows with `cd_status` 0 and set 1 (done) or 2 (failed, with `cd_error`). A deleted row
stays, with `cd_operation` D, until they have seen it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from django.utils.translation import gettext as _
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError, NoSuchTableError, ProgrammingError, StatementError

from ..data import Batch, Fault, Place, SourceChanged
from ..databases import TYPES, engine
from . import Parcel, sinks

_CONTROL = ("cd_key", "cd_batch", "cd_operation", "cd_time", "cd_status", "cd_error")


@sinks("sql")
def put(place: Place, parcel: Parcel) -> list[Fault]:
    """Insert or update by `cd_key`. Rows that the table refuses are left out one by one; the others go in together."""
    with engine(place) as found:
        try:
            table = _table(found, place.get("table"), parcel.batch)
        except ProgrammingError as error:
            raise SourceChanged(_("The database refuses: {why}").format(why=_why(error))) from None
        rows = [_row(row, parcel) for row in parcel.batch.rows]
        try:
            with found.begin() as connection:
                _write(connection, table, rows)
            return []
        except (IntegrityError, DataError, StatementError) as error:
            if isinstance(error, StatementError) and isinstance(error, sa.exc.OperationalError):
                raise
        with found.begin() as connection:
            return [fault for number, row in enumerate(rows, 1) if (fault := _alone(connection, table, number, row))]


def _table(found: sa.Engine, name: str, batch: Batch) -> sa.Table:
    """The table as it is, made when there is none; `SourceChanged` when it lacks columns."""
    schema, _dot, plain = name.rpartition(".")
    try:
        table = sa.Table(plain, sa.MetaData(), schema=schema or None, autoload_with=found)
    except NoSuchTableError:
        return _made(found, plain, schema or None, batch)
    if missing := [column for column in (*batch.types, *_CONTROL) if column not in table.columns]:
        raise SourceChanged(_("Table {table} has no column {names}.").format(table=name, names=", ".join(missing)))
    return table


def _made(found: sa.Engine, name: str, schema: str | None, batch: Batch) -> sa.Table:
    table = sa.Table(
        name,
        sa.MetaData(),
        sa.Column("cd_key", sa.String(64), primary_key=True),
        *(sa.Column(item, TYPES[kind]) for item, kind in batch.types.items()),
        sa.Column("cd_batch", sa.BigInteger, nullable=False, index=True),
        sa.Column("cd_operation", sa.String(1), nullable=False),
        sa.Column("cd_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cd_status", sa.SmallInteger, nullable=False, index=True),
        sa.Column("cd_error", sa.String(500)),
        schema=schema,
    )
    table.create(found)
    return table


def _row(row: dict[str, Any], parcel: Parcel) -> dict[str, Any]:
    return {**row, "cd_batch": parcel.number, "cd_status": 0, "cd_error": None}


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
    except (IntegrityError, DataError, StatementError) as error:
        return Fault(number, "", _why(error))
    return None


def _why(error: StatementError) -> str:
    """The kind of a database's complaint: its words may hold values (T41)."""
    return type(error.orig or error).__name__
