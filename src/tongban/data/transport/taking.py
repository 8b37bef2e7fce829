"""Taking frames from the line into the permanent inbox: judged, opened, stored, and only then acknowledged (R10)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from tongban.base.kernel.api import now, system

from .checking import FindPeer, open_frame
from .data import ENDED, Envelope, Kind, Outcome, Own, Peer, Stage
from .handling import answer, answer_again
from .models import In, InBody, Part, Refused
from .models import Peer as PeerRow
from .peers import find_peer
from .sealing import Frame, Rejected, whole
from .sending import WAKE_IN, wake


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


quotas = Quotas()
Pieces = dict[tuple[str, str, str], dict[int, bytes]]  # by sender, message and digest: parts by their sequence


def take(frames: Sequence[tuple[Frame, str]], own: Own) -> list[Taken]:
    """Take frames with the sender that the line vouches for ("" where it does not), all in one transaction."""
    known: dict[str, Peer | None] = {}

    def find(node: str) -> Peer | None:
        if node not in known:
            known[node] = find_peer(node)
        return known[node]

    with system():
        pieces: Pieces = {}
        answers = [_take(frame, line, own, find, pieces) for frame, line in frames]
        _keep(pieces)
        if Taken.STORED in answers:
            wake(WAKE_IN)
        heard = {line for (_frame, line), answer in zip(frames, answers, strict=True) if answer is not Taken.REFUSED}
        PeerRow.objects.filter(node__in=heard).update(heard=now())
    return answers


def _take(frame: Frame, line: str, own: Own, find: FindPeer, pieces: Pieces) -> Taken:
    peer = find(line) if line else None
    if peer and not peer.blocked and not quotas.allow(peer):
        return Taken.LATER
    try:
        envelope, piece = open_frame(frame, own, find, line)
        return _store(envelope, piece, frame, pieces)
    except Rejected as rejected:
        _refuse(rejected)
        return Taken.REFUSED


def _store(envelope: Envelope, piece: bytes, frame: Frame, pieces: Pieces) -> Taken:
    known = In.objects.filter(sender=envelope.sender, message=envelope.id).values_list("digest", "stage").first()
    if known:
        if known[0] != envelope.digest:
            raise Rejected("conflict", envelope, proven=False)
        if known[1] in ENDED:
            answer_again(envelope.sender, envelope.id)
        return Taken.AGAIN
    content = piece if envelope.total == 1 else _assembled(envelope, piece, pieces)
    if content is None:
        return Taken.PART
    if not whole(envelope, content):
        raise Rejected("altered", envelope, proven=True)
    moment = now()
    try:
        with transaction.atomic():
            row = In.objects.create(
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
                size=len(content),
                stage=Stage.STORED,
                due=moment,
                at=moment,
            )
    except IntegrityError:  # another process took the same message at the same moment
        return Taken.AGAIN
    InBody.objects.create(passage=row.id, content=content)
    return Taken.STORED


def _assembled(envelope: Envelope, piece: bytes, pieces: Pieces) -> bytes | None:
    """The whole once all parts are here; most often they come together and need no place of their own meanwhile."""
    mine = pieces.setdefault((envelope.sender, envelope.id, envelope.digest), {})
    mine[envelope.sequence] = piece
    if len(mine) < envelope.total:
        _before(envelope, mine)
    if len(mine) < envelope.total:
        return None
    del pieces[envelope.sender, envelope.id, envelope.digest]
    _parts(envelope.sender, envelope.id, envelope.digest).delete()
    return b"".join(part for _sequence, part in sorted(mine.items()))


def _before(envelope: Envelope, mine: dict[int, bytes]) -> None:
    """Parts that came earlier. Two processes that take parts of one message do so one after the other, or neither
    would see the last part."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{envelope.sender}/{envelope.id}"])
    earlier = _parts(envelope.sender, envelope.id, envelope.digest)
    if len(mine) + earlier.exclude(sequence__in=mine).count() >= envelope.total:
        mine.update((sequence, bytes(content)) for sequence, content in earlier.values_list("sequence", "content"))


def _parts(sender: str, message: str, digest: str) -> QuerySet[Part]:
    return Part.objects.filter(sender=sender, message=message, digest=digest)


def _keep(pieces: Pieces) -> None:
    """Keep the parts of what is not whole yet."""
    rows = [
        Part(sender=sender, message=message, digest=digest, sequence=sequence, content=piece)
        for (sender, message, digest), mine in pieces.items()
        for sequence, piece in mine.items()
    ]
    Part.objects.bulk_create(rows, ignore_conflicts=True)


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
        answer(envelope.sender, envelope.id, envelope.trace, Outcome(Stage.REFUSED, rejected.code))


def _not_told(envelope: Envelope, code: str) -> bool:
    """One receipt for one reason: a thousand copies of an old frame are answered once."""
    told = Refused.objects.filter(sender=envelope.sender, message=envelope.id, code=code, proven=True).count()
    return told <= 1
