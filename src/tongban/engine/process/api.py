"""Front door of the process engine."""

from .actions import cancel, complete, deliver, fire_due, migrate, publish, retry, start
from .compile import check
from .data import CaseState, DefinitionRef, Finding, Picture, ProcessError, Status, Task
from .queries import definition, migration_plan, parts_of, picture, shared, state, tasks
from .verbs import tables_are, verbs

__all__ = [
    "CaseState",
    "DefinitionRef",
    "Finding",
    "Picture",
    "ProcessError",
    "Status",
    "Task",
    "cancel",
    "check",
    "complete",
    "definition",
    "deliver",
    "fire_due",
    "migrate",
    "migration_plan",
    "parts_of",
    "picture",
    "publish",
    "retry",
    "shared",
    "start",
    "state",
    "tables_are",
    "tasks",
    "verbs",
]
