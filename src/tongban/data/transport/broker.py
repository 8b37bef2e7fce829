"""The line to the hub: the only file that knows NATS.

One JetStream work queue holds what waits for its receivers. Its subjects are `ex.<to>.<class>.<from>`; classes by
priority, so that urgent words pass heaps. No more than `WAITING` messages wait for one receiver from one sender: who
floods fills his own place only. What the hub takes it also republishes without body, for the centre to watch.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig, DiscardPolicy, RePublish, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from .data import CENTRE, Own
from .sealing import Frame

STREAM, SEEN, DOMAIN = "EXCHANGE", "SEEN", "hub"
WAITING = 1_000
ACKNOWLEDGE = 20  # seconds; a part passes the slowest line in less
CLASSES = ("1", "2", "3")
SUBJECT_FULL = 10077
NOBODY = "503"
PROBLEMS = (NatsError, APIError, OSError, asyncio.TimeoutError)


class Full(Exception):
    """Too much of ours waits for this receiver already."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A frame from the hub, the sender it vouches for, and how to answer the hub."""

    frame: Frame
    line: str
    _message: Msg

    async def acknowledge(self) -> None:
        """It is kept here for good; the hub may forget it."""
        await self._message.ack()

    async def later(self, seconds: float) -> None:
        """Bring it again."""
        await self._message.nak(seconds)


def class_of(priority: int) -> str:
    """1: priorities 1 to 3, 2: 4 to 6, 3: 7 to 9."""
    return CLASSES[(priority - 1) // 3]


def _headers(frame: Frame) -> dict[str, str]:
    return {
        "Envelope": base64.b64encode(frame.envelope).decode(),
        "Signature": base64.b64encode(frame.signature).decode(),
    }


def _frame(message: Msg) -> Frame:
    headers = message.headers or {}
    try:
        parts = [base64.b64decode(headers.get(name, ""), validate=True) for name in ("Envelope", "Signature")]
    except ValueError:
        parts = [b"", b""]
    return Frame(parts[0], parts[1], message.data)


def _tls(own: Own) -> ssl.SSLContext | None:
    if not own.line_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cadata=own.line_roots)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with tempfile.TemporaryDirectory() as folder:  # the library reads keys from files only; for a moment, for us only
        path = Path(folder) / "line.pem"
        path.touch(mode=0o600)
        path.write_text(own.line_certificate + own.line_key)
        context.load_cert_chain(path)
    return context


