"""Moving a running instance to another version of its process: explicit, planned, checked (R15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db import connection
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, Ref, Refused, now
from tongban.base.ledger import api as ledger

from . import definitions, store
from .data import CaseState, DefinitionRef, Move
from .drive import settle
from .joining import joined, whole
from .model import Graph, Node
from .store import Case
from .tokens import Token


def plan(which: Ref | str, to: DefinitionRef, mapping: Mapping[str, str] | None = None) -> tuple[Move, ...]:
    """Where each token of an instance would stand in version `to`, and what is in the way. Changes nothing.

    `mapping` gives the new element for those whose id changed; the others keep their id.
    """
    case = _read(which)
    return tuple(moves(case, definitions.find(to).graph, mapping or {}))


def _read(which: Ref | str) -> Case:
    with joined():
        return store.locked(store.instance_of(which))


def moves(case: Case, graph: Graph, mapping: Mapping[str, str]) -> Iterator[Move]:
    """One move for each running scope and each token."""
    old = case.definition.graph
    for frame in case.state.frames.values():
        to = mapping.get(frame.scope, frame.scope)
        yield Move(frame.scope, to, "" if to in graph.scopes else _("There is no such process or sub-process."))
    for token in case.state.tokens.values():
        scope = case.state.frames[token.frame].scope
        new_scope = graph.scopes.get(mapping.get(scope, scope))
        node = old.scopes[scope].nodes[token.node]
        to = mapping.get(node.id, node.id)
        if new_scope is None:
            continue
        target = new_scope.nodes.get(to)
        problem = _("There is no such element there.") if target is None else _problem(token, node, target, mapping)
        yield Move(node.id, to, problem)


def _problem(token: Token, node: Node, target: Node, mapping: Mapping[str, str]) -> str:
    if node.kind is not target.kind or node.trigger is not target.trigger:
        return _("It is an element of another kind (%(old)s, %(new)s).") % {
            "old": node.kind,
            "new": target.kind,
        }
    old, new = node.loop, target.loop
    if (old is None) != (new is None) or (
        old and new and (old.standard, old.sequential) != (new.standard, new.sequential)
    ):
        return _("It repeats in another way.")
    if node.called and mapping.get(node.called, node.called) != target.called:
        return _("It runs another process.")
    if token.via and mapping.get(token.via, token.via) not in target.incoming:
        return _("The flow through which its token came is not there.")
    awaited = [e for e in token.timers if mapping.get(e, e) not in (*target.boundaries, target.id)]
    if awaited and token.state != "event":
        return _("Its timer event %(name)s is not there.") % {"name": awaited[0]}
    return ""


def migrate(
    which: Ref | str, to: DefinitionRef, mapping: Mapping[str, str] | None = None, by: Ref | None = None
) -> CaseState:
    """Move a running instance to version `to`. Open tasks stay open, with a new version number.

    `Invalid` with a message per element when the plan has a problem; `Refused` when the instance has ended.
    """
    mapping = mapping or {}
    with joined():
        case = store.locked(store.instance_of(which))
        if not case.state.frames:
            raise Refused(_("This process has already ended."), code="ended")
        found = definitions.find(to)
        problems = {m.element: m.problem for m in moves(case, found.graph, mapping) if m.problem}
        if problems:
            raise Invalid(problems, _("The instance cannot be moved to this version."))
        with whole():
            before = case.definition.ref
            _rewrite(case, found.graph, mapping)
            case.definition = found
            facts = {"before": before.hash, "after": found.ref.hash, "mapping": dict(mapping)}
            ledger.write("process.migrated", case.subject, by=by, instance=case.id, **facts)
            _rewrite_tasks(case)
            return settle(case, now(), [])


def _rewrite(case: Case, graph: Graph, mapping: Mapping[str, str]) -> None:
    state, old = case.state, case.definition.graph
    passed = [place for place, number in old.numbers.items() if state.passed >> number & 1]
    for frame in state.frames.values():
        frame.scope = mapping.get(frame.scope, frame.scope)
    for token in state.tokens.values():
        token.node = mapping.get(token.node, token.node)
        token.via = mapping.get(token.via, token.via)
        token.timers = {mapping.get(e, e): due for e, due in token.timers.items()}
    state.passed = 0
    for scope, node in passed:
        number = graph.numbers.get((mapping.get(scope, scope), mapping.get(node, node)))
        if number is not None:
            state.passed |= 1 << number


def _rewrite_tasks(case: Case) -> None:
    graph = case.definition.graph
    with connection.cursor() as cursor:
        for token in case.state.tokens.values():
            if token.task:
                node = graph.scopes[case.state.frames[token.frame].scope].nodes[token.node]
                cursor.execute(
                    "UPDATE process_task SET element = %s, name = %s, version = version + 1 WHERE id = %s",
                    [node.id, node.name[:255], token.task],
                )
