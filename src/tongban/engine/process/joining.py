"""Transactions that a verb joins or opens, and the few statements of a step, prepared once per connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import psycopg
from django.db import connection, transaction


def joined() -> AbstractContextManager[object]:
    """A transaction: the caller's without a savepoint (two round trips less), or a new one.

    A verb that refuses before it has written anything leaves the caller's transaction usable.
    """
    return nullcontext() if connection.in_atomic_block else transaction.atomic()


@contextmanager
def whole() -> Iterator[None]:
    """Once something may have been written, any error takes the whole transaction back, the caller's too."""
    try:
        yield
    except BaseException:
        if connection.in_atomic_block:
            transaction.set_rollback(True)
        raise


def fetched(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement: planned once per connection, and sent together with the BEGIN before it (G2)."""
    connection.validate_no_broken_transaction()
    connection.ensure_connection()
    raw = connection.connection
    with connection.wrap_database_errors, raw.pipeline(), psycopg.Cursor(raw) as cursor:
        cursor.execute(sql.encode(), parameters, prepare=True)
        return list(cursor.fetchall())
