"""The sealer: committed leaves get their place in the tree, and a signed head over all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from tongban.base.kernel.api import canonical, new_id

from .data import SealedHead, Signed
from .models import Head, Log, Tile
from .queries import event_texts, root, sealed_head
from .tree import ALGORITHMS, SIZE, leaf_hash, perfect

TILE = 256
BATCH = 20_000  # leaves under one head at most: what a witness takes in one request
Sign = Callable[[bytes], Signed]
Signer = Callable[[], tuple[str, Sign]]  # asked only when there is something to sign: the key's id, and how it signs

_DRAWN = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('ledger_leaf', 'seq')), 0), clock_timestamp()"
# A transaction holds this lock from before its leaf gets a number until after its commit can be seen.
_WRITERS = """
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE relation = 'ledger_leaf'::regclass AND mode = 'RowExclusiveLock' AND granted
  AND pid IS DISTINCT FROM pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_UNSEALED = """
WITH sealed AS MATERIALIZED (
    SELECT unnest(seqs) AS seq FROM ledger_tile
    WHERE level = 0 AND int8range(first, last, '[]') && int8range(%(complete)s, NULL, '()'))
SELECT seq FROM ledger_leaf l
WHERE seq > %(complete)s AND NOT EXISTS (SELECT FROM sealed s WHERE s.seq = l.seq)
ORDER BY seq LIMIT %(limit)s
"""


def log() -> Log:
    """The ledger's one row, made at the first sealing with the hash that `TONGBAN_LEDGER_HASH` names."""
    found = Log.objects.first()
    if found is None:
        algorithm = getattr(settings, "TONGBAN_LEDGER_HASH", "sha256")
        if algorithm not in ALGORITHMS:
            raise RuntimeError(f"TONGBAN_LEDGER_HASH is {algorithm!r}; there are {', '.join(ALGORITHMS)}")
        found = Log.objects.create(name=f"tongban-{new_id()}", algorithm=algorithm)
    return found


def seal(signer: Signer, batch: int = BATCH) -> SealedHead | None:
    """Give committed leaves their places and sign a new head; None when there was nothing, or another sealer is at it.

    Places are given here and not by the number drawn at writing: a transaction may commit after others with higher
    numbers, or never. No leaf is skipped, because `complete` moves only past numbers whose writers are gone. Writers
    are never waited for and nothing of theirs is locked.
    """
    with transaction.atomic():
        log()
        this = Log.objects.select_for_update(skip_locked=True).first()
        if this is None:
            return None
        [(drawn, at)] = _ask(_DRAWN)
        writers = [each for (each,) in _ask(_WRITERS)]
        seqs = [seq for (seq,) in _ask(_UNSEALED, {"complete": this.complete, "limit": batch})]
        moved = _move_complete(this, drawn, writers, seqs[-1] if len(seqs) == batch else None)
        if seqs:
            events = dict(event_texts(seqs))
            _append(this, seqs, [leaf_hash(events[seq], this.algorithm) for seq in seqs])
        if seqs or moved:
            this.save()
        return _head(this, seqs, signer, drawn, at) if seqs else None


def unsealed(limit: int = 1000) -> int:
    """How many committed leaves wait for the sealer; `limit` means that many or more."""
    this = Log.objects.first()
    return len(_ask(_UNSEALED, {"complete": this.complete if this else 0, "limit": limit}))


def _ask(statement: str, parameters: dict[str, Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _move_complete(this: Log, drawn: int, writers: Sequence[str], cut: int | None) -> bool:
    """Move `complete` to the mark once nobody is left who could hold a number up to it; then set the next mark.

    The order of the reads carries the proof: numbers first, then writers, then leaves. `cut` is the last leaf taken
    when more wait than one head takes. Returns whether anything moved.
    """
    before = (this.complete, this.mark, this.writers)
    if not writers:
        this.complete = this.mark = drawn
        this.writers = []
    elif not set(this.writers) & set(writers):
        this.complete, this.mark, this.writers = this.mark, drawn, list(writers)
    if cut is not None:
        this.complete, this.mark = min(this.complete, cut), min(this.mark, cut)
    return before != (this.complete, this.mark, this.writers)


def _append(this: Log, seqs: Sequence[int], hashes: Sequence[bytes]) -> None:
    """Put hashes at the right edge; each tile that fills gives one hash to the level above."""
    level, size, fresh = 0, this.size, list(hashes)
    this.size += len(fresh)
    tiles: list[Tile] = []
    while fresh:
        place, have = divmod(size, TILE)
        edge = Tile.objects.filter(level=level, index=place).first() if have else None
        row = (bytes(edge.hashes) if edge else b"") + b"".join(fresh)
        numbers = [*((edge and edge.seqs) or []), *seqs] if level == 0 else []
        fresh = []
        for at in range(0, len(row) // SIZE, TILE):
            part = row[at * SIZE : (at + TILE) * SIZE]
            tiles.append(_tile(level, place + at // TILE, part, numbers[at : at + TILE]))
            if len(part) == TILE * SIZE:
                fresh.append(perfect(part, this.algorithm))
        level, size = level + 1, place
    Tile.objects.bulk_create(
        tiles,
        update_conflicts=True,
        unique_fields=["level", "index"],
        update_fields=["hashes", "seqs", "first", "last"],
    )


def _tile(level: int, index: int, hashes: bytes, seqs: list[int]) -> Tile:
    if not seqs:
        return Tile(level=level, index=index, hashes=hashes)
    return Tile(level=level, index=index, hashes=hashes, seqs=seqs, first=min(seqs), last=max(seqs))


def _head(this: Log, seqs: Sequence[int], signer: Signer, drawn: int, at: datetime) -> SealedHead:
    """Sign a head over the tree as it is now, chained to the one before."""
    key, sign = signer()
    before = Head.objects.order_by("-size").first()
    numbers = bytes.fromhex(json.loads(before.body)["numbers"]) if before else b""
    told = {
        "algorithm": this.algorithm,
        "at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "complete": this.complete,
        "drawn": drawn,
        "key": key,
        "log": this.name,
        "numbers": hashlib.sha256(numbers + b"".join(seq.to_bytes(8, signed=True) for seq in seqs)).hexdigest(),
        "previous": hashlib.sha256(before.body.encode()).hexdigest() if before else "",
        "root": root(this.size, this.algorithm).hex(),
        "size": this.size,
    }
    body = canonical(told).decode()
    signed = sign(body.encode())
    row = Head.objects.create(
        size=this.size, at=at, key=key, body=body, signature=signed.value, hash_name=signed.hash_name
    )
    return sealed_head(row)
