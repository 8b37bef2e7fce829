"""The semantics: a graph, the tokens and a stimulus give new tokens and effects. Nothing here touches
storage.

Sections in docstrings are those of the BPMN 2.0.2 specification.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from . import activity
from .model import ACTIVITIES, Flow, Graph, Kind, Node, Scope, Trigger
from .stimuli import (
    LEAVING,
    MOVES,
    Begin,
    Complete,
    Effect,
    Fail,
    Fire,
    Judge,
    Retry,
    StepError,
    Stimulus,
    Throw,
    Thrown,
    Wait,
)
from .tokens import Frame, State, Token


def advance(graph: Graph, state: State, stimulus: Stimulus, judge: Judge) -> tuple[State, list[Effect]]:
    """The state after `stimulus`, and what has to be done about it. `state` itself is left alone.

    Raises `KeyError` when the stimulus names a token that is not there any more.
    """
    step = Step(graph, state.copy(), judge)
    step.take(stimulus)
    step.run()
    return step.state, step.effects


def waits(graph: Graph, state: State) -> list[Wait]:
    """Everything that the instance waits for, oldest token first."""
    found: list[Wait] = []
    for token in state.tokens.values():
        nodes = graph.scopes[state.frames[token.frame].scope]
        found += _waits_of(token, nodes.nodes[token.node], nodes)
    return found


def _waits_of(token: Token, node: Node, scope: Scope) -> Iterable[Wait]:
    if token.state in ("task", "call", "held", "message", "timer"):
        yield Wait(token.state, token.id, node, str(token.timers.get(node.id, [""])[0]))
    elif token.state == "event":
        for flow in node.outgoing:
            target = scope.nodes[scope.flows[flow].target]
            yield Wait(_awaited(target), token.id, target, str(token.timers.get(target.id, [""])[0]))
    if token.owner == 0 and token.done != LEAVING:
        for id_ in node.boundaries:
            event = scope.nodes[id_]
            if event.trigger is not Trigger.TIMER or id_ in token.timers:
                yield Wait(event.trigger.value, token.id, event, str(token.timers.get(id_, [""])[0]))


def _awaited(node: Node) -> str:
    return "timer" if node.trigger is Trigger.TIMER else "message"


class Step:
    """One step in progress. Moves wait in a queue; joins and ends of scopes are judged when all tokens are
    at rest."""

    most = MOVES

    def __init__(self, graph: Graph, state: State, judge: Judge) -> None:
        self.graph, self.state, self.judge = graph, state, judge
        self.effects: list[Effect] = []
        self.queue: deque[tuple[int, str, int]] = deque()  # frame and flow, or token whose work begins

    # -- the stimulus ------

    def take(self, stimulus: Stimulus) -> None:
        """Let `stimulus` happen."""
        if self.state.frames:
            self.state.status = "running"
        match stimulus:
            case Begin(root, entry):
                frame = self.open(root, 0)
                for id_ in entry or self.graph.scopes[root].starts:
                    self.arrive(frame, self.node(frame, id_), "")
            case Complete(token, variables):
                self.complete(self.state.tokens[token], variables)
            case Fire(token, node, variables):
                self.fire(self.state.tokens[token], node, variables)
            case Throw(token, code, variables):
                at = self.state.tokens[token]
                self.assign(at, variables)
                activity.error(self, at, code)
            case Fail(token, reason):
                self.stop(self.state.tokens[token], reason)
            case Retry(token):
                activity.retry(self, self.state.tokens[token])

    def complete(self, token: Token, variables: Mapping[str, Any]) -> None:
        """The work of `token` is done."""
        if token.state not in ("task", "call", "held"):
            raise KeyError(token.id)
        self.assign(token, variables)
        node = self.at(token)
        if node.kind in ACTIVITIES:
            activity.finish(self, token)
        else:
            self.remove(token)
            self.arrive(self.state.frames[token.frame], node, token.via, held=True)

    def fire(self, token: Token, id_: str, variables: Mapping[str, Any]) -> None:
        """An event at node `id_` happens to `token`."""
        frame = self.state.frames[token.frame]
        node = self.node(frame, id_)
        self.assign(token, variables)
        if node.kind is Kind.BOUNDARY:
            activity.boundary(self, token, node)
        elif token.node == id_ and node.kind is Kind.RECEIVE:
            activity.finish(self, token)
        else:  # an intermediate event, or the winner of the race after an event-based gateway (10.5.6)
            self.remove(token)
            self.mark(frame, node)
            self.leave(frame, node)

    # -- the run ------

    def run(self) -> None:
        """Move until every token rests."""
        moves = 0
        while self.queue or self._close_scope() or self._fire_join():
            while self.queue:
                moves += 1
                if moves > self.most:
                    self._stop_all("the process turns in circles without waiting for anything")
                    break
                self._move(*self.following())
        if self.state.status in ("running", "failed") and self.state.frames:
            self.state.status = "failed" if self.state.incidents() else "running"

    def following(self) -> tuple[int, str, int]:
        """The move that comes next."""
        return self.queue.popleft()

    def _move(self, frame: int, flow: str, token: int) -> None:
        if token:
            if token in self.state.tokens:
                activity.run(self, self.state.tokens[token])
        elif frame in self.state.frames:
            at = self.state.frames[frame]
            self.arrive(at, self.node(at, self.scope(at).flows[flow].target), flow)

    def _stop_all(self, reason: str) -> None:
        for frame, flow, token in self.queue:
            if token in self.state.tokens:
                self.stop(self.state.tokens[token], reason)
            elif frame in self.state.frames:
                at = self.state.frames[frame]
                self.stop(self.rest(at, self.node(at, self.scope(at).flows[flow].target), "", flow), reason)
        self.queue.clear()

    def _close_scope(self) -> bool:
        """End a scope that has no token left (13.5.4); true when there was one."""
        busy = {token.frame for token in self.state.tokens.values()}
        for frame in list(self.state.frames.values()):
            if frame.id not in busy:
                del self.state.frames[frame.id]
                if frame.owner:
                    activity.finish(self, self.state.tokens[frame.owner])
                elif not self.state.frames:
                    self.state.status = "failed" if self.state.error else "completed"
                return True
        return False

    def _fire_join(self) -> bool:
        """Let an inclusive gateway pass whose paths bring nothing more (13.4.3)."""
        for frame in self.state.frames.values():
            for join in self.scope(frame).joins:
                here = [t for t in self.state.within(frame.id) if t.node == join.id and t.state == "join"]
                if here and not self._awaits(frame, join, {t.via for t in here}):
                    self._merge(frame, join, here)
                    return True
        return False

    def _awaits(self, frame: Frame, join: Node, filled: set[str]) -> bool:
        """Some token can still come to an empty incoming flow, and to none of the filled ones."""
        reach = self.scope(frame).reach(join.id)
        for token in self.state.within(frame.id):
            flows = reach.get(token.node, frozenset()) if token.node != join.id else frozenset()
            if flows and not flows & filled:
                return True
        return False

    def _merge(self, frame: Frame, join: Node, here: Iterable[Token]) -> None:
        """Take one token from each flow that has one, and go on."""
        seen: set[str] = set()
        for token in here:
            if token.via not in seen:
                seen.add(token.via)
                self.remove(token)
        self.leave(frame, join)

    # -- nodes ------

    def arrive(self, frame: Frame, node: Node, via: str, held: bool = False) -> None:
        """A token comes to `node` through flow `via`."""
        self.mark(frame, node)
        if node.kind in ACTIVITIES:
            activity.enter(self, frame, node)
        elif self.judge.patient and not held and self._may_wait(frame, node):
            self.rest(frame, node, "held")
        elif node.kind is Kind.PARALLEL and node.joins:
            self.rest(frame, node, "join", via)
            here = [t for t in self.state.within(frame.id) if t.node == node.id and t.state == "join"]
            if {t.via for t in here} == set(node.incoming):
                self._merge(frame, node, here)
        elif node.kind is Kind.INCLUSIVE and node.joins:
            self.rest(frame, node, "join", via)
        elif node.kind is Kind.EVENT_BASED and node.outgoing:
            token = self.rest(frame, node, "event")
            targets = [self.scope(frame).flows[f].target for f in node.outgoing]
            self.arm(token, [self.node(frame, t) for t in targets])
        elif node.kind is Kind.CATCH:
            self.arm(self.rest(frame, node, node.trigger.value), [node])
        elif node.kind is Kind.END:
            self._end(frame, node)
        else:
            if node.kind is Kind.THROW and node.trigger is Trigger.MESSAGE:
                self.effects.append(Thrown(node))
            self.leave(frame, node)

    def _may_wait(self, frame: Frame, node: Node) -> bool:
        """Where a generated run lets others go first: as a sub-process begins, before an end that stops others."""
        stops = node.kind is Kind.END and node.trigger in (Trigger.TERMINATE, Trigger.ERROR)
        return stops or (node.kind is Kind.START and bool(frame.owner))

    def _end(self, frame: Frame, node: Node) -> None:
        if node.answer:
            try:
                self.state.variables["answer"] = self.judge.answer(node.answer, self.context(frame))
            except StepError as error:
                self.stop(self.rest(frame, node, ""), str(error))
                return
        if node.id not in self.state.ended:
            self.state.ended.append(node.id)
        if node.trigger is Trigger.MESSAGE:
            self.effects.append(Thrown(node))
        elif node.trigger is Trigger.TERMINATE:
            self.clear(frame)
            if not frame.owner:
                del self.state.frames[frame.id]
                if not self.state.frames:
                    self.state.status = "terminated"
        elif node.trigger is Trigger.ERROR:
            activity.escape(self, frame, node.code or node.id)

    def leave(self, frame: Frame, node: Node) -> None:
        """Put a token on each outgoing flow that is taken; without outgoing flow the path ends here."""
        scope = self.scope(frame)
        flows = [scope.flows[f] for f in node.outgoing]
        try:
            taken = self._taken(frame, node, flows)
        except StepError as error:
            token = self.rest(frame, node, "")
            token.done = LEAVING
            self.stop(token, str(error))
            return
        self.queue.extend((frame.id, flow.id, 0) for flow in taken)

    def _taken(self, frame: Frame, node: Node, flows: list[Flow]) -> list[Flow]:
        default = next((f for f in flows if f.id == node.default), None)
        if node.kind is Kind.EXCLUSIVE:
            if len(flows) < 2 and not any(f.rule for f in flows):
                return flows
            one = self.judge.exclusive(node, [f for f in flows if f is not default], self.context(frame)) or default
            if one is None:
                raise StepError("no condition of an outgoing flow is true and there is no default flow")
            return [one]
        if node.kind in (Kind.PARALLEL, Kind.EVENT_BASED):
            return flows
        gated = [f for f in flows if f is not default and (f.rule or (node.kind is Kind.INCLUSIVE and len(flows) > 1))]
        if not gated and default is None:
            return flows
        chosen = self.judge.inclusive(node, gated, self.context(frame)) if gated else []
        free = [f for f in flows if f is not default and f not in gated]
        if not chosen and default is not None:
            chosen = [default]
        if flows and not chosen and not free:
            raise StepError("no condition of an outgoing flow is true and there is no default flow")
        return [f for f in flows if f in chosen or f in free]

    # -- small steps ------

    def scope(self, frame: Frame) -> Scope:
        return self.graph.scopes[frame.scope]

    def node(self, frame: Frame, id_: str) -> Node:
        return self.graph.scopes[frame.scope].nodes[id_]

    def at(self, token: Token) -> Node:
        return self.node(self.state.frames[token.frame], token.node)

    def mark(self, frame: Frame, node: Node) -> None:
        self.state.passed |= 1 << self.graph.numbers[frame.scope, node.id]

    def open(self, scope: str, owner: int) -> Frame:
        """A new frame for `scope`."""
        self.state.last += 1
        frame = self.state.frames[self.state.last] = Frame(self.state.last, scope, owner)
        return frame

    def rest(self, frame: Frame, node: Node, state: str, via: str = "") -> Token:
        """A token comes to rest at `node`."""
        self.state.last += 1
        token = self.state.tokens[self.state.last] = Token(self.state.last, node.id, frame.id, state, via)
        return token

    def stop(self, token: Token, reason: str) -> None:
        """An incident: `token` stays where it is until somebody retries."""
        token.state, token.note = "incident", reason[:300]

    def remove(self, token: Token) -> None:
        self.state.tokens.pop(token.id, None)

    def clear(self, frame: Frame) -> None:
        """Take every token out of `frame` and of the scopes inside it."""
        for token in self.state.within(frame.id):
            activity.withdraw(self, token)
        self.queue = deque(move for move in self.queue if move[2] or move[0] != frame.id)

    def arm(self, token: Token, nodes: Iterable[Node]) -> None:
        """Set the timers among `nodes`."""
        for node in nodes:
            if node.trigger is Trigger.TIMER and node.timer is not None and node.kind is not Kind.START:
                try:
                    due, left = self.judge.due(node.timer, self.context(self.state.frames[token.frame], token), None)
                except StepError as error:
                    self.stop(token, f"timer {node.id}: {error}")
                    return
                token.timers[node.id] = [due.isoformat(), left]

    def context(self, frame: Frame, token: Token | None = None) -> dict[str, Any]:
        """The variables seen from a place."""
        return self.state.seen(frame.id, token)

    def assign(self, token: Token, variables: Mapping[str, Any]) -> None:
        """Set variables where `token` sees them: in the innermost loop instance around it, or in the
        instance."""
        if variables:
            for around in self.state.chain(token.frame, token):
                if around.owner:
                    around.local.update(variables)
                    return
            self.state.variables.update(variables)
