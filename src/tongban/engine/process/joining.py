"""Transactions: a verb joins its caller's, or opens one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

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
