"""Generated runs: drive a compiled diagram by free choices until every end that can be reached was
reached."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .expressions import Rule
from .model import ACTIVITIES, Flow, Graph, Kind, Loop, Node, Scope, Timer, Trigger
from .step import Step, waits
from .stimuli import Begin, Complete, Fire, Stimulus, Throw, Wait
from .tokens import State

Place = tuple[str, str]
"""A node: its scope and its id."""
NEVER = 10**9
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Walk:
    """What the runs of one process came to. `missed` are ends that the drawing leads to but no run came
    to."""

    runs: int = 0
    steps: int = 0
    ends: set[Place] = field(default_factory=set)
    missed: set[Place] = field(default_factory=set)
    stuck: str = ""
    timed_out: bool = False


class FreeJudge:
    """Chooses freely, mostly towards `distance`; conditions, collections and times are not looked at."""

    patient = True

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.distance: Mapping[Place, int] = {}
        self.taken: dict[str, int] = {}
        self.loose = 1.0  # 0: always towards the goal, 1: often elsewhere

    def far(self, scope: str, node: str) -> int:
        return self.distance.get((scope, node), NEVER)

    def exclusive(self, node: Node, flows: Sequence[Flow], context: Mapping[str, Any]) -> Flow | None:
        """One of the flows; None means the default flow."""
        choices: list[Flow | None] = list(flows)
        if node.default:
            choices.append(None)
        if not choices:
            return None
        if self.dice.random() < 0.15 * self.loose:
            return self.dice.choice(choices)
        return min(choices, key=lambda f: (self._far(node, f), self.dice.random()))

    def _far(self, node: Node, flow: Flow | None) -> int:
        """Distance over a flow; one that was taken often counts as longer, so that circles are left."""
        target = flow.id if flow else node.default
        seen = self.taken[target] = self.taken.get(target, 0)
        return (self.far(node.scope, self.scopes[node.scope].flows[target].target)) + seen // 3

    scopes: Mapping[str, Scope] = {}

    def inclusive(self, node: Node, flows: Sequence[Flow], context: Mapping[str, Any]) -> list[Flow]:
        """Some of the flows: the one that leads on, all, or any."""
        if not flows:
            return []
        draw = self.dice.random()
        if draw < 0.5:
            best = self.exclusive(node, flows, context)
            return [best] if best is not None else []
        if draw < 0.75:
            return list(flows)
        some = [f for f in flows if self.dice.random() < 0.5]
        return some or [self.dice.choice(list(flows))]

    def items(self, node: Node, loop: Loop, context: Mapping[str, Any]) -> Sequence[Any]:
        return (1, 2)

    def finished(self, loop: Loop, context: Mapping[str, Any]) -> bool:
        return self.dice.random() < 0.3

    def again(self, loop: Loop, context: Mapping[str, Any]) -> bool:
        return self.dice.random() < 0.4

    def output(self, loop: Loop, context: Mapping[str, Any]) -> Any:
        return None

    def answer(self, answer: Rule | str, context: Mapping[str, Any]) -> Any:
        return None

    def due(self, timer: Timer, context: Mapping[str, Any], before: datetime | None) -> tuple[datetime, int]:
        return _MOMENT, 1

    def start(self, scope: Scope) -> Sequence[str]:
        ways = [w for w in scope.entries if len(w) > 1 or scope.nodes[w[0]].trigger is Trigger.NONE]
        return self.dice.choice(ways or [*scope.entries, ()][:1]) if scope.nodes else ()


def walk(graph: Graph, root: str, deadline: float, seed: int = 1) -> Walk:
    """Run process `root` until every end is covered, nothing new comes, or `deadline` (monotonic seconds) is
    over."""
    edges, exits = _edges(graph)
    entries = graph.scopes[root].entries
    reachable = _reachable(edges, [(root, n) for way in entries for n in way])
    prefix_free = {key for key in graph.scopes if "/" not in key}
    targets = {p for p in reachable if p[0] in prefix_free and _is_end(graph, p)}
    back = _reversed({place: edges[place] | exits.get(place, set()) for place in edges})
    done = Walk()
    judge = FreeJudge(random.Random(seed))
    judge.scopes = graph.scopes
    tries = dict.fromkeys(targets, 0)
    for way in entries:  # every way in is tried, also when there is no end to walk to
        judge.distance = {}
        _run(graph, root, way, judge, done, deadline)
    while open_ := [t for t in targets - done.ends if tries[t] < 40]:
        if time.monotonic() > deadline:
            done.timed_out = True
            break
        target = min(open_, key=lambda t: (tries[t], t))
        tries[target] += 1
        judge.distance = _distances(back, target)
        ways = sorted(entries, key=lambda way: min(judge.far(root, n) for n in way))
        way = ways[0] if tries[target] % 4 else ways[tries[target] // 4 % len(ways)]
        judge.loose = (0.0, 1.0, 0.1)[(tries[target] - 1) % 3]
        _run(graph, root, way, judge, done, deadline, target)
    done.missed = targets - done.ends
    return done


def _run(
    graph: Graph,
    root: str,
    way: tuple[str, ...],
    judge: FreeJudge,
    done: Walk,
    deadline: float,
    goal: Place | None = None,
) -> None:
    """One run from `way` until it came to `goal`, nothing can happen any more or it has gone on for long enough."""
    judge.taken = {}
    state = State()
    done.runs += 1
    _take(graph, state, Begin(root, way), judge)
    bound = 60 + 6 * len(graph.numbers)
    for _ in range(min(bound, 4000)):
        done.steps += 1
        options = waits(graph, state)
        there = goal is not None and state.passed >> graph.numbers[goal] & 1
        if there or not options or time.monotonic() > deadline:
            break
        _take(graph, state, _choose(options, state, judge), judge)
    if state.tokens and not waits(graph, state):
        blocked = next(iter(state.tokens.values()))
        done.stuck = f"{blocked.node}: {blocked.note or 'waits for a token that cannot come'}"
    for place, number in graph.numbers.items():
        if state.passed >> number & 1 and _is_end(graph, place):
            done.ends.add(place)


class _Wander(Step):
    """A step whose tokens move in any order."""

    dice: random.Random
    most = 1500

    def following(self) -> tuple[int, str, int]:
        if len(self.queue) > 1:
            self.queue.rotate(self.dice.randrange(len(self.queue)))
        return self.queue.popleft()


def _take(graph: Graph, state: State, stimulus: Stimulus, judge: FreeJudge) -> None:
    step = _Wander(graph, state, judge)
    step.dice = judge.dice
    step.take(stimulus)
    step.run()


def _choose(options: list[Wait], state: State, judge: FreeJudge) -> Stimulus:
    """What happens next: mostly what leads on; what interrupts an activity only where it leads on, or
    seldom."""
    calm = [o for o in options if o.node.kind is not Kind.BOUNDARY]
    draw = judge.dice.random()
    if draw < 0.2 * judge.loose and calm:
        pick = judge.dice.choice(calm)
    elif draw < 0.25 * judge.loose:
        pick = judge.dice.choice(options)
    else:
        near = {id(o): judge.far(o.node.scope, o.node.id) for o in options}
        best = min(near[id(o)] for o in options)
        good = [o for o in options if near[id(o)] == best]
        soft = [o for o in good if o.node.kind is not Kind.BOUNDARY]
        pick = judge.dice.choice(soft or good)
    if pick.kind in ("task", "call", "held"):
        return Complete(pick.token)
    if pick.kind == "error":
        return Throw(pick.token, pick.node.code)
    return Fire(pick.token, pick.node.id)


# -- the drawing as a plain graph ------


def _is_end(graph: Graph, place: Place) -> bool:
    node = graph.scopes[place[0]].nodes[place[1]]
    return node.kind is Kind.END or not node.outgoing


def _edges(graph: Graph) -> tuple[dict[Place, set[Place]], dict[Place, set[Place]]]:
    """Where a token may come next from each node: over flows, by boundary events and into sub-processes; and
    where
    the ends of a sub-process lead to in the process around it."""
    edges: dict[Place, set[Place]] = {place: set() for place in graph.numbers}
    owners: dict[str, list[Node]] = {}
    for key, scope in graph.scopes.items():
        for flow in scope.flows.values():
            edges[key, flow.source].add((key, flow.target))
        for node in scope.nodes.values():
            edges[key, node.id] |= {(key, b) for b in node.boundaries}
            if node.kind in ACTIVITIES and node.called in graph.scopes:
                owners.setdefault(node.called, []).append(node)
                inner = graph.scopes[node.called]
                edges[key, node.id] |= {(inner.key, n) for way in inner.entries for n in way}
    exits: dict[Place, set[Place]] = {}
    for key, hosts in owners.items():
        for node in graph.scopes[key].nodes.values():
            for host in hosts if _is_end(graph, (key, node.id)) else ():
                around = graph.scopes[host.scope]
                out = exits.setdefault((key, node.id), set())
                out |= {(host.scope, around.flows[f].target) for f in host.outgoing}
                if node.trigger is Trigger.ERROR:
                    out |= {(host.scope, b) for b in host.boundaries}
    return edges, exits


def _reachable(edges: Mapping[Place, set[Place]], start: Sequence[Place]) -> set[Place]:
    seen, todo = set(start), list(start)
    while todo:
        for place in edges[todo.pop()] - seen:
            seen.add(place)
            todo.append(place)
    return seen


def _reversed(edges: Mapping[Place, set[Place]]) -> dict[Place, set[Place]]:
    back: dict[Place, set[Place]] = {place: set() for place in edges}
    for source, targets in edges.items():
        for target in targets:
            back[target].add(source)
    return back


def _distances(back: Mapping[Place, set[Place]], target: Place) -> dict[Place, int]:
    found, todo = {target: 0}, deque([target])
    while todo:
        place = todo.popleft()
        for before in back[place]:
            if before not in found:
                found[before] = found[place] + 1
                todo.append(before)
    return found
