"""A compiled process: immutable, shared by all its instances, knows nothing of storage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from .expressions import Rule


class Kind(StrEnum):
    """What a node is; the value is the element's name in BPMN."""

    START = "startEvent"
    END = "endEvent"
    THROW = "intermediateThrowEvent"
    CATCH = "intermediateCatchEvent"
    BOUNDARY = "boundaryEvent"
    TASK = "task"
    USER = "userTask"
    MANUAL = "manualTask"
    SERVICE = "serviceTask"
    RULE = "businessRuleTask"
    SEND = "sendTask"
    RECEIVE = "receiveTask"
    SUB = "subProcess"
    CALL = "callActivity"
    EXCLUSIVE = "exclusiveGateway"
    PARALLEL = "parallelGateway"
    INCLUSIVE = "inclusiveGateway"
    EVENT_BASED = "eventBasedGateway"


EVENTS = frozenset({Kind.START, Kind.END, Kind.THROW, Kind.CATCH, Kind.BOUNDARY})
GATEWAYS = frozenset({Kind.EXCLUSIVE, Kind.PARALLEL, Kind.INCLUSIVE, Kind.EVENT_BASED})
ACTIVITIES = frozenset(Kind) - EVENTS - GATEWAYS
PEOPLE = frozenset({Kind.USER, Kind.MANUAL})


class Trigger(StrEnum):
    """What makes an event happen."""

    NONE = "none"
    MESSAGE = "message"
    TIMER = "timer"
    ERROR = "error"
    TERMINATE = "terminate"


@dataclass(frozen=True, slots=True)
class Timer:
    """When a timer is due. `form`: date, duration, cycle, or workdays; empty when the diagram does not
    say."""

    form: str = ""
    rule: Rule | None = None
    workdays: Rule | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow; `rule` is its condition."""

    id: str
    source: str
    target: str
    name: str = ""
    rule: Rule | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Loop:
    """Multi-instance (`standard` false) or standard loop. `until` is the completion condition."""

    standard: bool = False
    sequential: bool = False
    cardinality: Rule | None = None
    collection: str = ""
    item: str = ""
    collect: str = ""
    output: Rule | None = None
    output_item: str = ""
    until: Rule | None = None
    condition: Rule | None = None
    test_before: bool = False
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A flow node. `outgoing` is in the order of evaluation; `called` names the scope that a call activity
    runs."""

    id: str
    kind: Kind
    line: int
    scope: str
    name: str = ""
    incoming: tuple[str, ...] = ()
    outgoing: tuple[str, ...] = ()
    default: str = ""
    trigger: Trigger = Trigger.NONE
    message: str = ""
    code: str = ""
    timer: Timer | None = None
    attached: str = ""
    interrupting: bool = True
    boundaries: tuple[str, ...] = ()
    loop: Loop | None = None
    called: str = ""
    calls: str = ""
    instantiates: bool = False
    office: Rule | str = ""
    limit: int | None = None
    unit: str = "workday"
    form: str = ""
    verb: str = ""
    table: str = ""
    answer: Rule | str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def joins(self) -> bool:
        """Several flows come in."""
        return len(self.incoming) > 1


@dataclass(frozen=True)
class Scope:
    """A process or an embedded sub-process: nodes and flows between which tokens move. `starts` are the
    nodes that
    get a token: none start events, or every node without incoming flow when there is no start event at
    all."""

    key: str
    id: str
    name: str
    line: int
    parent: str
    nodes: Mapping[str, Node]
    flows: Mapping[str, Flow]
    executable: bool = True

    @cached_property
    def starts(self) -> tuple[str, ...]:
        """Where a token is put when the scope begins by itself."""
        none = [n.id for n in self.events if n.trigger is Trigger.NONE]
        return tuple(none[:1] or ([] if self.events else self.implicit))

    @cached_property
    def entries(self) -> tuple[tuple[str, ...], ...]:
        """Every way the scope may begin, each the nodes that get a token."""
        ways: list[tuple[str, ...]] = [(n.id,) for n in self.events]
        ways += [(n.id,) for n in self.nodes.values() if n.instantiates and not n.incoming]
        return tuple(ways or ([self.implicit] if self.implicit else []))

    @cached_property
    def events(self) -> tuple[Node, ...]:
        return tuple(n for n in self.nodes.values() if n.kind is Kind.START)

    @cached_property
    def implicit(self) -> tuple[str, ...]:
        """Nodes without incoming flow; the standard starts them together when there is no start event."""
        return tuple(n.id for n in self.nodes.values() if not n.incoming and n.kind is not Kind.BOUNDARY)

    @cached_property
    def joins(self) -> tuple[Node, ...]:
        """Inclusive gateways that wait for their paths."""
        return tuple(n for n in self.nodes.values() if n.kind is Kind.INCLUSIVE and n.joins)

    @cached_property
    def _reach(self) -> dict[str, dict[str, frozenset[str]]]:
        return {}

    def reach(self, join: str) -> Mapping[str, frozenset[str]]:
        """For each node, which incoming flows of `join` a token there can still come to without passing
        `join`."""
        known = self._reach.get(join)
        if known is None:
            found: dict[str, set[str]] = {}
            for flow in self.nodes[join].incoming:
                self._walk_back(flow, join, found)
            known = self._reach[join] = {node: frozenset(flows) for node, flows in found.items()}
        return known

    def _walk_back(self, flow: str, join: str, found: dict[str, set[str]]) -> None:
        todo = [self.flows[flow].source]
        while todo:
            node = self.nodes[todo.pop()]
            if node.id == join or flow in found.setdefault(node.id, set()):
                continue
            found[node.id].add(flow)
            todo += [self.flows[f].source for f in node.incoming]
            if node.attached:
                todo.append(node.attached)


@dataclass(frozen=True)
class Graph:
    """All scopes of one definition, called processes of other definitions included. `roots` are its
    processes."""

    roots: tuple[str, ...]
    scopes: Mapping[str, Scope]

    @cached_property
    def main(self) -> tuple[str, ...]:
        """The processes that run: the executable ones, or all when the diagram does not say."""
        return tuple(r for r in self.roots if self.scopes[r].executable) or self.roots

    @cached_property
    def numbers(self) -> Mapping[tuple[str, str], int]:
        """A small number for each node, by scope and id: the bit that marks it as passed."""
        every = ((scope, node) for scope, body in self.scopes.items() for node in body.nodes)
        return {place: number for number, place in enumerate(every)}
