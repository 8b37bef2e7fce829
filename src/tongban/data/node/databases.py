"""Departments' databases, through SQLAlchemy: PostgreSQL, MySQL, SQLite and whatever it knows a driver for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from django.utils.translation import gettext as _
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, NoSuchTableError, OperationalError
from sqlalchemy.pool import NullPool

from .data import ItemType, Place, SourceChanged, SourceUnreachable

TYPES: dict[ItemType, sa.types.TypeEngine[Any]] = {
    ItemType.TEXT: sa.Text(),
    ItemType.INT: sa.BigInteger(),
    ItemType.DECIMAL: sa.Numeric(38, 10),
    ItemType.DATE: sa.Date(),
    ItemType.DATETIME: sa.DateTime(timezone=True),
    ItemType.BOOL: sa.Boolean(),
}
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "mysql": "mysql+pymysql"}


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
    """An engine for the block; `SourceUnreachable` when the database does not answer. Errors name no values (T41)."""
    try:
        url = sa.make_url(place.get("url"))
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        if word := secret_of(place.get("password_file")):
            url = url.set(password=word)
        if url.get_backend_name() == "sqlite" and url.database and not os.path.exists(url.database):
            raise SourceUnreachable(_("There is no file {path}.").format(path=url.database))
        found = sa.create_engine(url, poolclass=NullPool, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ImportError):
        raise SourceChanged(_("The address of the database is not one that can be used here.")) from None
    try:
        yield found
    except OperationalError as error:
        where = url.render_as_string(hide_password=True)
        raise SourceUnreachable(
            _("The database {where} does not answer: {why}").format(where=where, why=_first_line(error))
        ) from None
    finally:
        found.dispose()


def reflected(engine: sa.Engine, name: str) -> sa.Table:
    """A table or view as it is now; `SourceChanged` when there is none."""
    schema, _dot, table = name.rpartition(".")
    try:
        return sa.Table(table, sa.MetaData(), schema=schema or None, autoload_with=engine)
    except NoSuchTableError:
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


def _first_line(error: OperationalError) -> str:
    return str(error.orig).strip().partition("\n")[0][:200]
