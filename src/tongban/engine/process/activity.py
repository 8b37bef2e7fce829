"""Activities: their work, their instances, what interrupts them (BPMN 13.3, 13.4.2, 10.5.7)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from .model import PEOPLE, Kind, Loop, Node, Trigger
from .stimuli import DEPTH, LEAVING, Call, StepError, Thrown
from .tokens import Frame, Token

if TYPE_CHECKING:
    from .step import Step

INSTANCES = 1000
"""Most instances of one multi-instance activity."""


def enter(step: Step, frame: Frame, node: Node) -> None:
    """A token comes to an activity: its boundary events begin to listen, its work begins."""
    token = step.rest(frame, node, "")
    step.arm(token, [step.node(frame, b) for b in node.boundaries])
    if token.state == "incident":
        return
    if node.loop is None:
        run(step, token)
    else:
        _begin_loop(step, token, node.loop)


def run(step: Step, token: Token) -> None:
    """Begin the work of one instance."""
    node = step.at(token)
    if node.kind in PEOPLE:
        token.state = "task"
    elif node.kind is Kind.RECEIVE:
        token.state = "message"
    elif node.kind in (Kind.SUB, Kind.CALL):
        _run_scope(step, token, node)
    elif node.kind in (Kind.SERVICE, Kind.RULE):
        token.state = "call"
        step.effects.append(Call(token.id, node))
    elif step.judge.patient:
        token.state = "task"
    else:  # an abstract task completes as soon as it begins (13.3.3); a send task once it has sent
        if node.kind is Kind.SEND:
            step.effects.append(Thrown(node))
        finish(step, token)


def _run_scope(step: Step, token: Token, node: Node) -> None:
    scope = step.graph.scopes.get(node.called)
    starts = step.judge.start(scope) if scope else ()
    again = any(f.scope == node.called for f in step.state.frames.values()) and node.kind is Kind.CALL
    if scope is None or (step.judge.patient and (again or not starts)):
        token.state = "task"  # not at hand; or, in a generated run, empty or calling itself
        return
    if sum(1 for _ in step.state.chain(token.frame)) > DEPTH:
        step.stop(token, "too many processes inside one another")
        return
    token.state = "scope"
    inner = step.open(scope.key, token.id)
    for id_ in starts:
        step.arrive(inner, step.node(inner, id_), "")


def finish(step: Step, token: Token) -> None:
    """The work of one instance is done."""
    if token.owner:
        _instance_done(step, token)
        return
    step.remove(token)
    step.leave(step.state.frames[token.frame], step.at(token))


# -- loops ------


def _begin_loop(step: Step, token: Token, loop: Loop) -> None:
    token.state = "loop"
    frame = step.state.frames[token.frame]
    try:
        if loop.standard:
            count = 0 if loop.test_before and not step.judge.again(loop, step.context(frame, token)) else 1
        else:
            token.total = count = len(_items(step, token, loop))
    except StepError as error:
        step.stop(token, str(error))
        return
    if loop.collect:
        _around(step, token)[loop.collect] = []
    if count == 0:
        step.remove(token)
        step.leave(frame, step.at(token))
    for index in range(1 if loop.sequential or loop.standard else count):
        if index < count:
            _spawn(step, token, loop, index)


def _items(step: Step, token: Token, loop: Loop) -> list[Any]:
    context = step.context(step.state.frames[token.frame], token)
    items = list(step.judge.items(step.at(token), loop, context))
    if len(items) > INSTANCES:
        raise StepError(f"more than {INSTANCES} instances")
    return items


def _spawn(step: Step, outer: Token, loop: Loop, index: int) -> None:
    body = step.rest(step.state.frames[outer.frame], step.at(outer), "loop")
    body.owner, body.index = outer.id, index
    body.local = {"loopCounter": index + 1}
    if loop.item:
        items = _items(step, outer, loop)
        body.local[loop.item] = items[index] if index < len(items) else None
    step.queue.append((0, "", body.id))


def _instance_done(step: Step, body: Token) -> None:
    outer = step.state.tokens[body.owner]
    loop = step.at(outer).loop
    assert loop is not None
    outer.done += 1
    frame = step.state.frames[outer.frame]
    try:
        _collect(step, outer, body, loop)
        context = step.context(frame, body) | _counters(outer)
        step.remove(body)
        if loop.standard:
            more = (loop.maximum is None or outer.done < loop.maximum) and step.judge.again(loop, context)
        elif loop.until is not None and step.judge.finished(loop, context):
            more = False
        else:
            more = outer.done < outer.total
    except StepError as error:
        step.stop(outer, str(error))
        return
    if not more:
        withdraw(step, outer)
        step.leave(frame, step.node(frame, outer.node))
    elif loop.sequential or loop.standard:
        _spawn(step, outer, loop, outer.done)


def _counters(outer: Token) -> dict[str, int]:
    """The standard's instance attributes (table 10.29)."""
    return {
        "numberOfInstances": outer.total,
        "numberOfCompletedInstances": outer.done,
        "numberOfActiveInstances": max(outer.total - outer.done, 0),
        "numberOfTerminatedInstances": 0,
    }


