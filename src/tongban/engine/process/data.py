"""What other rooms see of a process: references, tasks, the state of a case, findings and events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from tongban.base.kernel.data import Event, Ref


class Status(StrEnum):
    """Where an instance stands. `failed`: an incident stands in its way, or an error reached the top
    uncaught."""

    RUNNING = "running"
    COMPLETED = "completed"
    TERMINATED = "terminated"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class DefinitionRef:
    """One published version of a process: `hash` is the SHA-256 of its XML, in hexadecimal (rule R15)."""

    key: str
    hash: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a diagram is not accepted: `refused` (readable, but not run here) or `malformed` (not proper
    BPMN)."""

    element: str
    line: int
    reason: str
    kind: str = "refused"

    def __str__(self) -> str:
        return f"line {self.line}: {self.element}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Task:
    """Work a person has to do. `limit` counts `unit`s (`workday` or `day`); whoever keeps the clock reads
    them here."""

    id: str
    instance: str
    subject: Ref
    element: str
    name: str
    kind: str
    office: str | None
    limit: int | None
    unit: str
    form: str | None
    status: str
    opened_at: datetime
    closed_at: datetime | None
    version: int
    loop_index: int | None
    attributes: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Incident:
    """A place where an instance could not go on by itself; `retry` tries again after the cause is removed."""

    element: str
    reason: str


@dataclass(frozen=True, slots=True)
class CaseState:
    """An instance as other rooms see it. `variables` hold what steers the process, never case data."""

    instance: str
    subject: Ref
    definition: DefinitionRef
    status: Status
    open: tuple[Task, ...]
    ended_at_elements: tuple[str, ...]
    variables: Mapping[str, Any]
    incidents: tuple[Incident, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """What the diagram viewer needs: the XML, the elements where the instance stands, and those it has
    passed."""

    xml: str
    lit: tuple[str, ...]
    done: tuple[str, ...]

    def __iter__(self) -> Any:
        return iter((self.xml, self.lit, self.done))


@dataclass(frozen=True, slots=True)
class Move:
    """One line of a migration plan: where a token stands, where it would stand, and what is in the way, if
    anything."""

    element: str
    to: str
    problem: str = ""


class ProcessError(Exception):
    """Raised by a service verb: a BPMN error with `code`, caught by a matching error boundary event."""

    def __init__(self, code: str, message: str = "") -> None:
        self.code = code
        super().__init__(message or code)


@dataclass(frozen=True)
class TaskOpened(Event):
    kind: ClassVar[str] = "process.task.opened"
    task: str
    instance: str
    subject: Ref
    element: str
    name: str
    office: str | None
    limit: int | None
    unit: str


@dataclass(frozen=True)
class TaskClosed(Event):
    """`status` is done or cancelled; `by` is the person who completed it, as text, or empty."""

    kind: ClassVar[str] = "process.task.closed"
    task: str
    instance: str
    subject: Ref
    element: str
    status: str
    by: str = ""


@dataclass(frozen=True)
class InstanceEnded(Event):
    kind: ClassVar[str] = "process.instance.ended"
    instance: str
    subject: Ref
    status: str


@dataclass(frozen=True)
class IncidentArose(Event):
    kind: ClassVar[str] = "process.incident.arose"
    instance: str
    subject: Ref
    element: str
    reason: str


@dataclass(frozen=True)
class MessageThrown(Event):
    """A send task or a message throw or end event was passed; whoever carries messages takes it from here."""

    kind: ClassVar[str] = "process.message.thrown"
    instance: str
    subject: Ref
    element: str
    message: str


@dataclass(frozen=True)
class TimerFired(Event):
    """Both times are recorded: when it was due and when it was fired (rule R13)."""

    kind: ClassVar[str] = "process.timer.fired"
    instance: str
    subject: Ref
    element: str
    due_at: datetime
    fired_at: datetime
