"""The nouns of transport: envelopes and messages (GB/T 21062, standards 3.4), peers, receipts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from tongban.base.kernel.data import Event, Ref

from . import language as language
from .language import Business as Business

MESSAGE = "transport.message"
PEER = "transport.peer"
VERSION = 1
CENTRE = "centre"  # the centre's own node key


class Kind(StrEnum):
    """What a message is (msg_type of GB/T 21062)."""

    DATA = "data"
    QUERY = "query"
    REPLY = "reply"
    RECEIPT = "receipt"
    CONTROL = "control"
    FILE = "file"
    EVENT = "event"


class Stage(StrEnum):
    """How far a message has come. At the sender: waiting, sent (taken by the hub), then what the receiver's signed
    receipts say. At the receiver: stored, quarantined (it could not be processed; staff decide), and the three ends."""

    WAITING = "waiting"
    SENT = "sent"
    RECEIVED = "received"
    STORED = "stored"
    QUARANTINED = "quarantined"
    REFUSED = "refused"
    PROCESSED = "processed"
    EXPIRED = "expired"


ENDED = frozenset({Stage.REFUSED, Stage.PROCESSED, Stage.EXPIRED})


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the hub may see of a message; canonical and signed by the sending node.

    `number` counts the messages of one sender to one receiver in one lane (kind, business, resource) from 1; 0 has no
    order. `sequence` of `total` names the part. `about` is the message that is answered. `key` is what the receiver
    needs besides its private key to open the body. `digest` is over salt and packed body, so that nobody can guess a
    short body by hashing. `certificate` is the fingerprint of the signer's certificate.
    """

    id: str
    kind: Kind
    business: str
    sender: str
    office: str
    to: str
    created: datetime
    version: int = VERSION
    original: str = ""
    resource: str = ""
    grant: str = ""
    expires: datetime | None = None
    priority: int = 5
    number: int = 0
    sequence: int = 1
    total: int = 1
    schema: str = ""
    trace: str = ""
    about: str = ""
    packing: str = "zlib"
    cipher: str = ""
    key: str = ""
    hash: str = "sha256"
    digest: str = ""
    certificate: str = ""

    @property
    def ref(self) -> Ref:
        """How the ledger names the message."""
        return Ref(MESSAGE, self.id)


@dataclass(frozen=True, slots=True)
class Message:
    """An opened message: its envelope and its plain body."""

    envelope: Envelope
    body: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True)
class Peer:
    """Another office's node. `certificate` (PEM) is pinned: only its key signs for this node, and bodies are
    encrypted to it. `quota` is messages a minute that it may send here."""

    node: str
    office: str
    title: str
    certificate: str
    blocked: bool = False
    quota: int = 6_000


@dataclass(frozen=True, slots=True)
class LineKey:
    """A certificate for a TLS line, its key, and the authority that both ends know; all PEM."""

    certificate: str
    key: str = field(repr=False)
    roots: str


@dataclass(frozen=True, slots=True)
class Own:
    """Who this node is and how it reaches the hub. `certificate` and `key` (PEM) sign messages and open bodies;
    `line_*` (PEM) are for the TLS line to `servers` and stand apart, because the line knows no SM2. `gates`, at
    the centre, is where other nodes' leaves reach the hub; `replicas` how many servers keep each message."""

    node: str
    office: str
    title: str
    certificate: str
    key: str = field(repr=False)
    servers: tuple[str, ...] = ()
    line_certificate: str = ""
    line_key: str = field(repr=False, default="")
    line_roots: str = ""
    gates: tuple[str, ...] = ()
    replicas: int = 1


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that was not taken: its number in the batch from 1 (0: the whole), a code and the item it concerns.
    Values do not belong here: receipts are read by people who may not see the data."""

    row: int
    code: str
    item: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message: the business receipt. `rows` names bad rows that did not stop the rest. `body` is the
    answer to a query and stays empty elsewhere."""

    stage: Stage = Stage.PROCESSED
    code: str = ""
    rows: tuple[BadRow, ...] = ()
    text: str = ""
    body: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True)
class Passage:
    """One line of the outbox or inbox: the envelope's facts without the body, and how far it has come. `lane` and
    `peer` (the other end) are for lists; `due` is the next try."""

    id: str
    peer: str
    kind: Kind
    business: str
    resource: str
    grant: str
    priority: int
    number: int
    size: int
    created: datetime
    expires: datetime | None
    stage: Stage
    code: str
    text: str
    rows: tuple[BadRow, ...]
    tries: int
    due: datetime | None
    at: datetime
    trace: str
    about: str


@dataclass(frozen=True, slots=True)
class Digest:
    """The daily statement of one end about what went from `sender` to `receiver`: counts by stage and SHA-256 over the
    sorted ids with their stages. Equal hashes: both ends tell the same story."""

    sender: str
    receiver: str
    day: date
    counts: dict[str, int]
    hash: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What the two ends say differently of a message; "" where one end does not know it."""

    id: str
    here: str
    there: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A frame that was not taken: what it claimed to be and why it was refused."""

    at: datetime
    code: str
    sender: str
    message: str
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """The log of one query at one end. `outward`: we asked. `milliseconds` is None while there is no answer."""

    id: str
    peer: str
    outward: bool
    business: str
    resource: str
    grant: str
    trace: str
    at: datetime
    stage: Stage
    code: str
    milliseconds: int | None


@dataclass(frozen=True, slots=True)
class Lag:
    """How a peer stands: what waits to go out or is on its way, what waits to be processed, quarantined, the oldest
    waiting, and when anything last arrived."""

    peer: Peer
    waiting: int
    sent: int
    stored: int
    quarantined: int
    oldest: datetime | None
    heard: datetime | None


@dataclass(frozen=True, slots=True)
class Flow:
    """What the centre saw passing from one node to another: messages, bytes of sealed bodies, the last moment."""

    sender: str
    receiver: str
    messages: int
    size: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the daily comparison with a peer said. `outward`: about what we sent; `differences` where it is known."""

    peer: str
    day: date
    outward: bool
    equal: bool
    here: Digest
    there: Digest
    differences: tuple[Difference, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """The line to the hub as this process family last saw it: up or not, in words, since when."""

    up: bool
    text: str
    at: datetime | None


@dataclass(frozen=True)
class ReceiptCame(Event):
    """The receiver's signed receipt for a message of ours; also when a message expired before anybody took it."""

    kind = "transport.receipt"
    message: str
    peer: str
    business: str
    stage: str
    code: str


@dataclass(frozen=True)
class Passed(Event):
    """At the centre: a batch or file under a grant passed the hub from one office's node to another's."""

    kind = "transport.passed"
    message: str
    sender: str
    receiver: str
    grant: str


@dataclass(frozen=True)
class MessageQuarantined(Event):
    """A message could not be processed and waits for staff."""

    kind = "transport.quarantined"
    message: str
    peer: str
    business: str
