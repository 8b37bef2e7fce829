"""Queries: one signed request and one signed reply over the line, logged at both ends (T1, T2)."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from functools import cache
from queue import SimpleQueue

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused, TongbanError, canonical, new_id, now, system

from . import models
from .broker import PROBLEMS, Hub
from .checking import open_frame
from .data import Envelope, Kind, Message, Outcome, Own, Peer, Stage
from .handling import businesses, refusal
from .own import own
from .peers import find_peer
from .sealing import PART, Frame, Rejected, packed, seal, unpacked, whole
from .taking import quotas

PATIENCE = 5.0


def ask(
    to: str,
    business: str,
    body: bytes,
    *,
    grant: str = "",
    resource: str = "",
    timeout: float = PATIENCE,
    trace: str = "",
) -> Message:
    """Ask a node and wait for its signed answer, at most `timeout` seconds. Never inside a transaction (R9). `Refused`
    with the other end's code, or "timeout", "offline", "line", "stranger", "blocked", or what is wrong with it."""
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise RuntimeError("a query waits for the network; ask outside transactions")
    me, peer = own(), find_peer(to)
    if peer is None or peer.blocked:
        raise Refused(_("Node %s is not known here, or blocked.") % to, "blocked" if peer else "stranger")
    query = _envelope(me, to, Kind.QUERY, business, grant=grant, resource=resource, trace=trace or new_id())
    query = replace(query, expires=query.created + timedelta(seconds=timeout))
    frame = _sealed(me, query, peer, body)
    started, code = time.monotonic(), "failed"
    try:
        reply = _open_reply(_line().ask(to, frame, timeout), me, peer, query)
        code = ""
    except Refused as refused:
        code = refused.code
        raise
    finally:
        stage = Stage.REFUSED if code else Stage.PROCESSED
        _log().write(_row(query, to, True, Outcome(stage, code), started))
    return reply


def _open_reply(frame: Frame, me: Own, peer: Peer, query: Envelope) -> Message:
    try:
        envelope, content = open_frame(frame, me, lambda node: peer if node == peer.node else None)
        if envelope.kind is not Kind.REPLY or envelope.about != query.id or not whole(envelope, content):
            raise Rejected("altered")
        head, _line, body = unpacked(envelope.packing, content).partition(b"\n")
        told = json.loads(head)
    except (Rejected, ValueError) as wrong:
        code = wrong.code if isinstance(wrong, Rejected) else "unreadable"
        raise Refused(_("The answer of node %s cannot be relied on.") % peer.node, code) from None
    if told["stage"] != Stage.PROCESSED:
        raise Refused(str(told["text"]) or _("Node %s refused to answer.") % peer.node, str(told["code"]) or "refused")
    return Message(envelope, body)


def answer(frames: Sequence[tuple[Frame, str]], me: Own) -> list[Frame | None]:
    """The signed replies to queries that came together, each with the sender that the line vouches for; none to those
    who cannot be told apart from strangers. Their handlers and log rows share one transaction, which is what makes
    many queries a second possible; if one fails, each gets a savepoint of its own."""
    peers = {line: find_peer(line) for line in {line for _frame, line in frames}}
    judged = [_judged(frame, line, me, peers) for frame, line in frames]
    messages = [each for each in judged if isinstance(each, Message)]
    try:
        outcomes = _answered(messages, careful=False)
    except Exception:
        outcomes = _answered(messages, careful=True)
    told = iter(outcomes)
    return [_reply(each, next(told) if isinstance(each, Message) else each, me, peers) for each in judged]


def _judged(frame: Frame, line: str, me: Own, peers: dict[str, Peer | None]) -> Message | Rejected:
    peer = peers[line]
    if peer and not peer.blocked and not quotas.allow(peer):
        return Rejected("quota")  # no answer and no row: a flood must cost nothing (T10)
    try:
        envelope, content = open_frame(frame, me, peers.get, line)
        if envelope.kind is not Kind.QUERY or envelope.total != 1 or not whole(envelope, content):
            raise Rejected("altered", envelope, proven=True)
        return Message(envelope, unpacked(envelope.packing, content))
    except Rejected as rejected:
        with system():
            models.Refused.objects.create(
                code=rejected.code, sender=line, proven=rejected.proven, message=getattr(rejected.envelope, "id", "")
            )
        return rejected


def _answered(messages: list[Message], *, careful: bool) -> list[Outcome]:
    """Handlers and log rows in one transaction; a query that came before is not answered again (T8)."""
    outcomes, rows = [], []
    with system():
        ids = [message.envelope.id for message in messages]
        before = models.Query.objects.filter(outward=False, message__in=ids).values_list("peer", "message")
        known = set(before) if ids else set()
        for message in messages:
            envelope, started = message.envelope, time.monotonic()
            if (envelope.sender, envelope.id) in known:
                outcomes.append(Outcome(Stage.REFUSED, "again"))
                continue
            known.add((envelope.sender, envelope.id))
            outcome = _carefully(message) if careful else _handled(message)
            outcomes.append(outcome)
            rows.append(_row(envelope, envelope.sender, False, outcome, started))
        models.Query.objects.bulk_create(rows)
    return outcomes


