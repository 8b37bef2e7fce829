"""Questions of one moment travel together: one signed, closed message holds them, another one their answers.

Every question has an id, a record at both ends and an answer of its own. What they share is the envelope, so only
questions of one business, resource and grant to one node go together.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from typing import TypeVar

from tongban.base.kernel.api import new_id, now

from .bodies import run
from .data import Envelope, Kind, Message, Outcome, Own, Peer, Stage
from .sealing import PART, Frame, Rejected, packed, seal

T = TypeVar("T")

MOST = 64  # questions in one message
ROOM = PART - 16_000  # bytes of bodies in one message; the rest is for ids and words
_ID = re.compile(r"[0-9a-z][0-9a-z-]{7,63}")


def envelope(
    me: Own, to: str, kind: Kind, business: str, *, grant: str, resource: str = "", about: str = ""
) -> Envelope:
    """Of a message outside the stream."""
    return Envelope(
        id=new_id(), kind=kind, business=business, sender=me.node, office=me.office, to=to, created=now(),
        original=me.node, resource=resource, grant=grant, priority=1, about=about,
    )  # fmt: skip


def sealed(me: Own, outer: Envelope, peer: Peer, heads: Sequence[Sequence[str]], bodies: Iterable[bytes]) -> Frame:
    """One frame of what goes together: a line of facts and sizes, then the bodies."""
    parts = list(bodies)
    facts = [[*head, len(part)] for head, part in zip(heads, parts, strict=True)]
    packing, content = packed(b"".join([json.dumps(facts).encode(), b"\n", *parts]))
    return seal(me, replace(outer, packing=packing), peer.certificate, content)[0]


def parted(outer: Envelope, content: bytes, width: int) -> Iterator[tuple[list[str], bytes]]:
    """The facts of each and its body; `Rejected` for anything that we would not have put together ourselves."""
    head, _line, bodies = content.partition(b"\n")
    try:
        facts = json.loads(head)
        if not 1 <= len(facts) <= MOST or sum(fact[-1] for fact in facts) != len(bodies) or b"\\u0000" in head:
            raise ValueError
        start = 0
        for *words, size in facts:
            if len(words) != width or not all(isinstance(word, str) for word in words) or size < 0:
                raise ValueError
            if not _ID.fullmatch(words[0]):
                raise ValueError
            yield words, bodies[start : start + size]
            start += size
    except (ValueError, TypeError, IndexError, RecursionError):
        raise Rejected("unreadable", outer, proven=True) from None


def questions(outer: Envelope, content: bytes) -> list[Message]:
    """Each question with an envelope as if it had come alone."""
    shared = {each.name: getattr(outer, each.name) for each in fields(outer)}
    found = [
        Message(Envelope(**{**shared, "id": id_, "trace": trace[:64]}), body)
        for (id_, trace), body in parted(outer, content, 2)
    ]
    if len({message.envelope.id for message in found}) < len(found):
        raise Rejected("unreadable", outer, proven=True)
    return found


def answers(outer: Envelope, content: bytes) -> dict[str, Outcome]:
    """The outcome of each question, by its id."""
    try:
        return {
            id_: Outcome(Stage(stage), code[:40], text=text[:2000], body=body)
            for (id_, stage, code, text), body in parted(outer, content, 4)
        }
    except ValueError:
        raise Rejected("unreadable", outer, proven=True) from None


def heaps(things: Iterable[T], size: Callable[[T], int]) -> Iterator[list[T]]:
    """What goes together: as many as one message takes."""
    heap: list[T] = []
    room = ROOM
    for thing in things:
        if heap and (len(heap) == MOST or size(thing) > room):
            yield heap
            heap, room = [], ROOM
        heap.append(thing)
        room -= size(thing)
    if heap:
        yield heap


_INSERT = """
INSERT INTO transport_query
    (at, message, outward, peer, business, resource, "grant", trace, digest, stage, code, milliseconds)
SELECT %s, row.* FROM json_to_recordset(%s::json) AS row
    (message text, outward bool, peer text, business text, resource text, "grant" text, trace text, digest text,
    stage text, code text, milliseconds int)
"""


def record(
    outer: Envelope, id_: str, trace: str, outcome: Outcome, started: float, *, outward: bool = False
) -> dict[str, object]:
    """A question as both ends write it down."""
    return {
        "message": id_, "outward": outward, "peer": outer.to if outward else outer.sender, "business": outer.business,
        "resource": outer.resource, "grant": outer.grant, "trace": trace, "digest": outer.digest,
        "stage": outcome.stage, "code": outcome.code, "milliseconds": round((time.monotonic() - started) * 1000),
    }  # fmt: skip


def write_down(rows: Sequence[dict[str, object]]) -> None:
    """Keep the records of questions, in one statement."""
    if rows:
        run(_INSERT, [now(), json.dumps(rows)])
