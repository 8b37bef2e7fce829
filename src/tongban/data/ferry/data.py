"""The nouns of the ferry: channels between zones, and the bundles that cross them one way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tongban.base.kernel.data import Event, Ref

BUNDLE = "ferry.bundle"
CHANNEL = "ferry.channel"


class State(StrEnum):
    """Where a bundle stands. Outgoing: proposed, approved, exported, acknowledged, declined. Arriving: imported,
    waiting (an earlier number is missing), rejected."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    EXPORTED = "exported"
    ACKNOWLEDGED = "acknowledged"
    DECLINED = "declined"
    IMPORTED = "imported"
    WAITING = "waiting"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Channel:
    """A one-way way from a deployment of a lower zone to one of a higher. `number` is the last that was exported or
    imported; there is never a connection."""

    key: str
    title: str
    from_zone: str
    to_zone: str
    outgoing: bool
    number: int
    missing: tuple[int, ...] = ()

    @property
    def ref(self) -> Ref:
        """How the ledger names it."""
        return Ref(CHANNEL, self.key)


@dataclass(frozen=True)
class Content:
    """One part of a bundle: the rows of a register, or those changed since it last crossed; or a file."""

    kind: str  # register, file
    key: str  # of the register; the file's name
    title: str
    rows: int = 0
    size: int = 0
    sha256: str = ""
    columns: tuple[str, ...] = ()
    since: str = ""  # ISO moment; empty: everything in force
    level: str = "internal"

    @property
    def path(self) -> str:
        """Its place in the bundle."""
        return f"payload/registers/{self.key}.csv.gz" if self.kind == "register" else f"payload/files/{self.key}"


@dataclass(frozen=True)
class Bundle:
    """What crosses at once, signed, numbered, chained to the one before."""

    id: str
    channel: str
    channel_title: str
    number: int | None
    state: State
    label: str
    reason: str
    contents: tuple[Content, ...]
    proposed_by: str
    proposer: Ref | None
    approved_by: str
    name: str
    digest: str
    finding: str
    receipt: str
    at: datetime

    @property
    def ref(self) -> Ref:
        """How the ledger names it."""
        return Ref(BUNDLE, self.id)

    @property
    def rows(self) -> int:
        """Rows of all its registers."""
        return sum(content.rows for content in self.contents)


@dataclass(frozen=True)
class BundleImported(Event):
    """A bundle arrived whole and its rows are in the registers."""

    kind = "ferry.imported"
    bundle: str
    channel: str
    number: int
