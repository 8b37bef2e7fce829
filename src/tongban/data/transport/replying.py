"""Answering queries: those that came together are judged, answered and written down together (T1, T2, T8)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused, TongbanError, system

from . import models
from .bundles import ROOM, envelope, heaps, questions, record, sealed, write_down
from .checking import open_frame
from .data import Envelope, Kind, Message, Outcome, Own, Peer, Stage
from .handling import businesses, refusal
from .peers import recent_peer
from .sealing import Frame, Rejected, unpacked, whole
from .taking import quotas


@dataclass(frozen=True, slots=True)
class _Asked:
    """One message and its questions; those beyond the sender's quota have no turn. `asker` as it was when it asked: an
    answer may bring it another certificate, and is closed for the one that it has."""

    outer: Envelope
    asker: Peer
    turn: list[Message]
    beyond: list[Message]


def answer(frames: Sequence[tuple[Frame, str]], me: Own) -> list[list[Frame]]:
    """The signed replies to what came together, each with the sender that the line vouches for; none to those who
    cannot be told apart from strangers. Handlers and log rows share one transaction, which is what makes many queries
    a second possible; if one fails, each gets a savepoint of its own."""
    judged = [_judged(frame, line, me) for frame, line in frames]
    asked = [message for each in judged if isinstance(each, _Asked) for message in each.turn]
    try:
        outcomes = _answered(asked, careful=False)
    except Exception:
        outcomes = _answered(asked, careful=True)
    left = iter(outcomes)
    return [_refused(each, me) if isinstance(each, Rejected) else _replies(each, left, me) for each in judged]


def _judged(frame: Frame, line: str, me: Own) -> _Asked | Rejected:
    peer = recent_peer(line)
    if peer and not peer.blocked and not quotas.allow(peer):
        return Rejected("quota")  # no answer and no row: a flood must cost nothing (T10)
    try:
        outer, content = open_frame(frame, me, recent_peer, line)
        if outer.kind is not Kind.QUERY or outer.total != 1 or not whole(outer, content):
            raise Rejected("altered", outer, proven=True)
        found = questions(outer, unpacked(outer.packing, content))
    except Rejected as rejected:
        with system():
            models.Refused.objects.create(
                code=rejected.code, sender=line, proven=rejected.proven, message=getattr(rejected.envelope, "id", "")
            )
        return rejected
    assert peer  # or the frame would have been a stranger's
    turn = 1 + quotas.allow(peer, len(found) - 1)
    return _Asked(outer, peer, found[:turn], found[turn:])


def _answered(messages: list[Message], *, careful: bool) -> list[Outcome]:
    """Handlers and log rows in one transaction. A query that came before is not answered again (T8): its record stands
    in the way of all, and `careful` tells which it is."""
    outcomes, rows = [], []
    if not messages:
        return []
    with system():
        known = _before([message.envelope.id for message in messages]) if careful else set()
        for message in messages:
            asked, started = message.envelope, time.monotonic()
            if (asked.sender, asked.id) in known:
                outcomes.append(Outcome(Stage.REFUSED, "again"))
                continue
            known.add((asked.sender, asked.id))
            outcome = _carefully(message) if careful else _handled(message)
            outcomes.append(outcome)
            rows.append(record(asked, asked.id, asked.trace, outcome, started))
        write_down(rows)
    return outcomes


def _before(ids: list[str]) -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT peer, message FROM transport_query WHERE NOT outward AND message = ANY(%s)", [ids])
        return set(cursor.fetchall())


def _handled(message: Message) -> Outcome:
    if message.envelope.business not in businesses:
        raise Refused(_("This node does not answer such queries."), "unknown_business")
    outcome = businesses.get(message.envelope.business)[0](message)
    if len(outcome.body) > ROOM:
        raise Refused(_("The answer is too long for a query."), "too_large")
    return outcome


def _carefully(message: Message) -> Outcome:
    try:
        with transaction.atomic():
            return _handled(message)
    except TongbanError as refused:
        return refusal(refused)
    except DatabaseError:
        raise
    except Exception:
        return Outcome(Stage.REFUSED, "failed")


def _refused(rejected: Rejected, me: Own) -> list[Frame]:
    """A sender that proved who it is is told; nobody else is."""
    outer = rejected.envelope
    asker = recent_peer(outer.sender) if outer and rejected.proven else None
    if outer is None or asker is None:
        return []
    return _sealed(outer, asker, [(outer.id, Outcome(Stage.REFUSED, rejected.code))], me)


def _replies(asked: _Asked, outcomes: Iterator[Outcome], me: Own) -> list[Frame]:
    told = [(message.envelope.id, next(outcomes)) for message in asked.turn]
    told += [(message.envelope.id, Outcome(Stage.REFUSED, "quota")) for message in asked.beyond]
    return _sealed(asked.outer, asked.asker, told, me)


def _sealed(about: Envelope, asker: Peer, told: list[tuple[str, Outcome]], me: Own) -> list[Frame]:
    frames = []
    for heap in heaps(told, lambda each: len(each[1].body)):
        reply = envelope(me, asker.node, Kind.REPLY, about.business, grant=about.grant, about=about.id)
        heads = [(id_, outcome.stage, outcome.code, outcome.text) for id_, outcome in heap]
        frames.append(sealed(me, reply, asker, heads, [outcome.body for _id, outcome in heap]))
    return frames
