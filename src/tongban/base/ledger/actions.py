"""Writing leaves."""

from __future__ import annotations

import hashlib
from json.encoder import encode_basestring as _quoted  # a text as canonical JSON writes it
from typing import Any

from django.db import connection

from tongban.base.kernel.api import Ref, canonical

# A function of the database (migration 0002): its plan is kept, so a leaf costs little more than a plain row.
_WRITE = "SELECT ledger_write(%s, %s, %s, %s, %s, %s, %s)"


def write(kind: str, subject: Ref, by: Ref | None = None, **facts: Any) -> None:
    """Record that `kind` happened to `subject`. Inside the caller's transaction; the database tells the time (T3).

    Facts are small and JSON-able; personal data does not belong in them, references do.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{kind} was recorded outside a transaction")
    body = canonical(facts).decode()
    head, tail = _around_moment(kind, subject, by, body)
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [kind, subject.kind, subject.id, str(by or ""), head, tail, body])


def _around_moment(kind: str, subject: Ref, by: Ref | None, facts: str) -> tuple[str, str]:
    """The canonical event as text before and after the moment, which only the database knows."""
    head = '{"at":"'
    tail = f'","by":{_quoted(str(by or ""))},"facts":{facts},"kind":{_quoted(kind)},"subject":{_quoted(str(subject))}'
    return head, tail + "}"


def leaf_hash(at_text: str, kind: str, subject: Ref, by: Ref | None, facts: dict[str, Any]) -> bytes:
    """The hash a leaf must have, computed without the database: what a verifier recomputes."""
    head, tail = _around_moment(kind, subject, by, canonical(facts).decode())
    return hashlib.sha256(b"\x00" + (head + at_text + tail).encode()).digest()
