"""Statements that run for each message, prepared, and bodies as bytes: Django's cursors would send bodies as text twice
as long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from psycopg import Cursor

WAKE_OUT = "transport_out"
_OUT = """
WITH kept AS (INSERT INTO transport_outbody (message, content) VALUES (%s, %b)) SELECT pg_notify(%s, '')
"""
_IN = """
INSERT INTO transport_inbody (passage, content)
SELECT id, %b FROM transport_inbox WHERE sender = %s AND message = %s AND digest = %s ON CONFLICT DO NOTHING
"""


def run(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a prepared statement; bytes are `%b` in it."""
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(statement, values, prepare=True, binary=True)
        return cursor.fetchall() if cursor.description else []


def keep_out(message: str, content: bytes) -> None:
    """Of a message that is to go; the loops are told when this transaction commits."""
    run(_OUT, [message, content, WAKE_OUT])


def keep_in(came: Iterable[tuple[bytes, str, str, str]]) -> None:
    """Of messages in the inbox: content, sender, id and digest of each."""
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.executemany(_IN, came)


def out_bodies(messages: Sequence[str]) -> dict[str, bytes]:
    """Of messages that are to go, as far as they are kept."""
    rows = run("SELECT message, content FROM transport_outbody WHERE message = ANY(%s)", [list(messages)])
    return {row[0]: row[1] for row in rows}


def in_body(passage: int) -> bytes | None:
    """Of a row of the inbox, or None where it is no longer kept."""
    rows = run("SELECT content FROM transport_inbody WHERE passage = %s", [passage])
    return rows[0][0] if rows else None
