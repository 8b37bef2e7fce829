"""Queries: one signed request and one signed reply over the line, logged at both ends (T1, T2).

Whoever asks waits in his own thread; one thread of the process signs what is asked at the same moment and opens what
comes back; another one writes down what was answered at the same moment, and only then lets the askers go on.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from queue import Empty, SimpleQueue

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused, new_id

from .broker import PROBLEMS, Hub
from .bundles import ROOM, answers, envelope, heaps, record, sealed, write_down
from .checking import open_frame
from .data import Envelope, Kind, Message, Outcome, Own, Peer, Stage
from .own import own
from .peers import recent_peer
from .sealing import Frame, Rejected, read, unpacked, whole

PATIENCE = 5.0
GATHER = 0.001  # seconds: several who were answered together often ask again together
GLANCE = 0.1  # seconds between looks at the clock while answers are waited for


class _Asked:
    """One question whose asker waits."""

    def __init__(
        self, peer: Peer, business: str, resource: str, grant: str, trace: str, body: bytes, timeout: float
    ) -> None:
        self.peer, self.body, self.timeout = peer, body, timeout
        self.business, self.resource, self.grant = business, resource, grant
        self.id = new_id()
        self.trace = trace or self.id
        self.started = time.monotonic()
        self._end: Message | Outcome | Exception = Outcome()
        self._waits = threading.Lock()  # the cheapest thing in Python to wait for
        self._waits.acquire()

    def wait(self) -> Message | Outcome:
        """What came of it, once that is written down."""
        self._waits.acquire()
        if isinstance(self._end, Exception):
            raise self._end
        return self._end

    def tell(self, end: Message | Outcome | Exception) -> None:
        """Let the asker go on."""
        self._end = end
        self._waits.release()

    @property
    def together(self) -> tuple[object, ...]:
        """Questions that agree in this may share an envelope."""
        return self.peer, self.business, self.resource, self.grant, self.timeout


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
    with the other end's code, or "timeout", "offline", "line", "stranger", "blocked", "too_large", or what is wrong
    with the answer."""
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise RuntimeError("a query waits for the network; ask outside transactions")
    peer = recent_peer(to)
    if peer is None or peer.blocked:
        raise Refused(_("Node %s is not known here, or blocked.") % to, "blocked" if peer else "stranger")
    if len(body) > ROOM:
        raise Refused(_("A query or its answer holds at most %d KB.") % (ROOM >> 10), "too_large")
    asked = _Asked(peer, business, resource, grant, trace, body, timeout)
    _desk().waiting.put(asked)
    ended = asked.wait()
    if isinstance(ended, Message):
        return ended
    raise Refused(ended.text or _words(ended.code, to), ended.code or "refused")


def _words(code: str, node: str) -> str:
    if code == "timeout":
        return _("Node %s did not answer in time.") % node
    if code == "offline":
        return _("Node %s is not connected at present.") % node
    if code == "line":
        return _("The line to the exchange hub is down.")
    if code == "untrue":
        return _("The answer of node %s cannot be relied on.") % node
    return _("Node %s refused to answer.") % node


@dataclass(slots=True)
class _Open:
    """A message of ours under way, and its questions that have no answer yet."""

    outer: Envelope
    peer: Peer
    questions: dict[str, _Asked]
    until: float


@dataclass(frozen=True, slots=True)
class _Came:
    """What the line brought for a message of ours: a frame, or why there is none."""

    id: str
    frame: Frame | None = None
    code: str = ""


_Ended = tuple[_Asked, Envelope, Message | Outcome]