def _handled(message: Message) -> Outcome:
    if message.envelope.business not in businesses:
        raise Refused(_("This node does not answer such queries."), "unknown_business")
    outcome = businesses.get(message.envelope.business)[0](message)
    if len(outcome.body) > PART - 1_000:
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


def _reply(asked: Message | Rejected, told: Outcome | Rejected, me: Own, peers: dict[str, Peer | None]) -> Frame | None:
    envelope = asked.envelope
    if isinstance(told, Rejected):
        if not told.proven:
            return None
        told = Outcome(Stage.REFUSED, told.code)
    if envelope is None or (asker := peers.get(envelope.sender)) is None:
        return None
    reply = _envelope(me, asker.node, Kind.REPLY, envelope.business, grant=envelope.grant, trace=envelope.trace)
    head = canonical({"stage": told.stage, "code": told.code, "text": told.text})
    return _sealed(me, replace(reply, about=envelope.id), asker, head + b"\n" + told.body)


def _envelope(me: Own, to: str, kind: Kind, business: str, *, grant: str, trace: str, resource: str = "") -> Envelope:
    return Envelope(
        id=new_id(),
        kind=kind,
        business=business,
        sender=me.node,
        office=me.office,
        to=to,
        created=now(),
        original=me.node,
        resource=resource,
        grant=grant,
        priority=1,
        trace=trace,
    )


def _sealed(me: Own, envelope: Envelope, peer: Peer, body: bytes) -> Frame:
    packing, content = packed(body)
    frames = seal(me, replace(envelope, packing=packing), peer.certificate, content)
    if len(frames) > 1:
        raise Refused(_("A query or its answer holds at most %d KB.") % (PART >> 10), "too_large")
    return frames[0]


def _row(envelope: Envelope, peer: str, outward: bool, outcome: Outcome, started: float) -> models.Query:
    return models.Query(
        message=envelope.id,
        outward=outward,
        peer=peer,
        business=envelope.business,
        resource=envelope.resource,
        grant=envelope.grant,
        trace=envelope.trace,
        at=now(),
        digest=envelope.digest,
        stage=outcome.stage,
        code=outcome.code,
        milliseconds=round((time.monotonic() - started) * 1000),
    )


class _Log:
    """Writes the log rows of this process's queries; those that end together share a commit."""

    def __init__(self) -> None:
        self.waiting: SimpleQueue[tuple[models.Query, Future[None]]] = SimpleQueue()
        threading.Thread(target=self._work, name="transport-log", daemon=True).start()

    def write(self, row: models.Query) -> None:
        """Return when the row is committed: no answer without its record."""
        done: Future[None] = Future()
        self.waiting.put((row, done))
        done.result()

    def _work(self) -> None:
        while True:
            together = [self.waiting.get()]
            while not self.waiting.empty():
                together.append(self.waiting.get())
            ends = [done for _row, done in together]
            try:
                with system():
                    models.Query.objects.bulk_create([row for row, _done in together])
            except Exception as error:
                connection.close()
                del connections[DEFAULT_DB_ALIAS]
                for done in ends:
                    done.set_exception(error)
            else:
                for done in ends:
                    done.set_result(None)


@cache
def _log() -> _Log:
    return _Log()


class _Line:
    """A connection of this process for its own queries, in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.hub: Hub | None = None
        self.alone = asyncio.Lock()
        threading.Thread(target=self.loop.run_forever, name="transport-ask", daemon=True).start()

    def ask(self, to: str, frame: Frame, timeout: float) -> Frame:
        """The reply; `Refused` in words where none comes."""
        waiting = asyncio.run_coroutine_threadsafe(self._ask(to, frame, timeout), self.loop)
        try:
            return waiting.result(timeout + 5)
        except TimeoutError:
            raise Refused(_("Node %s did not answer in time.") % to, "timeout") from None
        except PROBLEMS as error:
            if type(error).__name__ == "NoRespondersError":
                raise Refused(_("Node %s is not connected at present.") % to, "offline") from None
            raise Refused(_("The line to the exchange hub is down."), "line") from None

    async def _ask(self, to: str, frame: Frame, timeout: float) -> Frame:
        async with self.alone:
            if self.hub is None or self.hub.own != own():
                fresh = Hub(own())
                await asyncio.wait_for(fresh.connect(), timeout)
                self.hub = fresh
        if not self.hub.up:
            raise OSError("the line is down")
        return await self.hub.ask(to, frame, timeout)


@cache
def _line() -> _Line:
    return _Line()
