"""One step of a stored instance: semantics, verbs, one write, events. The caller holds the lock."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from tongban.base.kernel.api import Ref, emit, now
from tongban.base.ledger import api as ledger

from . import store
from .data import CaseState, IncidentArose, InstanceEnded, MessageThrown, ProcessError, TaskClosed, TaskOpened
from .feel import FeelJudge
from .joining import whole
from .model import Kind
from .step import Step
from .stimuli import Call, Complete, Effect, Fail, Retry, Stimulus, Throw, Thrown
from .store import Case
from .verbs import decided, verbs

log = logging.getLogger(__name__)


def advance(
    case: Case,
    *stimuli: Stimulus,
    done: str = "",
    by: Ref | None = None,
    expected: int | None = None,
) -> CaseState:
    """Let `stimuli` happen to a locked instance, run the verbs it calls, write and tell. Inside a
    transaction."""
    with whole():
        return _advanced(case, stimuli, done, by, expected)


def _advanced(case: Case, stimuli: tuple[Stimulus, ...], done: str, by: Ref | None, expected: int | None) -> CaseState:
    moment = now()
    judge = FeelJudge(moment)
    effects: list[Effect] = []
    todo = list(stimuli)
    while todo:
        stimulus = todo.pop(0)
        if isinstance(stimulus, Complete | Throw | Fail | Retry) and stimulus.token not in case.state.tokens:
            continue  # withdrawn meanwhile, e.g. by a terminate end event that another branch came to first
        step = Step(case.definition.graph, case.state, judge)
        step.take(stimulus)
        step.run()
        effects += step.effects
        todo += [answer for e in step.effects if isinstance(e, Call) and (answer := _answer(case, step, e))]
    return settle(case, moment, effects, done, by, expected)


def _answer(case: Case, step: Step, call: Call) -> Stimulus | None:
    """Run the verb or table of a service or business-rule task."""
    token = case.state.tokens.get(call.token)
    if token is None or token.state != "call":
        return None
    variables = step.context(case.state.frames[token.frame], token)
    try:
        with transaction.atomic():  # what a failing verb wrote is undone, the step goes on with an incident
            if call.node.kind is Kind.RULE:
                result = decided(call.node.table, variables)
            else:
                result = verbs.get(call.node.verb)(case.subject, variables)
    except ProcessError as error:
        return Throw(call.token, error.code)
    except Exception as error:  # whatever a verb does, the instance is not lost
        log.exception("the service task %s of %s failed", call.node.id, case.subject)
        return Fail(call.token, f"{type(error).__name__}: {error}")
    return Complete(call.token, dict(result or {}))


def settle(
    case: Case,
    moment: datetime,
    effects: list[Effect],
    done: str = "",
    by: Ref | None = None,
    expected: int | None = None,
) -> CaseState:
    """Write the step and tell the rooms above."""
    state, change = store.write(case, moment, done, by, expected)
    for task in change.opened:
        limit = (task.limit, task.unit)
        emit(TaskOpened(task.id, case.id, case.subject, task.element, task.name, task.office, *limit))
    for id_ in change.closed:
        mine = id_ == done
        who, status = (str(by or ""), "done") if mine else ("", "cancelled")
        emit(TaskClosed(id_, case.id, case.subject, case.tasks[id_], status, who))
    for effect in effects:
        if isinstance(effect, Thrown):
            emit(MessageThrown(case.id, case.subject, effect.node.id, effect.node.message))
    for incident in change.incidents:
        where, why = incident.element, incident.reason
        ledger.write("process.incident", case.subject, instance=case.id, element=where, reason=why)
        emit(IncidentArose(case.id, case.subject, where, why))
    if not case.state.frames:
        emit(InstanceEnded(case.id, case.subject, case.state.status))
    return state