class _Desk:
    """The thread that signs and opens, and the one that writes down."""

    def __init__(self) -> None:
        self.waiting: SimpleQueue[_Asked | _Came] = SimpleQueue()
        self.ended: SimpleQueue[list[_Ended]] = SimpleQueue()
        self.open: dict[str, _Open] = {}
        self.line = _Line(self.waiting.put)
        self.looked = time.monotonic()
        self.busy = False
        threading.Thread(target=self._work, name="transport-desk", daemon=True).start()
        threading.Thread(target=self._write, name="transport-book", daemon=True).start()

    def _work(self) -> None:
        while True:
            together = self._next()
            asked = [each for each in together if isinstance(each, _Asked)]
            ended: list[_Ended] = []
            try:
                me = own()
                self._send(me, asked)
                for each in together:
                    if isinstance(each, _Came):
                        ended += self._came(me, each)
                ended += self._late()
            except Exception as error:
                for one in {*asked, *(one for one, _outer, _end in ended)}:
                    one.tell(error)
                self._forget(asked)
            else:
                if ended:
                    self.ended.put(ended)

    def _next(self) -> list[_Asked | _Came]:
        together: list[_Asked | _Came] = []
        with suppress(Empty):
            together.append(self.waiting.get(timeout=GLANCE if self.open else None))
            if self.busy:
                time.sleep(GATHER)
            while True:
                together.append(self.waiting.get_nowait())
        return together

    def _write(self) -> None:
        while True:
            ended = self.ended.get()
            with suppress(Empty):
                while True:
                    ended += self.ended.get_nowait()
            self.busy = len(ended) > 1
            try:
                write_down([_record(*each) for each in ended])
            except Exception as error:
                connection.close()
                del connections[DEFAULT_DB_ALIAS]
                for one, _outer, _end in ended:
                    one.tell(error)
            else:
                for one, _outer, end in ended:
                    one.tell(end)

    def _forget(self, asked: Iterable[_Asked]) -> None:
        """Nobody waits for these any more."""
        gone = {one.id for one in asked}
        for under_way in self.open.values():
            for id_ in gone & under_way.questions.keys():
                del under_way.questions[id_]

    def _send(self, me: Own, asked: Iterable[_Asked]) -> None:
        groups: dict[tuple[object, ...], list[_Asked]] = {}
        for each in asked:
            groups.setdefault(each.together, []).append(each)
        for group in groups.values():
            for heap in heaps(group, lambda each: len(each.body)):
                self._send_heap(me, heap)

    def _send_heap(self, me: Own, heap: list[_Asked]) -> None:
        first = heap[0]
        outer = envelope(me, first.peer.node, Kind.QUERY, first.business, grant=first.grant, resource=first.resource)
        outer = replace(outer, expires=outer.created + timedelta(seconds=first.timeout))
        frame = sealed(me, outer, first.peer, [(each.id, each.trace) for each in heap], [each.body for each in heap])
        until = time.monotonic() + first.timeout
        self.open[outer.id] = _Open(read(frame.envelope), first.peer, {each.id: each for each in heap}, until)
        self.line.send(first.peer.node, outer.id, frame, first.timeout)

    def _came(self, me: Own, came: _Came) -> list[_Ended]:
        under_way = self.open.get(came.id)
        if under_way is None:
            return []
        if came.frame is None:
            return self._end(under_way, came.code)
        try:
            outer, told = _opened(came.frame, me, under_way)
        except Rejected as wrong:
            return self._end(under_way, wrong.code, untrue=True)
        if refused := told.get(came.id):
            return self._end(under_way, refused.code)
        ended: list[_Ended] = []
        for id_, outcome in told.items():
            if asked := under_way.questions.pop(id_, None):
                answered = outcome.stage is Stage.PROCESSED
                ended.append((asked, under_way.outer, Message(outer, outcome.body) if answered else outcome))
        if not under_way.questions:
            del self.open[came.id]
        return ended

    def _late(self) -> list[_Ended]:
        moment = time.monotonic()
        if moment < self.looked + GLANCE:
            return []
        self.looked = moment
        late = [each for each in self.open.values() if each.until <= moment]
        return [ended for each in late for ended in self._end(each, "timeout")]

    def _end(self, under_way: _Open, code: str, *, untrue: bool = False) -> list[_Ended]:
        del self.open[under_way.outer.id]
        text = _words("untrue", under_way.peer.node) if untrue else ""
        outcome = Outcome(Stage.REFUSED, code, text=text)
        return [(asked, under_way.outer, outcome) for asked in under_way.questions.values()]


def _opened(frame: Frame, me: Own, under_way: _Open) -> tuple[Envelope, dict[str, Outcome]]:
    peer = under_way.peer
    outer, content = open_frame(frame, me, lambda node: peer if node == peer.node else None)
    if outer.kind is not Kind.REPLY or outer.about != under_way.outer.id or not whole(outer, content):
        raise Rejected("altered")
    return outer, answers(outer, unpacked(outer.packing, content))


def _record(asked: _Asked, outer: Envelope, ended: Message | Outcome) -> dict[str, object]:
    outcome = Outcome() if isinstance(ended, Message) else ended
    return record(outer, asked.id, asked.trace, outcome, asked.started, outward=True)


class _Line:
    """A connection of this process for its own queries, in a thread of its own."""

    def __init__(self, tell: Callable[[_Came], None]) -> None:
        self.tell = tell
        self.loop = asyncio.new_event_loop()
        self.hub: Hub | None = None
        self.alone = asyncio.Lock()
        threading.Thread(target=self.loop.run_forever, name="transport-ask", daemon=True).start()

    def send(self, to: str, id_: str, frame: Frame, timeout: float) -> None:
        """Put a message on the line; what comes of it is told."""
        asyncio.run_coroutine_threadsafe(self._send(to, id_, frame, timeout), self.loop)

    async def _send(self, to: str, id_: str, frame: Frame, timeout: float) -> None:
        try:
            hub = await self._connected(timeout)
            await hub.ask(to, id_, frame)
        except PROBLEMS:
            self.tell(_Came(id_, code="line"))

    async def _connected(self, timeout: float) -> Hub:
        async with self.alone:
            if self.hub is None or self.hub.own != own():
                fresh, old = Hub(own()), self.hub
                await asyncio.wait_for(fresh.connect(), timeout)
                await fresh.hear(self._heard)
                self.hub = fresh
                if old:
                    await old.close()
        if not self.hub.up:
            raise OSError("the line is down")
        return self.hub

    def _heard(self, id_: str, frame: Frame | None) -> None:
        self.tell(_Came(id_, frame, "" if frame else "offline"))


@cache
def _desk() -> _Desk:
    return _Desk()
