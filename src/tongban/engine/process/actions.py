"""The verbs: each is one transaction (joined to the caller's), one lock, one step, one writing statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, Ref, Refused, Stale, new_id, now
from tongban.base.ledger import api as ledger

from . import definitions, store
from .data import CaseState, DefinitionRef
from .definitions import publish
from .drive import advance, settle
from .joining import joined
from .migration import migrate
from .model import Trigger
from .statements import AWAITING
from .step import waits
from .stimuli import Begin, Complete, Fire, Retry
from .store import Case
from .timing import fire_due
from .tokens import State


def start(definition: DefinitionRef | str, subject: Ref, variables: Mapping[str, Any] | None = None) -> CaseState:
    """Begin a process for `subject`: the current version of a key, or one exact version.

    Every executable process of the file that begins by itself does so. `NotFound` when it is not published.
    """
    with joined():
        found = definitions.find(definition)
        scopes = found.graph.scopes
        ways = [(root, scopes[root].starts) for root in found.graph.main if scopes[root].starts]
        if not ways:  # only messages or timers start it: a person may start it by hand as well
            root = found.graph.main[0]
            ways = [(root, scopes[root].entries[0])]
        case = Case(new_id(), subject, found, State(variables=dict(variables or {})))
        return advance(case, *(Begin(root, way) for root, way in ways))


def complete(
    task_id: str,
    variables: Mapping[str, Any] | None = None,
    *,
    version: int | None = None,
    by: Ref | None = None,
) -> CaseState:
    """The work of a task is done; `variables` (e.g. `outcome`) steer where the process goes.

    `Refused` when the task is not open any more, `Stale` when its version moved, `NotFound` when there is
    none.
    """
    with joined():
        rows = store.select(
            "JOIN process_task t ON t.instance_id = i.id WHERE t.id = %s FOR UPDATE OF i",
            [task_id],
            ", t.token, t.version",
        )
        if not rows:
            raise NotFound
        case, token, seen = store.case_of(rows[0]), rows[0][-2], rows[0][-1]
        at = case.state.tokens.get(token)
        # The instance's state is read under the lock; the task's row may be as old as the wait for it.
        if at is None or at.task != task_id or at.state != "task":
            raise Refused(_("This task has already been dealt with."), code="not_open")
        if version is not None and version != seen:
            raise Stale(changes={"version": (version, seen)})
        return advance(case, Complete(token, variables or {}), done=task_id, by=by, expected=version)


def cancel(which: Ref | str, reason: str, by: Ref | None = None) -> CaseState:
    """End an instance (or the running one of a subject): open tasks are cancelled, timers stopped."""
    with joined():
        case = store.locked(store.instance_of(which))
        if not case.state.frames:
            raise Refused(_("This process has already ended."), code="ended")
        case.state.tokens.clear()
        case.state.frames.clear()
        case.state.status = "cancelled"
        state = settle(case, now(), [])
        ledger.write("process.cancelled", case.subject, by=by, instance=case.id, reason=reason)
        return state


def retry(which: Ref | str, variables: Mapping[str, Any] | None = None, by: Ref | None = None) -> CaseState:
    """Try again where incidents stopped an instance, with `variables` set right; `Refused` when nothing
    stopped it."""
    with joined():
        case = store.locked(store.instance_of(which))
        stopped = [t.id for t in case.state.incidents()]
        if not stopped:
            raise Refused(_("There is nothing to retry."), code="no_incident")
        case.state.variables.update(variables or {})
        state = advance(case, *(Retry(token) for token in stopped))
        ledger.write("process.retried", case.subject, by=by, instance=case.id)
        return state


def deliver(message: str, subject: Ref, variables: Mapping[str, Any] | None = None) -> CaseState:
    """A message arrives for `subject`: the first place that waits for it takes it, else a process that it
    starts.

    `Refused` when nothing waits for it.
    """
    with joined():
        rows = store.select(
            AWAITING,
            [subject.id, subject.kind],
        )
        for case in map(store.case_of, rows):
            for wait in waits(case.definition.graph, case.state):
                if wait.kind == "message" and wait.node.message == message:
                    return advance(case, Fire(wait.token, wait.node.id, variables or {}))
        return _started_by(message, subject, variables or {})


def _started_by(message: str, subject: Ref, variables: Mapping[str, Any]) -> CaseState:
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM process_key WHERE %s = ANY(messages) ORDER BY key LIMIT 1", [message])
        row = cursor.fetchone()
    if row is None:
        raise Refused(_("No process waits for the message %(name)s.") % {"name": message}, code="not_awaited")
    found = definitions.find(row[0])
    for root in found.graph.main:
        for node in found.graph.scopes[root].events:
            if node.trigger is Trigger.MESSAGE and node.message == message:
                case = Case(new_id(), subject, found, State(variables=dict(variables)))
                return advance(case, Begin(root, (node.id,)))
    raise Refused(_("No process waits for the message %(name)s.") % {"name": message}, code="not_awaited")


__all__ = ["cancel", "complete", "deliver", "fire_due", "migrate", "publish", "retry", "start"]
