"""What stands against a compiled diagram: what the standard forbids, and what is missing before it may
run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from .data import Finding
from .elements import MAY
from .model import ACTIVITIES, EVENTS, Flow, Graph, Kind, Loop, Node, Scope, Trigger
from .parse import Element, children, line_of, local, name

if TYPE_CHECKING:
    from .expressions import Rule


def forbidden(scopes: Mapping[str, Scope]) -> Iterator[Finding]:
    """What BPMN 2.0 forbids, and events with a trigger that is not run."""
    for scope in scopes.values():
        for node in scope.nodes.values():
            if node.kind in EVENTS:
                yield from _event(scope, node)
            elif node.kind is Kind.EVENT_BASED:
                yield from _race(scope, node)


def _finding(node: Node, reason: str) -> Finding:
    return Finding(node.id, node.line, reason)


def _event(scope: Scope, node: Node) -> Iterator[Finding]:
    if node.kind is Kind.START:
        yield from (
            _flow(scope.flows[f], "a start event must not have incoming flow (BPMN 10.5.2)") for f in node.incoming
        )
        if scope.parent and node.trigger is not Trigger.NONE:
            yield _finding(node, "a sub-process must begin with a none start event (BPMN 10.5.2)")
            return
    if node.kind is Kind.END:
        yield from (
            _flow(scope.flows[f], "an end event must not have outgoing flow (BPMN 10.5.3)") for f in node.outgoing
        )
    if node.kind is Kind.BOUNDARY:
        yield from _boundary(scope, node)
    if node.trigger not in MAY[node.kind] and not (node.kind is Kind.BOUNDARY and node.trigger is Trigger.NONE):
        what = "without a trigger" if node.trigger is Trigger.NONE else f"with a {node.trigger} trigger"
        yield _finding(node, f"a {node.kind} {what} is not allowed (BPMN 10.5)")


def _flow(flow: Flow, reason: str) -> Finding:
    return Finding(flow.id, flow.line, reason)


def _boundary(scope: Scope, node: Node) -> Iterator[Finding]:
    for flow in node.incoming:
        yield _flow(scope.flows[flow], "a boundary event must not have incoming flow (BPMN 10.5.4)")
    host = scope.nodes.get(node.attached)
    if node.attached and (host is None or host.kind not in ACTIVITIES):
        yield _finding(node, "a boundary event is attached to an activity of its own level (BPMN 10.5.4)")
    if node.trigger is Trigger.NONE:
        yield _finding(node, "a boundary event must have a trigger (BPMN 10.5.4)")
    if node.trigger is Trigger.ERROR and not node.interrupting:
        yield _finding(node, "an error boundary event always interrupts (BPMN 10.5.4)")


def _race(scope: Scope, node: Node) -> Iterator[Finding]:
    for id_ in node.outgoing:
        target = scope.nodes[scope.flows[id_].target]
        if target.kind not in (Kind.CATCH, Kind.RECEIVE):
            yield _finding(
                node,
                f"it leads to {target.id}, neither a catching event nor a receive task (BPMN 10.6.6)",
            )


def collaborations(
    root: Element, ids: Mapping[str, Element], where: Mapping[str, str], root_of: Callable[[str], str]
) -> Iterator[Finding]:
    """Pools and message flows: references hold, and no message flow stays inside one pool (BPMN 9.4)."""
    imports = any(True for _ in children(root, "import"))
    for collaboration in children(root, "collaboration"):
        pools = {p.get("id", ""): p for p in children(collaboration, "participant")}
        for pool in pools.values():
            process = pool.get("processRef", "").strip()
            if process and process not in ids and local(process) not in ids and not (imports and ":" in process):
                yield _broken(pool, f"processRef refers to {process}, which does not exist")
        for flow in children(collaboration, "messageFlow"):
            ends = []
            for attribute in ("sourceRef", "targetRef"):
                raw = flow.get(attribute, "").strip()
                id_ = raw if raw in ids else local(raw)
                if not raw:
                    yield _broken(flow, f"the message flow has no {attribute}")
                elif id_ not in ids:
                    if not (imports and ":" in raw):
                        yield _broken(flow, f"{attribute} refers to {raw}, which does not exist")
                else:
                    ends.append(_pool(id_, pools, where, root_of))
            if len(ends) == 2 and ends[0] and ends[0] == ends[1]:
                yield Finding(
                    flow.get("id", ""),
                    line_of(flow),
                    "a message flow must not stay inside one pool (BPMN 9.4)",
                )


def _pool(id_: str, pools: Mapping[str, Element], where: Mapping[str, str], root_of: Callable[[str], str]) -> str:
    if id_ in pools:
        return local(pools[id_].get("processRef")) or f"pool {id_}"
    return root_of(id_) if id_ in where else ""


def _broken(element: Element, reason: str) -> Finding:
    return Finding(element.get("id") or name(element), line_of(element), reason, "malformed")


# -- before it may run ------


def unready(graph: Graph, known: Collection[str] = ()) -> list[Finding]:
    """What the standard leaves open in a drawing but an engine has to know; verbs and tables must be
    registered."""
    found: list[Finding] = []
    if not graph.roots:
        found.append(Finding("", 1, "there is no process in this file"))
    wanted = set(graph.main)
    for scope in graph.scopes.values():
        if _root(graph, scope) in wanted:
            if not scope.parent and not scope.nodes:
                found.append(Finding(scope.id, scope.line, "the process is empty"))
            elif not scope.parent and not scope.entries:
                found.append(Finding(scope.id, scope.line, "nothing begins the process"))
            for node in scope.nodes.values():
                found += [Finding(node.id, node.line, reason) for reason in _missing(scope, node, known)]
                called = graph.scopes.get(node.called) if node.kind is Kind.CALL else None
                if called is not None and called.nodes and not called.starts:
                    found.append(Finding(node.id, node.line, "the called process does not begin by itself"))
    return sorted(found, key=lambda f: f.line)


def _root(graph: Graph, scope: Scope) -> str:
    while scope.parent:
        scope = graph.scopes[scope.parent]
    return scope.key


def _missing(scope: Scope, node: Node, known: Collection[str]) -> Iterator[str]:
    from .verbs import verbs

    if node.kind is Kind.SERVICE:
        if not node.verb:
            yield "a service task names its verb with tongban:verb"
        elif node.verb not in verbs:
            yield f"there is no service verb named {node.verb}"
    if node.kind is Kind.RULE and not node.table:
        yield "a business-rule task names its decision table with tongban:table"
    if node.kind is Kind.CALL and not node.called and node.calls not in known:
        yield f"the called process {node.calls or '(none)'} is not known"
    if node.trigger is Trigger.TIMER and (node.timer is None or not node.timer.form):
        yield "the timer does not say when"
    catches = node.trigger is Trigger.MESSAGE and node.kind in (Kind.START, Kind.CATCH, Kind.BOUNDARY)
    if (catches or node.kind is Kind.RECEIVE) and not node.message:
        yield "the message has no name"
    if node.kind in (Kind.EXCLUSIVE, Kind.INCLUSIVE) and len(node.outgoing) > 1:
        for id_ in node.outgoing:
            if scope.flows[id_].rule is None and id_ != node.default:
                yield f"the flow {id_} has neither a condition nor is it the default flow"
    if node.loop is not None:
        yield from _loop(node.loop)


def _loop(loop: Loop) -> Iterator[str]:
    bounds: tuple[Rule | str | int | None, ...] = (loop.cardinality, loop.collection)
    if loop.standard:
        bounds = (loop.condition, loop.maximum)
    if not any(b is not None and b != "" for b in bounds):
        yield "the loop does not say how often"
