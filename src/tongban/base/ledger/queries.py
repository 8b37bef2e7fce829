"""Reading the ledger: leaves, heads and proofs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from tongban.base.kernel.api import NotFound, Ref, canonical

from .data import LedgerEntry, Proof, SealedHead
from .models import Head, Leaf, Log, Tile
from .tree import SIZE, Range, consistency, cover, fold, inclusion, perfect

ROW = 8  # a tile is 2^8 hashes wide


def history(subject: Ref) -> list[LedgerEntry]:
    """Everything recorded of one object, oldest first."""
    rows = Leaf.objects.filter(subject_id=subject.id, subject_kind=subject.kind).order_by("seq")
    return [_entry(row) for row in rows]


def leaf(seq: int) -> LedgerEntry:
    """One leaf by its number; `NotFound`."""
    row = Leaf.objects.filter(seq=seq).first()
    if row is None:
        raise NotFound
    return _entry(row)


def leaves(
    *,
    subject: Ref | None = None,
    by: Ref | None = None,
    kind: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[LedgerEntry]:
    """Leaves that match all that is given, newest first; `before` is the number after which the page begins.

    Moments are turned into numbers by the heads around them, so that no index on time is needed.
    """
    rows = Leaf.objects.filter(**({"kind": kind} if kind else {}), **({"by": str(by)} if by else {}))
    if subject:
        rows = rows.filter(subject_id=subject.id, subject_kind=subject.kind)
    if since:
        head = head_before(since)
        rows = rows.filter(at__gte=since, seq__gt=json.loads(head.body)["complete"] if head else 0)
    if until:
        head = head_at(until)
        rows = rows.filter(at__lt=until, **({"seq__lte": json.loads(head.body)["drawn"]} if head else {}))
    if before is not None:
        rows = rows.filter(seq__lt=before)
    return [_entry(row) for row in rows.order_by("-seq")[:limit]]


def latest_of(kind: str, limit: int = 50) -> list[LedgerEntry]:
    """The newest leaves of one kind, newest first."""
    return leaves(kind=kind, limit=limit)


def _entry(row: Leaf) -> LedgerEntry:
    return LedgerEntry(
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        subject=Ref(row.subject_kind, row.subject_id),
        by=Ref.parse(row.by) if row.by else None,
        facts=row.facts,
    )


_EVENTS = """
SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), "by", facts::text, kind,
       subject_kind || ':' || subject_id FROM ledger_leaf WHERE seq = ANY(%s)
"""


def event_texts(seqs: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """The canonical event of each of these leaves that exists: what is hashed, and what an export shows."""
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [list(seqs)])
        for seq, at, by, facts, kind, subject in cursor.fetchall():
            event = {"at": at, "by": by, "facts": json.loads(facts), "kind": kind, "subject": subject}
            yield seq, canonical(event)


def strays(limit: int = 50) -> list[int]:
    """Leaves under numbers that could not come any more, and that no tile names: put in behind the sealer's back."""
    with connection.cursor() as cursor:
        cursor.execute(_STRAYS, [limit])
        return [int(seq) for (seq,) in cursor.fetchall()]


_STRAYS = """
SELECT seq FROM ledger_leaf WHERE seq <= (SELECT complete FROM ledger_log)
EXCEPT SELECT unnest(seqs) FROM ledger_tile WHERE level = 0 ORDER BY seq LIMIT %s
"""


def log_name() -> tuple[str, str]:
    """The ledger's name and the hash of its tree; no name before the first sealing."""
    return Log.objects.values_list("name", "algorithm").first() or ("", "sha256")


# --- heads


def sealed_head(row: Head) -> SealedHead:
    """The row as other rooms see it."""
    return SealedHead(row.size, row.at, row.key, row.body, bytes(row.signature), row.hash_name)


def latest_head() -> SealedHead | None:
    """The newest head."""
    row = Head.objects.order_by("-size").first()
    return sealed_head(row) if row else None


def head_of(size: int) -> SealedHead | None:
    """The head of exactly this many leaves."""
    row = Head.objects.filter(size=size).first()
    return sealed_head(row) if row else None


def heads(after: int = 0, upto: int | None = None, limit: int | None = None) -> list[SealedHead]:
    """Heads of more than `after` leaves and at most `upto`, the smallest first."""
    rows = Head.objects.filter(size__gt=after, **({} if upto is None else {"size__lte": upto})).order_by("size")
    return [sealed_head(row) for row in rows[:limit]]


