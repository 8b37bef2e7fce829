"""What can happen to an instance, what a step asks its surroundings to do, and who decides what data
decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from .expressions import Rule
from .model import Flow, Loop, Node, Scope, Timer

MOVES = 6_000
"""Most moves in one step: a process that turns in circles without waiting for anybody stops with an
incident."""
DEPTH = 100
"""Most processes inside one another."""
LEAVING = -1
"""Marks (in `Token.done`) an incident on the way out of a node, whose work is done."""


class StepError(Exception):
    """A token cannot go on; it becomes an incident with this reason."""


class Judge(Protocol):
    """Decides what the diagram leaves to data: by FEEL in the product, freely in a generated run."""

    @property
    def patient(self) -> bool:
        """Wait at abstract tasks, services and beginnings of sub-processes, as a generated run wants."""

    def exclusive(self, node: Node, flows: Sequence[Flow], context: Mapping[str, Any]) -> Flow | None: ...
    def inclusive(self, node: Node, flows: Sequence[Flow], context: Mapping[str, Any]) -> list[Flow]: ...
    def items(self, node: Node, loop: Loop, context: Mapping[str, Any]) -> Sequence[Any]: ...
    def finished(self, loop: Loop, context: Mapping[str, Any]) -> bool: ...
    def again(self, loop: Loop, context: Mapping[str, Any]) -> bool: ...
    def answer(self, answer: Rule | str, context: Mapping[str, Any]) -> Any: ...
    def output(self, loop: Loop, context: Mapping[str, Any]) -> Any: ...
    def due(self, timer: Timer, context: Mapping[str, Any], before: datetime | None) -> tuple[datetime, int]: ...
    def start(self, scope: Scope) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Begin:
    """Start process `root` at `entry`, or where it begins by itself."""

    root: str
    entry: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Complete:
    """The work of a token in state task, call or held is done."""

    token: int
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fire:
    """A message or timer that the token waits for happens at `node` (the token's own, or one of its boundary
    or
    gateway events)."""

    token: int
    node: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Throw:
    """The work of a token ends with a BPMN error."""

    token: int
    code: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fail:
    """The work of a token broke: an incident."""

    token: int
    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again at an incident."""

    token: int


Stimulus = Begin | Complete | Fire | Throw | Fail | Retry


@dataclass(frozen=True, slots=True)
class Call:
    """Effect: run the verb or table of this token's node, then answer with Complete, Throw or Fail."""

    token: int
    node: Node


@dataclass(frozen=True, slots=True)
class Thrown:
    """Effect: a message leaves."""

    node: Node


Effect = Call | Thrown


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that can happen next: task, call, held, message, timer or error at `node` for `token`."""

    kind: str
    token: int
    node: Node
    due: str = ""
