"""Taking frames from the line into the permanent inbox: judged, opened, stored, and only then acknowledged (R10)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cache

from django.db import connection
from django.db.models import Q, QuerySet

from tongban.base.kernel.api import now, system

from .bodies import keep_in
from .checking import FindPeer, open_frame
from .data import ENDED, Envelope, Kind, Outcome, Own, Peer, Stage
from .handling import answer, answer_again
from .models import In, Part, Refused
from .models import Peer as PeerRow
from .peers import find_peer
from .receipts import PASSING, TRIES
from .sealing import Frame, Rejected, whole


class Taken(StrEnum):
    """What became of a frame. Only `LATER` is not acknowledged: the hub is to bring it again."""

    STORED = "stored"
    PART = "part"
    AGAIN = "again"
    REFUSED = "refused"
    LATER = "later"


@dataclass
class Quotas:
    """A bucket per sender, of one process: who floods is served later, and nobody else is (T10)."""

    left: dict[str, float] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)

    def allow(self, peer: Peer, most: int = 1) -> int:
        """How many of so many more things of this sender may be looked at now."""
        moment, rate = time.monotonic(), peer.quota / 60
        full = max(rate * 5, 20.0)
        passed = moment - self.seen.get(peer.node, moment)
        have = min(full, self.left.get(peer.node, full) + passed * rate)
        self.seen[peer.node] = moment
        allowed = min(int(have), most)
        self.left[peer.node] = have - allowed
        return allowed


NOTED = timedelta(seconds=1)  # how exactly it is known when a sender was heard of last
quotas = Quotas()
Pieces = dict[tuple[str, str, str], dict[int, bytes]]  # by sender, message and digest: parts by their sequence


@dataclass(frozen=True, slots=True)
class _Opened:
    """A frame that may be taken, and its plain part."""

    frame: Frame
    envelope: Envelope
    piece: bytes

    @property
    def whole(self) -> tuple[str, str, str]:
        """Which message it is a part of."""
        return self.envelope.sender, self.envelope.id, self.envelope.digest


@dataclass
class _Heap:
    """What comes together: messages known by sender and id, with digest and stage; how many parts come of each;
    messages to be stored, with their content; parts without the rest."""

    known: dict[tuple[str, str], tuple[str, str]]
    coming: dict[tuple[str, str, str], int]
    fresh: list[tuple[In, bytes]] = field(default_factory=list)
    pieces: Pieces = field(default_factory=dict)


def take(frames: Sequence[tuple[Frame, str]], own: Own) -> list[Taken]:
    """Take frames with the sender that the line vouches for ("" where it does not), all in one transaction."""
    find = cache(find_peer)
    with system():
        opened = [_opened(frame, line, own, find) for frame, line in frames]
        heap = _heap([each for each in opened if isinstance(each, _Opened)])
        answers = [_taken(each, heap) for each in opened]
        _keep(heap)
        heard = {line for (_frame, line), answer in zip(frames, answers, strict=True) if answer is not Taken.REFUSED}
        long_ago = Q(heard=None) | Q(heard__lt=now() - NOTED)
        PeerRow.objects.filter(long_ago, node__in=heard).update(heard=now())
    return answers


def _opened(frame: Frame, line: str, own: Own, find: FindPeer) -> _Opened | Rejected | None:
    """The frame opened, or why it is refused; None for what is beyond its sender's quota and is to come later."""
    peer = find(line) if line else None
    if peer and not peer.blocked and not quotas.allow(peer):
        return None
    try:
        return _Opened(frame, *open_frame(frame, own, find, line))
    except Rejected as rejected:
        return rejected


def _heap(opened: Sequence[_Opened]) -> _Heap:
    senders, ids = {each.envelope.sender for each in opened}, {each.envelope.id for each in opened}
    rows = In.objects.filter(sender__in=senders, message__in=ids)
    known = {(row[0], row[1]): (row[2], row[3]) for row in rows.values_list("sender", "message", "digest", "stage")}
    parts = {(each.whole, each.envelope.sequence) for each in opened}
    return _Heap(known, Counter(whole for whole, _sequence in parts))


def _taken(opened: _Opened | Rejected | None, heap: _Heap) -> Taken:
    if opened is None:
        return Taken.LATER
    try:
        if isinstance(opened, Rejected):
            raise opened
        return _stored(opened, heap)
    except Rejected as rejected:
        _refuse(rejected)
        return Taken.REFUSED


