"""The database's side of publishing: claim what is to go, seal it, note what the hub took. No network (R9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from django.db.models import F

from tongban.base.kernel.api import now, system

from .bodies import out_bodies, run
from .broker import CLASSES, class_of
from .data import Envelope, Kind, Own, Peer, Stage
from .handling import backoff
from .models import Out
from .peers import find_peer
from .receipts import ASK_AGAIN, tell
from .sealing import Frame, card, seal

MOST = 64  # claimed at a time
ROUND = 1 << 20  # bytes claimed at a time: what a slow line carries before its lease is over
LEASE = timedelta(seconds=15)  # renewed while the line carries; who dies gives back what he had after this
SLOWEST = 4_000  # bytes a second that a line must carry before we think it is cut
PATIENCE = timedelta(seconds=30)  # how long the receiver's receipt is waited for before the hub is asked
LATE = timedelta(minutes=2)  # a message under way may still be taken in time; the receiver's word counts
TRIES = 12

_CLAIM = """
UPDATE transport_outbox SET due = %(lease)s, tries = tries + 1 WHERE id IN (
    SELECT id FROM transport_outbox WHERE stage = 'waiting' AND due <= %(now)s AND id = ANY(ARRAY(
        SELECT id FROM (
            SELECT id, sum(size) OVER (ORDER BY priority, created, number, id) - size AS before FROM (
                SELECT out.id, size, priority, created, number FROM transport_outbox out
                JOIN transport_peer peer ON node = receiver AND NOT blocked
                WHERE stage = 'waiting' AND due <= %(now)s ORDER BY priority, created LIMIT %(most)s
            ) next
        ) sized WHERE before < %(bytes)s
    )) FOR UPDATE SKIP LOCKED
) RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Going:
    """One message ready for the line."""

    id: str
    mark: str  # of both certificates: sealed otherwise, it is no copy of what the hub had before
    to: str
    priority: int
    frames: list[Frame]
    size: int


def claim(own: Own, most: int = MOST) -> list[Going]:
    """Take what is due, urgent first, and seal it. Committed before anything goes over the line; who dies meanwhile
    gives it back when its lease is over."""
    moment, find = now(), cache(find_peer)
    with system():
        ids = [row[0] for row in run(_CLAIM, {"now": moment, "lease": moment + LEASE, "most": most, "bytes": ROUND})]
        if not ids:
            return []
        rows = list(Out.objects.filter(id__in=ids).order_by("priority", "created", "number"))
        bodies = out_bodies(ids)
    return [going for row in rows if (going := _sealed(own, row, find(row.receiver), bodies.get(row.id)))]


def _sealed(own: Own, row: Out, peer: Peer | None, content: bytes | None) -> Going | None:
    if content is None or peer is None:
        with system():
            Out.objects.filter(id=row.id).update(due=None, code="no_body" if peer else "stranger")
        return None
    envelope = Envelope(
        id=row.id,
        kind=Kind(row.kind),
        business=row.business,
        sender=own.node,
        office=own.office,
        to=row.receiver,
        created=row.created,
        original=own.node,
        resource=row.resource,
        grant=row.grant,
        expires=row.expires,
        priority=row.priority,
        number=row.number,
        schema=row.schema,
        trace=row.trace,
        about=row.about,
        packing=row.packing,
    )
    frames = seal(own, envelope, peer.certificate, content)
    mark = card(own.certificate).fingerprint[:8] + card(peer.certificate).fingerprint[:8]
    return Going(row.id, mark, row.receiver, row.priority, frames, row.size)


def renew(ids: list[str]) -> None:
    """The line still carries these."""
    with system():
        Out.objects.filter(id__in=ids, stage=Stage.WAITING).update(due=now() + LEASE)