def heads_before(size: int | None = None, limit: int = 30) -> list[SealedHead]:
    """Heads of fewer leaves than `size`, the largest first: the pages of a list."""
    rows = Head.objects.filter(**({} if size is None else {"size__lt": size})).order_by("-size")
    return [sealed_head(row) for row in rows[:limit]]


def head_at(moment: datetime) -> SealedHead | None:
    """The first head made at or after a moment."""
    row = Head.objects.filter(at__gte=moment).order_by("at").first()
    return sealed_head(row) if row else None


def numbers_at(size: int) -> str:
    """The running hash over the leaves' numbers as the head of `size` carries it; "" before the first."""
    row = Head.objects.filter(size=size).first()
    return str(json.loads(row.body)["numbers"]) if row else ""


def head_before(moment: datetime) -> SealedHead | None:
    """The last head made before a moment."""
    row = Head.objects.filter(at__lt=moment).order_by("-at").first()
    return sealed_head(row) if row else None


# --- proofs

_PLACE = """
SELECT index * 256 + array_position(seqs, %(seq)s::bigint) - 1 FROM ledger_tile
WHERE level = 0 AND int8range(first, last, '[]') @> %(seq)s::bigint AND %(seq)s::bigint = ANY(seqs) LIMIT 1
"""


def place(seq: int) -> int | None:
    """Where a leaf stands in the tree; None when it is not sealed yet."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, {"seq": seq})
        found = cursor.fetchone()
    return int(found[0]) if found else None


def receipt(seq: int, size: int | None = None) -> Proof | None:
    """That leaf `seq` is sealed: its path to the first head over it, or to the head of `size`. None: not sealed yet."""
    index = place(seq)
    if index is None:
        return None
    found = Head.objects.filter(size__gt=index) if size is None else Head.objects.filter(size=size)
    row = found.order_by("size").first()
    if row is None:
        return None
    own, *path = hashes_of([(index, index + 1), *inclusion(index, row.size)])
    return Proof(index, seq, own, tuple(path), sealed_head(row))


def consistency_proof(old: int, new: int) -> list[bytes]:
    """That the tree of `new` leaves begins with that of `old`."""
    return hashes_of(consistency(old, new)) if old else []


def root(size: int, algorithm: str | None = None) -> bytes:
    """The root over the first `size` leaves."""
    return hashes_of([(0, size)], algorithm)[0]


def frontier(size: int) -> list[bytes]:
    """The roots of the perfect subtrees that make up a tree of `size` leaves, left to right."""
    return hashes_of([(index << level, (index + 1) << level) for level, index in cover(0, size)])


def leaf_hashes(begin: int, end: int) -> bytes:
    """Hashes of the leaves from `begin` up to `end`, side by side, as they were sealed."""
    tiles = _leaf_tiles(begin, end).values_list("hashes", flat=True)
    skip = begin % (1 << ROW)
    return b"".join(map(bytes, tiles))[skip * SIZE : (skip + end - begin) * SIZE]


def sealed_numbers(begin: int, end: int) -> list[int]:
    """The numbers of the leaves at these places of the tree."""
    skip = begin % (1 << ROW)
    numbers = [seq for seqs in _leaf_tiles(begin, end).values_list("seqs", flat=True) for seq in seqs or ()]
    return numbers[skip : skip + end - begin]


def _leaf_tiles(begin: int, end: int) -> Any:
    return Tile.objects.filter(level=0, index__gte=begin >> ROW, index__lte=end >> ROW).order_by("index")


def hashes_of(ranges: Sequence[Range], algorithm: str | None = None) -> list[bytes]:
    """The root over each of these ranges, from the tiles, which are read with one question."""
    algorithm = algorithm or log_name()[1]
    nodes = [cover(*each) for each in ranges]
    wanted = {(level // ROW, index >> (ROW - level % ROW)) for each in nodes for level, index in each}
    found = Q()
    for level, index in wanted:
        found |= Q(level=level, index=index)
    rows = Tile.objects.filter(found).values_list("level", "index", "hashes") if wanted else ()
    tiles = {(level, index): bytes(hashes) for level, index, hashes in rows}

    def node(level: int, index: int) -> bytes:
        up = level % ROW
        at = (index & ((1 << (ROW - up)) - 1)) << up
        return perfect(tiles[level // ROW, index >> (ROW - up)][at * SIZE : (at + (1 << up)) * SIZE], algorithm)

    return [fold([node(*each) for each in part], algorithm) for part in nodes]
