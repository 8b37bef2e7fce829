"""What the centre and the nodes say to each other: the business of a message and what its body holds.

The rooms of both ends do not know each other, so these words stand here and nowhere else. Bodies are JSON unless said
otherwise; moments are ISO texts, resources and offices their codes, nodes their keys, certificates PEM. An envelope's
`schema` is `code@edition`. A body off the line has its shape only if its sender is honest: whoever takes it looks.

Where questions are granted to an office with a node, the provider's node gets two grants: one for that node, and one
whose id ends with `@centre`, under which officers ask on the centre's page.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NotRequired, TypedDict


class Business(StrEnum):
    """The `business` of an envelope; the mode of a grant is the business that it lets through."""

    HEARTBEAT = "heartbeat"  # node, centre
    PEERS = "peers"  # centre, node: the whole list
    GRANT = "grant"  # centre, provider's node
    GRANT_ENDED = "grant.ended"  # centre, provider's node
    BATCH = "batch"  # provider's node, subscriber's: Parquet; resource, grant and schema stand in the envelope
    FILE = "file"  # provider's node, subscriber's: a line `Piece`, then the piece
    QUERY = "query"  # asking node, provider's; answer `Found`
    COMPARE = "compare"  # asking node, provider's; answer `Compared`
    USED = "used"  # provider's node, centre: questions answered since it last said so
    CORRECTION = "correction"  # centre, subscriber's node
    SELF_TEST = "self-test"  # node or centre, the other: `Moment`; answer `Health`, of the centre `Moment`
    REPLAY = "replay"  # centre, node: send the centre again, under the same ids, what was sent since then
    RENEW = "renew"  # node, centre; answer `Certified`


class Moment(TypedDict):
    """One's own clock."""

    at: str


class Health(Moment):
    """What a node says of itself."""

    version: str
    certificate_until: str
    free_bytes: int


class Trouble(TypedDict):
    """A source that the node refuses to read on, and why."""

    resource: str
    text: str


class Heartbeat(Health):
    """A sign of life: messages that wait and the oldest of them, volumes of the day."""

    waiting: int
    oldest: str | None
    day: dict[str, int]
    troubles: list[Trouble]


class Listed(TypedDict):
    """A node that one may talk to, or may not any more."""

    node: str
    office: str
    title: str
    certificate: str
    blocked: bool


class Peers(TypedDict):
    """Everybody."""

    peers: list[Listed]


class Granted(TypedDict):
    """Which items of a resource a node may have, in which mode, until when."""

    grant: str
    resource: str
    mode: str
    office: str
    node: str
    items: list[str]
    cycle: str
    purpose: str
    until: str | None


class Ended(TypedDict):
    """A grant that ended."""

    grant: str
    resource: str
    why: str


class Whole(TypedDict):
    """A file: `version` and `row` (the granted items of its row) of one that a department keeps itself."""

    name: str
    size: int
    sha256: str
    version: NotRequired[int]
    row: NotRequired[dict[str, Any]]


class Piece(Whole):
    """One of `total` pieces of a file, `number` from 1."""

    number: int
    total: int


class Question(TypedDict):
    """The items of the rows with these values."""

    grant: str
    purpose: str
    where: dict[str, Any]
    items: list[str]


class Found(TypedDict):
    """The answer to a question."""

    rows: list[dict[str, Any]]


class Comparison(TypedDict):
    """Whether there are rows with exactly these values."""

    grant: str
    purpose: str
    rows: list[dict[str, Any]]


class Compared(TypedDict):
    """The answer to a comparison, row by row."""

    same: list[bool]


class Use(TypedDict):
    """How often answers were given under a grant, and how many rows."""

    grant: str
    uses: int
    rows: int


class Used(TypedDict):
    """Since the last time."""

    uses: list[Use]


class Correction(TypedDict):
    """A value that its source corrected after an objection, and the key of its row."""

    resource: str
    objection: str
    key: dict[str, Any]
    values: dict[str, Any]


class Replay(TypedDict):
    """Since when."""

    since: str


class Requests(TypedDict):
    """Certificate requests (PKCS #10) for messages and for the line (P-256)."""

    csr: str
    line_csr: str


class Certified(TypedDict):
    """Chains, the own certificate first, and the line's authorities."""

    certificates: str
    line_certificates: str
    line_authorities: list[str]