def _collect(step: Step, outer: Token, body: Token, loop: Loop) -> None:
    """Hand an instance's result to the variables around it: into the collection, or as they are."""
    around = _around(step, outer)
    if not loop.collect:
        around.update({k: v for k, v in body.local.items() if k not in (loop.item, "loopCounter")})
        return
    context = step.context(step.state.frames[outer.frame], body)
    value = step.judge.output(loop, context) if loop.output else context.get(loop.output_item)
    around[loop.collect] = [*(around.get(loop.collect) or []), value]


def _around(step: Step, outer: Token) -> dict[str, Any]:
    for token in step.state.chain(outer.frame):
        if token.owner:
            return token.local
    return step.state.variables


# -- interruptions ------


def withdraw(step: Step, token: Token) -> None:
    """Remove `token` and everything that runs inside its activity."""
    step.remove(token)
    for body in [t for t in step.state.tokens.values() if t.owner == token.id]:
        withdraw(step, body)
    for frame in [f for f in step.state.frames.values() if f.owner == token.id]:
        step.clear(frame)
        step.state.frames.pop(frame.id, None)


def boundary(step: Step, token: Token, event: Node) -> None:
    """A boundary event of the activity of `token` happens."""
    frame = step.state.frames[token.frame]
    step.mark(frame, event)
    if event.interrupting:
        withdraw(step, token)
    elif event.trigger is Trigger.TIMER:
        _again(step, token, event)
    step.leave(frame, event)


def _again(step: Step, token: Token, event: Node) -> None:
    """Re-arm a repeating timer; a timer that happens once is done."""
    due, left = token.timers.pop(event.id, ["", 0])
    if left and event.timer is not None and due:
        context = step.context(step.state.frames[token.frame], token)
        later, _ = step.judge.due(event.timer, context, datetime.fromisoformat(due))
        token.timers[event.id] = [later.isoformat(), left - 1 if left > 0 else left]


def error(step: Step, token: Token, code: str) -> None:
    """An error arises in the activity of `token`: its own boundary events are asked first, then those around
    it."""
    outer = step.state.tokens[token.owner] if token.owner else token
    frame = step.state.frames[outer.frame]
    events = [step.node(frame, b) for b in step.at(outer).boundaries]
    errors = [e for e in events if e.trigger is Trigger.ERROR]
    catcher = next((e for e in errors if e.code == code), None) or next((e for e in errors if not e.code), None)
    if catcher is not None:
        boundary(step, outer, catcher)
    else:
        escape(step, frame, code)


def escape(step: Step, frame: Frame, code: str) -> None:
    """An error leaves a scope, which ends; uncaught at the top it fails the instance (10.5.1)."""
    step.clear(frame)
    if frame.owner:
        error(step, step.state.tokens[frame.owner], code)
        return
    step.state.frames.pop(frame.id, None)
    step.state.status, step.state.error = "failed", f"error {code} was not caught"


def retry(step: Step, token: Token) -> None:
    """Begin again where an incident stopped the instance."""
    if token.state != "incident":
        raise KeyError(token.id)
    frame, node = step.state.frames[token.frame], step.at(token)
    token.note = ""
    if token.owner:
        run(step, token)
        return
    withdraw(step, token)
    if token.done == LEAVING:
        step.leave(frame, node)
    elif token.via:
        step.queue.append((frame.id, token.via, 0))
    else:
        step.arrive(frame, node, "")
