"""Writing leaves."""

from __future__ import annotations

from typing import Any

from django.db import connection
from psycopg import Cursor

from tongban.base.kernel.api import Ref, canonical

# Number and moment are the table's defaults, and the roles of the application have no right to give others (T3).
_WRITE = 'INSERT INTO ledger_leaf (kind, subject_kind, subject_id, "by", facts) VALUES (%s, %s, %s, %s, %s)'


def write(kind: str, subject: Ref, by: Ref | None = None, **facts: Any) -> None:
    """Record that `kind` happened to `subject`. Inside the caller's transaction; the database tells the time (T3).

    Facts are small and JSON-able; personal data does not belong in them, references do.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{kind} was recorded outside a transaction")
    row = [kind, subject.kind, subject.id, str(by or ""), canonical(facts).decode()]
    # Prepared, which Django's own cursors are not: every act writes leaves.
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(_WRITE, row, prepare=True)
