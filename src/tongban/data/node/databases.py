"""Departments' databases, through SQLAlchemy: PostgreSQL, MySQL, SQLite and whatever it knows a driver for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from django.utils.translation import gettext as _
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    NoSuchTableError,
    OperationalError,
    ProgrammingError,
    StatementError,
    UnreflectableTableError,
)
from sqlalchemy.pool import NullPool

from .data import ItemType, Place, SourceChanged, SourceUnreachable

TYPES: dict[ItemType, sa.types.TypeEngine[Any]] = {
    ItemType.TEXT: sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql"),  # its TEXT ends at 64 KiB
    ItemType.INT: sa.BigInteger(),
    ItemType.DECIMAL: sa.Numeric(38, 10),
    ItemType.DATE: sa.Date(),
    ItemType.DATETIME: sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql"),
    ItemType.BOOL: sa.Boolean(),
}
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
}
# A server that is gone without a word is noticed. MySQL besides: its moments are those of our clocks on the wall,
# whatever the server's zone is, and it refuses what does not fit where it would otherwise shorten it.
_LINES: dict[str, dict[str, Any]] = {
    "postgresql": {"connect_timeout": 10, "keepalives_idle": 60, "keepalives_interval": 15, "keepalives_count": 4},
    "mysql": {
        "connect_timeout": 10,
        "read_timeout": 900,  # a view may take long until its first row
        "write_timeout": 900,
        "init_command": "SET time_zone = '+08:00', sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')",
    },
}
# Complaints of MySQL about a row's values that its driver counts among troubles of the line: a wrong value, a signal of
# a trigger, a value out of range, and a broken CHECK, as MySQL and MariaDB number them.
_ROW = {1292, 1411, 1525, 1644, 1690, 3140, 3819, 4025}


def secret_of(path: str) -> str:
    """A password or token from its own file, which only the node's account may read."""
    if not path:
        return ""
    file = Path(path)
    try:
        if file.stat().st_mode & 0o077:
            raise SourceUnreachable(_("{path} can be read by others: chmod 600 it.").format(path=path))
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        raise SourceUnreachable(_("The file {path} with the password cannot be read.").format(path=path)) from None


@contextmanager
def engine(place: Place) -> Iterator[sa.Engine]:
    """An engine for the block; `SourceUnreachable` when the database does not answer, `SourceChanged` when it refuses
    what is asked. Errors name no values (T41)."""
    try:
        url = sa.make_url(place.get("url"))
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        if word := secret_of(place.get("password_file")):
            url = url.set(password=word)
        if url.get_backend_name() == "sqlite" and url.database and not os.path.exists(url.database):
            raise SourceUnreachable(_("There is no file {path}.").format(path=url.database))
        line = _LINES.get(url.get_backend_name(), {})
        found = sa.create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=line)
    except (ArgumentError, NoSuchModuleError, ImportError):
        raise SourceChanged(_("The address of the database is not one that can be used here.")) from None
    try:
        yield found
    except (OperationalError, InterfaceError) as error:
        where = url.render_as_string(hide_password=True)
        raise SourceUnreachable(
            _("The database {where} does not answer: {why}").format(where=where, why=_first_line(error))
        ) from None
    except DBAPIError as error:
        why = _first_line(error) if isinstance(error, ProgrammingError) else type(error.orig).__name__
        raise SourceChanged(_("The database refuses: {why}").format(why=why)) from None
    finally:
        found.dispose()


def reflected(engine: sa.Engine, name: str) -> sa.Table:
    """A table or view as it is now; `SourceChanged` when there is none."""
    schema, _dot, table = name.rpartition(".")
    try:
        return sa.Table(table, sa.MetaData(), schema=schema or None, autoload_with=engine)
    except (NoSuchTableError, UnreflectableTableError):
        raise SourceChanged(_("The source changed: there is no table {table}.").format(table=name)) from None


def kind_of(column: sa.Column[object]) -> str:
    """A column's type in words that outlive small changes such as a longer text."""
    kind = column.type
    for types, word in (
        ((sa.Boolean,), "yes or no"),
        ((sa.Integer,), "whole number"),
        ((sa.Numeric, sa.Float), "number"),
        ((sa.DateTime, sa.TIMESTAMP), "moment"),
        ((sa.Date,), "date"),
        ((sa.String, sa.Enum, sa.Uuid), "text"),
    ):
        if isinstance(kind, types):
            return word
    return str(kind).lower()


def _first_line(error: DBAPIError) -> str:
    """What a database says of itself; of a number with a text, the text."""
    said = error.orig.args[-1] if error.orig and error.orig.args else error.orig
    return str(said).strip().partition("\n")[0][:200]


def about_row(error: StatementError) -> bool:
    """Whether the complaint is about a row's values, and not about the line or the database."""
    if isinstance(error, OperationalError):
        return bool(error.orig and error.orig.args and error.orig.args[0] in _ROW)
    if isinstance(error, ProgrammingError):  # of these only what a trigger of PostgreSQL raises
        return str(getattr(error.orig, "sqlstate", "")).startswith("P0")
    return not isinstance(error, InterfaceError)
