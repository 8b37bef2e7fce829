"""Reads. Nothing here takes a lock but the plan of a migration."""

from __future__ import annotations

from collections.abc import Iterable

from tongban.base.kernel.api import NotFound, Ref

from . import definitions, store
from .data import CaseState, DefinitionRef, Picture, Task
from .definitions import shared
from .migration import plan as migration_plan
from .models import TaskRow


def definition(key: str) -> DefinitionRef:
    """The version of process `key` that new instances get; `NotFound`."""
    return definitions.find(key).ref


def state(which: Ref | str) -> CaseState:
    """An instance by its id, or the running (else the last) one of a subject; `NotFound`."""
    case = _case(which)
    return store.seen(case, store.open_tasks(case))


def tasks(which: Ref | str) -> tuple[Task, ...]:
    """All tasks of an instance (or of the running, else the last one of a subject), open and closed, oldest
    first."""
    case = _case(which)
    return store.tasks_of(case.id, case.subject)


def parts_of(tasks: Iterable[str]) -> dict[str, str]:
    """The part (role of an office) that each of these tasks is for, as its process says; tasks without are left out."""
    rows = TaskRow.objects.filter(id__in=list(tasks)).exclude(office=None)
    return {task: office for task, office in rows.values_list("id", "office") if office}


def picture(which: Ref | str) -> Picture:
    """The diagram with the elements where the instance stands (`lit`) and those it has passed (`done`)."""
    case = _case(which)
    here = {token.node for token in case.state.tokens.values() if "/" not in case.state.frames[token.frame].scope}
    passed = {
        node
        for (scope, node), number in case.definition.graph.numbers.items()
        if case.state.passed >> number & 1 and "/" not in scope
    }
    xml = definitions.xml_of(case.definition.id).decode("utf-8-sig", "replace")
    return Picture(xml, tuple(sorted(here)), tuple(sorted(passed - here)))


def _case(which: Ref | str) -> store.Case:
    rows = store.select("WHERE i.id = %s", [store.instance_of(which)])
    if not rows:
        raise NotFound
    return store.case_of(rows[0])


__all__ = ["definition", "migration_plan", "parts_of", "picture", "shared", "state", "tasks"]