def _stored(opened: _Opened, heap: _Heap) -> Taken:
    envelope = opened.envelope
    key = envelope.sender, envelope.id
    if known := heap.known.get(key):
        if known[0] != envelope.digest:
            raise Rejected("conflict", envelope, proven=False)
        if known[1] in ENDED:
            answer_again(envelope.sender, envelope.id)
        return Taken.AGAIN
    content = opened.piece if envelope.total == 1 else _assembled(opened, heap)
    if content is None:
        return Taken.PART
    if not whole(envelope, content):
        raise Rejected("altered", envelope, proven=True)
    heap.fresh.append((_row(opened.frame, envelope, len(content)), content))
    heap.known[key] = envelope.digest, Stage.STORED
    return Taken.STORED


def _row(frame: Frame, envelope: Envelope, size: int) -> In:
    moment = now()
    return In(
        message=envelope.id,
        sender=envelope.sender,
        office=envelope.office,
        envelope=frame.envelope.decode(),
        signature=frame.signature.hex(),
        digest=envelope.digest,
        kind=envelope.kind,
        business=envelope.business,
        resource=envelope.resource,
        grant=envelope.grant,
        schema=envelope.schema,
        priority=envelope.priority,
        number=envelope.number,
        created=envelope.created,
        expires=envelope.expires,
        trace=envelope.trace,
        about=envelope.about,
        packing=envelope.packing,
        size=size,
        stage=Stage.STORED,
        due=moment,
        at=moment,
    )


def _assembled(opened: _Opened, heap: _Heap) -> bytes | None:
    """The whole once all parts are here; most often they come together and need no place of their own meanwhile."""
    envelope = opened.envelope
    mine = heap.pieces.setdefault(opened.whole, {})
    mine[envelope.sequence] = opened.piece
    if heap.coming[opened.whole] < envelope.total:
        _before(opened, mine)
    if len(mine) < envelope.total:
        return None
    del heap.pieces[opened.whole]
    return b"".join(part for _sequence, part in sorted(mine.items()))


def _before(opened: _Opened, mine: dict[int, bytes]) -> None:
    """Parts that came earlier. Two processes that take parts of one message do so one after the other, or neither
    would see the last part."""
    sender, message, _digest = opened.whole
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{sender}/{message}"])
    earlier = _parts(*opened.whole)
    if len(mine) + earlier.exclude(sequence__in=mine).count() >= opened.envelope.total:
        mine.update((sequence, bytes(content)) for sequence, content in earlier.values_list("sequence", "content"))
        earlier.delete()


def _parts(sender: str, message: str, digest: str) -> QuerySet[Part]:
    return Part.objects.filter(sender=sender, message=message, digest=digest)


def _keep(heap: _Heap) -> None:
    """Keep what is whole, and the parts of what is not. What another process took at the same moment is kept once."""
    In.objects.bulk_create([row for row, _content in heap.fresh], ignore_conflicts=True)
    keep_in((content, row.sender, row.message, row.digest) for row, content in heap.fresh)
    parts = [
        Part(sender=sender, message=message, digest=digest, sequence=sequence, content=piece)
        for (sender, message, digest), mine in heap.pieces.items()
        for sequence, piece in mine.items()
    ]
    Part.objects.bulk_create(parts, ignore_conflicts=True)


def _refuse(rejected: Rejected) -> None:
    """Write down that something was refused; tell the sender where its signature proves who it is."""
    envelope = rejected.envelope
    known = bool(envelope and rejected.proven)
    Refused.objects.create(
        code=rejected.code,
        sender=envelope.sender if envelope else "",
        message=envelope.id if envelope else "",
        proven=known,
    )
    if known and envelope and envelope.kind is not Kind.RECEIPT and _not_told(envelope, rejected.code):
        answer(envelope.sender, [envelope.id], envelope.trace, Outcome(Stage.REFUSED, rejected.code))


def _not_told(envelope: Envelope, code: str) -> bool:
    """One receipt for one reason: a thousand copies of an old frame are answered once. What may pass the next time is
    sent again by its sender, and each try waits for its answer."""
    told = Refused.objects.filter(sender=envelope.sender, message=envelope.id, code=code, proven=True).count()
    return told <= (TRIES if code in PASSING else 1)
