"""The nouns of the exchange centre: nodes, enrolment, subscriptions, deliveries, questions, reconciliation
(DATA-01, DATA-05, DATA-06, NET-06).

What travels between the centre and a node, and in which words, is in `transport/language.py`.

**Enrolment.** The file is `{"format", "body", "signature"}`; the body holds `node, office, title, level, division,
zone, centre {node, office, title, certificate}, hub [addresses], enrol (URL), authorities [PEM], token, expires`. The
node posts `{node, token, csr, line_csr}` (PKCS #10, PEM; `line_csr` for the TLS line, P-256) as JSON to `enrol` and is
answered `{certificates, line_certificates, line_authorities, authorities, peers}`, PEM, its own certificate first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.utils.translation import pgettext_lazy

from tongban.base.kernel.data import Event, Ref, Text

NODE = "exchange.node"


class NodeLevel(StrEnum):
    """At which level of government a node stands (NET-06)."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"


class NodeState(StrEnum):
    """The life of a node. `silent` is an active one that has not been heard of; blocked and closed are decisions."""

    INVITED = "invited"
    ENROLLED = "enrolled"
    ACTIVE = "active"
    SILENT = "silent"
    BLOCKED = "blocked"
    CLOSED = "closed"


LEVELS: dict[NodeLevel, Text] = {
    NodeLevel.PROVINCE: pgettext_lazy("node level", "Province"),
    NodeLevel.CITY: pgettext_lazy("node level", "City"),
    NodeLevel.COUNTY: pgettext_lazy("node level", "County"),
    NodeLevel.TOWNSHIP: pgettext_lazy("node level", "Township"),
}
STATES: dict[NodeState, Text] = {
    NodeState.INVITED: pgettext_lazy("node", "invited"),
    NodeState.ENROLLED: pgettext_lazy("node", "enrolled"),
    NodeState.ACTIVE: pgettext_lazy("node", "connected"),
    NodeState.SILENT: pgettext_lazy("node", "silent"),
    NodeState.BLOCKED: pgettext_lazy("node", "blocked"),
    NodeState.CLOSED: pgettext_lazy("node", "closed"),
}
LIVE = (NodeState.ENROLLED, NodeState.ACTIVE, NodeState.SILENT)  # those that messages may go to


@dataclass(frozen=True, slots=True)
class Node:
    """One office's end of the exchange. `waiting`: messages in its outbox when it was last heard of; `lag`: seconds the
    oldest of them had waited; `skew`: seconds its clock was ahead of ours."""

    key: str
    office: Ref
    office_code: str
    title: str
    level: NodeLevel
    division: str
    zone: str
    contact: str
    state: NodeState
    why: str
    invited: datetime
    enrolled: datetime | None
    seen: datetime | None
    waiting: int
    lag: int
    skew: float
    version: str
    certificate_until: datetime | None

    @property
    def ref(self) -> Ref:
        """How ledger and certificates name it."""
        return Ref(NODE, self.key)

    @property
    def state_title(self) -> Text:
        """The state in words."""
        return STATES[self.state]

    @property
    def level_title(self) -> Text:
        """The level in words."""
        return LEVELS[self.level]


@dataclass(frozen=True, slots=True)
class Reach:
    """Coverage and interconnection of one level (NET-06): divisions of that level, those with a node, nodes that are
    enrolled, and nodes heard of within the last quarter of an hour."""

    level: NodeLevel
    divisions: int
    covered: int
    nodes: int
    connected: int

    @property
    def title(self) -> Text:
        """The level in words."""
        return LEVELS[self.level]

    @property
    def coverage(self) -> int:
        """Per cent of the divisions that have a node."""
        return 100 * self.covered // self.divisions if self.divisions else 0

    @property
    def interconnection(self) -> int:
        """Per cent of the nodes that are connected now."""
        return 100 * self.connected // self.nodes if self.nodes else 0


@dataclass(frozen=True, slots=True)
class Subscription:
    """A grant at work: what flows from the provider's node to the subscriber's, of which items, how often. `target`
    names the register or place it goes to."""

    id: str
    grant: str
    resource: str
    title: str
    mode: str
    provider: str
    subscriber: str
    items: tuple[str, ...]
    cycle: str
    target: str
    until: date | None
    live: bool
    received: datetime | None


class Finding(StrEnum):
    """What is wrong between us and a node, in the order in which it is looked for."""

    STATE = "state"
    CERTIFICATE = "certificate"
    LINE = "line"
    CLOCK = "clock"
    VERSION = "version"
    QUOTA = "quota"
    SOURCES = "sources"
    GRANT = "grant"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a self-test: what was looked at, whether it is well, and what to do in plain words."""

    of: Finding
    well: bool
    text: Text


@dataclass(frozen=True, slots=True)
class Day:
    """What both ends say of one day: messages from the node to the centre, how many differ, and how it was settled."""

    node: str
    day: date
    equal: bool
    ours: int
    theirs: int
    differences: tuple[tuple[str, str, str], ...]  # message, what stands here, what there
    settled: str


@dataclass(frozen=True)
class NodeEnrolled(Event):
    """A node showed its token and has its certificate."""

    kind = "exchange.node.enrolled"
    node: str
    office: Ref


@dataclass(frozen=True)
class NodeMoved(Event):
    """A node became active, silent, blocked or closed."""

    kind = "exchange.node.moved"
    node: str
    state: str


@dataclass(frozen=True)
class BatchAccepted(Event):
    """A delivery was taken over: `rows` of `resource` are in its register, or, where it has none, in the released
    Parquet `file` of base/files. `quarantined` rows wait at the desk."""

    kind = "exchange.batch.accepted"
    resource: str
    message: str
    rows: int
    file: str
    quarantined: int = 0


@dataclass(frozen=True)
class BatchRefused(Event):
    """A whole delivery was refused; `code` is that of the receipt."""

    kind = "exchange.batch.refused"
    resource: str
    message: str
    code: str