class Hub:
    """A connection to the hub, directly or through the leaf beside us; it reconnects by itself for ever."""

    def __init__(self, own: Own) -> None:
        self.own = own
        self.client = Client()
        self.stream: Any = None
        self.begun = False
        self.inbox = ""

    async def connect(self, changed: Callable[[bool], None] = lambda _up: None) -> None:
        """Connect once; `PROBLEMS` when nobody answers."""

        async def lost() -> None:
            changed(False)

        async def back() -> None:
            changed(True)

        async def error(_error: Exception) -> None:
            return None  # each call tells its own caller

        self.client = await nats.connect(
            servers=list(self.own.servers),
            tls=_tls(self.own),
            name=self.own.node,
            inbox_prefix=f"_INBOX.{self.own.node}".encode(),
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.5,
            connect_timeout=5,
            ping_interval=5,
            max_outstanding_pings=2,
            allow_reconnect=True,
            disconnected_cb=lost,
            reconnected_cb=back,
            error_cb=error,
            pending_size=64 << 20,
        )
        self.stream = self.client.jetstream(domain=DOMAIN, timeout=10)
        self.begun = True

    async def close(self) -> None:
        """Leave."""
        with contextlib.suppress(*PROBLEMS):
            await asyncio.wait_for(self.client.close(), 3)

    @property
    def up(self) -> bool:
        """Whether the line stands now, as far as we know."""
        return bool(self.client.is_connected)

    async def ensure(self) -> str:
        """The stream's era, after the centre made the stream where it is missing; another era than before means that
        the hub lost everything it held."""
        if self.own.node == CENTRE:
            await self._ensure_streams()
        return str((await self.stream.stream_info(STREAM)).created)

    async def admit(self, nodes: Iterable[str]) -> None:
        """At the centre: make sure that each node can fetch what is for it."""
        known = {each.name for each in await self.stream.consumers_info(STREAM)}
        for node in nodes:
            for one in CLASSES:
                if f"{node}-{one}" in known:
                    continue
                config = ConsumerConfig(
                    durable_name=f"{node}-{one}",
                    filter_subject=f"ex.{node}.{one}.*",
                    ack_wait=ACKNOWLEDGE,
                    max_ack_pending=-1,
                    max_waiting=64,
                )
                await self.stream.add_consumer(STREAM, config)

    async def _ensure_streams(self) -> None:
        usual: dict[str, Any] = {"storage": StorageType.FILE, "num_replicas": self.own.replicas}
        wanted = [
            StreamConfig(
                name=STREAM,
                subjects=["ex.*.*.*"],
                retention=RetentionPolicy.WORK_QUEUE,
                discard=DiscardPolicy.NEW,
                discard_new_per_subject=True,
                max_msgs_per_subject=WAITING,
                duplicate_window=600,
                republish=RePublish(src="ex.>", dest="seen.ex.>", headers_only=True),
                **usual,
            ),
            StreamConfig(name=SEEN, subjects=["seen.>"], max_age=7 * 86400, max_bytes=1 << 30, **usual),
        ]
        for config in reversed(wanted):
            try:
                await self.stream.stream_info(config.name)
            except NotFoundError:
                await self.stream.add_stream(config)

    async def publish(self, to: str, priority: int, identity: str, frame: Frame, timeout: float) -> int:
        """Hand one frame to the hub's stream; its place there once it is on the hub's disk. `Full`, `PROBLEMS`."""
        subject = f"ex.{to}.{class_of(priority)}.{self.own.node}"
        headers = {**_headers(frame), "Nats-Msg-Id": identity}
        try:
            answer = await self.stream.publish(subject, frame.body, timeout=timeout, headers=headers)
        except APIError as error:
            if error.err_code == SUBJECT_FULL:
                raise Full from None
            raise
        return int(answer.seq)

    async def pull(self, one: str) -> Callable[[int, float], Awaitable[Sequence[Arrived]]]:
        """How to fetch up to so many frames of a class, waiting at most so many seconds."""
        puller = await self.stream.pull_subscribe_bind(consumer=f"{self.own.node}-{one}", stream=STREAM)

        async def fetch(most: int, seconds: float) -> Sequence[Arrived]:
            try:
                found = await puller.fetch(most, timeout=seconds)
            except (TimeoutError, nats.errors.TimeoutError):
                return []
            return [Arrived(_frame(each), each.subject.rpartition(".")[2], each) for each in found]

        return fetch

    async def floor(self, to: str, priority: int) -> int:
        """Up to where the receiver has acknowledged everything in the stream for a class; -1 when it has never been
        here."""
        try:
            info = await self.stream.consumer_info(STREAM, f"{to}-{class_of(priority)}")
        except NotFoundError:
            return -1
        return int(info.ack_floor.stream_seq) if info.ack_floor else 0

    async def ask(self, to: str, id_: str, frame: Frame) -> None:
        """Put a query on the line, outside the stream: nobody waits for one that nobody answers. What comes back is
        heard."""
        await self.client.publish(f"q.{to}.{self.own.node}", frame.body, f"{self.inbox}.{id_}", _headers(frame))

    async def hear(self, heard: Callable[[str, Frame | None], None]) -> None:
        """Hear the replies to our queries, by the id of what was asked; none where nobody is there to answer."""

        async def came(message: Msg) -> None:
            nobody = (message.headers or {}).get("Status") == NOBODY
            heard(message.subject.rpartition(".")[2], None if nobody else _frame(message))

        self.inbox = self.client.new_inbox()
        await self.client.subscribe(f"{self.inbox}.*", cb=came)

    async def serve(self, came: Callable[[Frame, str, str], None]) -> None:
        """Take queries to us, with who asks and where the answer goes; processes side by side share them."""

        async def took(message: Msg) -> None:
            came(_frame(message), message.subject.rpartition(".")[2], message.reply)

        await self.client.subscribe(f"q.{self.own.node}.*", queue=self.own.node, cb=took)

    async def reply(self, place: str, frame: Frame) -> None:
        """Answer a query."""
        with contextlib.suppress(*PROBLEMS):
            await self.client.publish(place, frame.body, headers=_headers(frame))

    async def seen(
        self,
    ) -> Callable[[int, float], Awaitable[Sequence[tuple[bytes, int, Callable[[], Awaitable[None]]]]]]:
        """At the centre: how to fetch the envelopes of what passed the hub, with the sizes of bodies; no bodies."""
        config = ConsumerConfig(durable_name=CENTRE, filter_subject="seen.>", max_ack_pending=10_000)
        await self.stream.add_consumer(SEEN, config)
        puller = await self.stream.pull_subscribe_bind(consumer=CENTRE, stream=SEEN)

        async def fetch(most: int, seconds: float) -> Any:
            try:
                found = await puller.fetch(most, timeout=seconds)
            except (TimeoutError, nats.errors.TimeoutError):
                return []
            return [
                (_frame(each).envelope, int((each.headers or {}).get("Nats-Msg-Size", 0)), each.ack) for each in found
            ]

        return fetch
