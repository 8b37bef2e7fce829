"""Writing leaves."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import connection

from tongban.base.kernel.api import Ref, canonical

_INSERT = """
WITH moment AS (SELECT clock_timestamp() AS at)
INSERT INTO ledger_leaf (at, kind, subject_kind, subject_id, "by", facts, leaf)
SELECT at, %s, %s, %s, %s, f, sha256('\\x00'::bytea || convert_to(
    %s || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || %s, 'UTF8'))
FROM moment, CAST(%s AS jsonb) AS f
"""


def write(kind: str, subject: Ref, by: Ref | None = None, **facts: Any) -> None:
    """Record that `kind` happened to `subject`. Inside the caller's transaction; the database tells the time (T3).

    Facts are small and JSON-able; personal data does not belong in them, references do.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{kind} was recorded outside a transaction")
    body = canonical(facts).decode()
    head, tail = _around_moment(kind, subject, by, body)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [kind, subject.kind, subject.id, str(by or ""), head, tail, body])


def _around_moment(kind: str, subject: Ref, by: Ref | None, facts: str) -> tuple[str, str]:
    """The canonical event as text before and after the moment, which only the database knows."""
    head = '{"at":"'
    tail = f'","by":{canonical(str(by or "")).decode()},"facts":{facts},"kind":{canonical(kind).decode()},'
    return head, tail + f'"subject":{canonical(str(subject)).decode()}' + "}"


def leaf_hash(at_text: str, kind: str, subject: Ref, by: Ref | None, facts: dict[str, Any]) -> bytes:
    """The hash a leaf must have, computed without the database: what a verifier recomputes."""
    head, tail = _around_moment(kind, subject, by, canonical(facts).decode())
    return hashlib.sha256(b"\x00" + (head + at_text + tail).encode()).digest()
