"""This node (`here`), a peer that signs real frames (`there`), and a business that leaves traces."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tongban.base.kernel.api import new_id, now
from tongban.data.transport import api as transport
from tongban.data.transport import handling, models, taking
from tongban.data.transport.data import Envelope, Kind, Message, Outcome, Own, Peer
from tongban.data.transport.sealing import Frame, packed, seal


def peer_of(own: Own, **changes: Any) -> Peer:
    return replace(Peer(own.node, own.office, own.title, own.certificate), **changes)


@dataclass
class Ends:
    """Both ends of a conversation: we are `here`; `there` is known, `stranger` is not."""

    here: Own
    there: Own
    stranger: Own

    def envelope(self, **changes: Any) -> Envelope:
        facts = {
            "id": new_id(),
            "kind": Kind.DATA,
            "business": "test.note",
            "sender": self.there.node,
            "office": self.there.office,
            "to": self.here.node,
            "created": now(),
        }
        return Envelope(**{**facts, **changes})

    def frames(
        self, body: bytes = b"{}", *, by: Own | None = None, to: Own | None = None, **changes: Any
    ) -> list[Frame]:
        """Frames as the other end makes them; `by` signs, `to` can open."""
        packing, content = packed(body)
        envelope = self.envelope(packing=packing, **changes)
        return seal(by or self.there, envelope, (to or self.here).certificate, content)

    def take(self, *frames: Frame, line: str = "there") -> list[str]:
        return [str(each) for each in taking.take([(frame, line) for frame in frames], self.here)]

    def receipts(self) -> list[dict[str, Any]]:
        """What we answered, oldest first."""
        from tongban.data.transport.sealing import unpacked

        found = []
        for row in models.Out.objects.filter(kind=Kind.RECEIPT).order_by("created"):
            body = bytes(models.OutBody.objects.get(message=row.id).content)
            told = json.loads(unpacked(row.packing, body))
            found += [{**told, "about": about, "to": row.receiver} for about in (row.about, *told.pop("also"))]
        return found


@pytest.fixture
def ends(db: None, settings: Any, tmp_path: Path, algorithm: str) -> Ends:
    settings.TONGBAN_HOME = tmp_path
    here, there, stranger = (
        transport.fresh_own(name, f"office-{name}", name, algorithm) for name in ("here", "there", "stranger")
    )
    transport.set_up(here)
    transport.trust(peer_of(there))
    taking.quotas.left.clear()
    taking.quotas.seen.clear()
    return Ends(here, there, stranger)


@pytest.fixture
def algorithm() -> str:
    return "ecdsa-p256"


@dataclass
class Notes:
    """What the handler of `test.note` does next, and what it did: rows of a table, so that a rollback shows."""

    behave: Callable[[Message], Outcome]

    @property
    def taken(self) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT message FROM test_effect ORDER BY seq")
            return [row[0] for row in cursor.fetchall()]


@pytest.fixture
def notes(db: None) -> Iterator[Notes]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE test_effect (seq serial, message text) ON COMMIT DROP")
    made = Notes(lambda _message: Outcome())

    def note(message: Message) -> Outcome:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO test_effect (message) VALUES (%s)", [message.envelope.id])
        return made.behave(message)

    before = dict(handling.businesses._items)
    transport.receives("test.note")(note)
    transport.receives("test.ordered", ordered=True)(note)
    yield made
    handling.businesses._items.clear()
    handling.businesses._items.update(before)


def work_all() -> None:
    """Work off what is due."""
    while work():
        pass


def work() -> int:
    """One round of a hand; how many messages it took up."""
    heaps = handling.claim()
    for heap in heaps:
        handling.work(heap)
    return sum(map(len, heaps))