# A receipt may have been quicker than our own note; rows are locked in the order in which receipts lock them.
_TOOK = """
WITH gone AS (SELECT * FROM unnest(%(ids)s::text[], %(places)s::bigint[]) AS gone (id, place)),
    waits AS (SELECT out.id FROM transport_outbox out JOIN gone USING (id) WHERE stage = 'waiting'
        ORDER BY out.id FOR UPDATE OF out)
UPDATE transport_outbox out SET stage = 'sent', due = CASE WHEN kind = 'receipt' THEN NULL ELSE %(due)s END,
    at = %(now)s, hub_sequence = place, hub_era = %(era)s, code = ''
FROM waits JOIN gone USING (id) WHERE out.id = waits.id
"""


def took(gone: Iterable[tuple[Going, int]], era: str) -> None:
    """The hub has these on its disk, their last part at that place."""
    moment = now()
    facts = {"now": moment, "due": moment + PATIENCE, "era": era}
    places = {going.id: place for going, place in gone}
    with system():
        run(_TOOK, {**facts, "ids": list(places), "places": list(places.values())})


def failed(gone: Iterable[Going], code: str) -> None:
    """The line did not take these; they are tried again after a growing pause."""
    with system():
        for going in gone:
            row = Out.objects.filter(id=going.id, stage=Stage.WAITING)
            tries = row.values_list("tries", flat=True).first() or 1
            row.update(due=now() + min(backoff(tries - 1), timedelta(seconds=30)), code=code)


def full(to: str, priority: int) -> None:
    """So much waits for this receiver that the hub takes no more of ours: all of that class is held back a while."""
    low = CLASSES.index(class_of(priority)) * 3 + 1
    held = Out.objects.filter(receiver=to, stage=Stage.WAITING, priority__range=(low, low + 2))
    with system():
        held.update(due=now() + timedelta(seconds=2), code="full")


def at_once() -> None:
    """The line is back: what waits for its next try goes now."""
    with system():
        Out.objects.filter(stage=Stage.WAITING, due__gt=now(), code="line").update(due=now())


def hub_lost_everything(era: str) -> int:
    """The stream is another one than before: everything without an end goes again. The inboxes know what they have."""
    with system():
        open_ = Out.objects.filter(stage__in=(Stage.SENT, Stage.RECEIVED, Stage.STORED)).exclude(hub_era=era)
        recent = open_.exclude(kind=Kind.RECEIPT) | open_.filter(at__gt=now() - timedelta(days=1))
        return recent.update(stage=Stage.WAITING, due=now(), at=now())


def expire() -> int:
    """Tell about messages whose time is over before anybody took them."""
    count = 0
    with system():
        late = Out.objects.filter(stage=Stage.WAITING, expires__lte=now()) | Out.objects.filter(
            stage=Stage.SENT, expires__lte=now() - LATE, due__isnull=False
        )
        for row in late.select_for_update(skip_locked=True)[:500]:
            row.stage, row.code, row.due, row.at = Stage.EXPIRED, "not_taken", None, now()
            row.save(update_fields=["stage", "code", "due", "at"])
            tell(row)
            count += 1
    return count


def overdue() -> list[tuple[str, int]]:
    """Receivers and priorities with messages whose receipt is late."""
    open_ = Out.objects.filter(due__lte=now()).exclude(stage=Stage.WAITING)
    return list(open_.values_list("receiver", "priority").distinct())


def ask_again(to: str, priority: int, floor: int, era: str) -> None:
    """Send again what the hub no longer has and nobody has told about; leave alone what still waits there."""
    with system():
        late = Out.objects.filter(receiver=to, priority=priority, due__lte=now()).exclude(stage=Stage.WAITING)
        late.filter(hub_era=era, hub_sequence__gt=max(floor, 0), stage=Stage.SENT).update(due=now() + PATIENCE)
        late = late.filter(due__lte=now())
        late.filter(tries__gte=TRIES).update(stage=Stage.WAITING, due=F("due") + ASK_AGAIN)
        late.update(stage=Stage.WAITING, due=now())
