"""The loop of a node: publishes, takes, works off, answers, expires. Any number may run side by side.

The line lives in one asyncio loop; the database is asked in threads, in short transactions of their own, so that no
transaction ever waits for the line (R9). Killed at any moment, it leaves only leases that run out.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connection, connections

from tongban.base.kernel.api import Refused

from . import ends, handling, keeping, publishing, replying, taking, watching
from .bodies import WAKE_OUT
from .broker import CLASSES, PROBLEMS, Arrived, Full, Hub
from .data import CENTRE, Own
from .own import own
from .peers import peers
from .sealing import Frame
from .sending import WAKE_IN

log = logging.getLogger("tongban.transport")
T = TypeVar("T")

HANDS = 2  # at the same time: messages worked off, heaps published
THREADS = 3 * HANDS + 6
GATHER = 0.02  # seconds: what is to go or comes within them goes together
BREATH = 1.0  # seconds without a wake-up before everything is looked at anyway
SWEEP = 5.0
PARTS = 8  # of a message on the line at a time
MOST = 64  # frames asked for at a time


def run(stop: threading.Event) -> None:
    """Work until `stop` is set. Database or hub may go away and come back; `Refused` when this node is not set up."""
    asyncio.run(_Loop(own(), stop).work())


def _nodes() -> list[str]:
    return [CENTRE, *(peer.node for peer in peers() if peer.node != CENTRE)]


class _Bell:
    """Wakes one of those who wait for it; rung while nobody waits, the next. `pace`: not more often than that, so that
    what is rung for meanwhile is done together."""

    def __init__(self, pace: float = 0) -> None:
        self.pace, self.woke = pace, 0.0
        self._rung: asyncio.Queue[None] = asyncio.Queue(1)

    def ring(self) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            self._rung.put_nowait(None)

    async def wait(self, seconds: float = BREATH) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._rung.get(), seconds)
        moment = time.monotonic()
        self.woke = max(moment, self.woke + self.pace)
        await asyncio.sleep(self.woke - moment)


class _Loop:
    def __init__(self, own: Own, stop: threading.Event) -> None:
        self.own, self.stop = own, stop
        self.hub = Hub(own)
        self.era = ""
        self.ready = asyncio.Event()  # the line stands and the hub has what we need
        self.out, self.came, self.nudge = _Bell(GATHER), _Bell(), _Bell()
        self.asked: asyncio.Queue[tuple[Frame, str, str]] = asyncio.Queue(2_000)
        self.under_way: set[asyncio.Task[int]] = set()
        self.threads = ThreadPoolExecutor(THREADS, "transport")

    async def work(self) -> None:
        parts = [self.keep_line, self.listen, self.sweep, self.keep_house]
        parts += [
            *[self.publish] * HANDS,
            *[self.handle] * HANDS,
            *[self.answer_all] * HANDS,
        ]  # one is with the database, one with the line
        tasks = [asyncio.create_task(self._again(part)) for part in parts]
        tasks += [asyncio.create_task(self._again(partial(self.take, one))) for one in CLASSES]
        if self.own.node == CENTRE:
            tasks.append(asyncio.create_task(self._again(self.watch)))
        while not self.stop.is_set():
            await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.hub.close()
        await asyncio.gather(*[self.db(connection.close) for _each in range(THREADS)], return_exceptions=True)
        self.threads.shutdown()

    async def _again(self, part: Callable[[], Awaitable[None]]) -> None:
        """Whatever fails is begun again after a breath: a lost database, a cut line, what nobody thought of."""
        while True:
            try:
                await part()
            except Exception as error:
                log.warning("transport: %s in %s", type(error).__name__, handling.place(error))
                await asyncio.sleep(random.uniform(0.2, 0.8))

    async def db(self, what: Callable[..., T], *arguments: Any) -> T:
        """Run in a thread with its own database connection; a broken one is dropped."""

        def held() -> T:
            try:
                return what(*arguments)
            except (DatabaseError, InterfaceError):
                # A connection lost while a transaction began remembers that for ever, so the thread gets another one.
                connection.close()
                del connections[DEFAULT_DB_ALIAS]
                raise

        return await asyncio.get_running_loop().run_in_executor(self.threads, held)

    # -- the line

    async def keep_line(self) -> None:
        """Connect once; the connection mends itself. Look after stream and consumers when it did, and now and then."""
        while not self.hub.begun:
            try:
                await self.hub.connect(self.changed)
                await self.hub.serve(self.queried)
            except PROBLEMS:
                await self.db(keeping.line, False, "no server answers")
                await asyncio.sleep(random.uniform(0.5, 1.5))
        while True:
            await self.ensure()
            await self.nudge.wait(5 if self.ready.is_set() else 1)

    def changed(self, up: bool) -> None:
        """The connection went or came. What is under way will not be answered any more."""
        self.nudge.ring()
        if not up:
            self.ready.clear()
            for task in self.under_way:
                task.cancel()

    async def ensure(self) -> None:
        if not self.hub.up:
            self.ready.clear()
            await self.db(keeping.line, False, "the line is down")
            return
        try:
            era = await self.hub.ensure()
            if self.own.node == CENTRE:
                await self.hub.admit(await self.db(_nodes))
        except PROBLEMS:
            self.ready.clear()
            await self.db(keeping.line, False, "the hub is not ready")
            return
        fresh = not self.ready.is_set()
        if await self.db(keeping.era, era):
            log.warning("the hub's stream is a new one; everything open is sent again")
            await self.db(publishing.hub_lost_everything, era)
        if fresh:
            await self.db(publishing.at_once)
            await self.db(keeping.line, True, "")
        self.era = era
        self.ready.set()
        self.out.ring()

    # -- outwards

    async def publish(self) -> None:
        while True:
            await self.out.wait()
            await self.ready.wait()
            while self.ready.is_set() and (going := await self.db(publishing.claim, self.own)):
                await self.publish_all(going)
                if len(going) < publishing.MOST and sum(each.size for each in going) < publishing.ROUND:
                    break

    async def publish_all(self, going: list[publishing.Going]) -> None:
        renewing = asyncio.create_task(self._renew([each.id for each in going]))
        try:
            patience = 10 + sum(each.size for each in going) / publishing.SLOWEST
            tasks = [asyncio.create_task(self.publish_one(each, patience)) for each in going]
            self.under_way.update(tasks)
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            self.under_way.difference_update(tasks)
        finally:
            renewing.cancel()
        gone, lost, held = [], [], set()
        for each, answer in zip(going, answers, strict=True):
            if isinstance(answer, int):
                gone.append((each, answer))
            elif isinstance(answer, Full):
                held.add((each.to, each.priority))
            elif isinstance(answer, (*PROBLEMS, asyncio.CancelledError)):
                lost.append(each)
            elif isinstance(answer, BaseException):
                raise answer
        if gone:
            await self.db(publishing.took, gone, self.era)
        for to, priority in held:
            await self.db(publishing.full, to, priority)
        if lost:
            await self.db(publishing.failed, lost, "line")

    async def publish_one(self, going: publishing.Going, patience: float) -> int:
        """Some parts at a time, in turn; where the last one is kept."""
        places = [0]
        for start in range(0, len(going.frames), PARTS):
            some = enumerate(going.frames[start : start + PARTS], start + 1)
            places = await asyncio.gather(
                *[
                    self.hub.publish(going.to, going.priority, f"{going.id}.{going.mark}.{number}", frame, patience)
                    for number, frame in some
                ]
            )
        return places[-1]

    async def _renew(self, ids: list[str]) -> None:
        while True:
            await asyncio.sleep(5)
            with contextlib.suppress(DatabaseError, InterfaceError):
                await self.db(publishing.renew, ids)

    # -- inwards

    async def take(self, one: str) -> None:
        await self.ready.wait()
        fetch, most = await self.hub.pull(one), MOST
        storing: asyncio.Future[None] = asyncio.ensure_future(asyncio.sleep(0))
        while True:
            await self.ready.wait()
            began = time.monotonic()
            arrived = await fetch(most, 5.0)
            try:
                await storing  # what came before, while this was fetched
            except (DatabaseError, InterfaceError):
                await self.put_off(arrived)
                raise
            if arrived:
                # On a slow line only as much is asked for as comes before the hub thinks that we died.
                most = max(1, most // 4) if time.monotonic() - began > 3 and len(arrived) > 1 else min(MOST, most * 2)
                storing = asyncio.ensure_future(self.take_all(arrived))
                await asyncio.sleep(GATHER)

    async def take_all(self, arrived: Sequence[Arrived]) -> None:
        try:
            answers = await self.db(taking.take, [(each.frame, each.line) for each in arrived], self.own)
        except (DatabaseError, InterfaceError):
            await self.put_off(arrived)
            raise
        for each, answer in zip(arrived, answers, strict=True):
            await self._tell_hub(each, answer)
        self.came.ring()

    @staticmethod
    async def put_off(arrived: Sequence[Arrived]) -> None:
        for each in arrived:
            await each.later(1)

    @staticmethod
    async def _tell_hub(arrived: Arrived, answer: taking.Taken) -> None:
        if answer is taking.Taken.LATER:
            await arrived.later(random.uniform(0.5, 2.0))
        else:
            await arrived.acknowledge()

    async def handle(self) -> None:
        while True:
            await self.came.wait()
            heaps = await self.db(handling.claim)
            if sum(map(len, heaps)) >= handling.MOST or any(tries > 1 for heap in heaps for _id, tries in heap):
                self.came.ring()  # there may be more
            for heap in heaps:
                await self.db(handling.work, heap)

    def queried(self, frame: Frame, line: str, place: str) -> None:
        """Queries that come while others are being answered are answered together next."""
        if not self.asked.full():  # beyond that it is a flood, and nobody waits for us
            self.asked.put_nowait((frame, line, place))

    async def answer_all(self) -> None:
        while True:
            together = [await self.asked.get()]
            while not self.asked.empty() and len(together) < MOST:
                together.append(self.asked.get_nowait())
            frames = [(frame, line) for frame, line, _place in together]
            replies = await self.db(replying.answer, frames, self.own)
            for (_frame, _line, place), answers in zip(together, replies, strict=True):
                for answer in answers:
                    await self.hub.reply(place, answer)

    # -- time

    async def sweep(self) -> None:
        """Expiry, and receipts that are late."""
        while True:
            await asyncio.sleep(SWEEP * random.uniform(0.8, 1.2))
            await self.db(publishing.expire)
            if self.ready.is_set():
                for to, priority in await self.db(publishing.overdue):
                    floor = await self.hub.floor(to, priority)
                    await self.db(publishing.ask_again, to, priority, floor, self.era)

    async def keep_house(self) -> None:
        while True:
            await self.db(keeping.clear)
            with contextlib.suppress(Refused):
                await self.db(ends.tell_yesterday, self.own)
            await asyncio.sleep(600)

    async def watch(self) -> None:
        await self.ready.wait()
        fetch = await self.hub.seen()
        while True:
            await self.ready.wait()
            if found := await fetch(200, 5.0):
                await self.db(watching.note, [(envelope, size) for envelope, size, _ack in found])
                for _envelope, _size, acknowledge in found:
                    await acknowledge()
            await asyncio.sleep(BREATH)

    async def listen(self) -> None:
        """Wake up when a transaction put something into outbox or inbox."""
        entry = connection.settings_dict
        parameters = {"host": entry["HOST"], "port": entry["PORT"], "dbname": entry["NAME"], "user": entry["USER"]}
        line = await psycopg.AsyncConnection.connect(**parameters, password=entry["PASSWORD"], autocommit=True)
        async with line:
            await line.execute(f"LISTEN {WAKE_OUT}")
            await line.execute(f"LISTEN {WAKE_IN}")
            self.out.ring()
            self.came.ring()
            async for note in line.notifies():
                (self.out if note.channel == WAKE_OUT else self.came).ring()
