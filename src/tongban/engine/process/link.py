"""Calls to processes of other files: their scopes join the caller's graph under a prefix of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .model import Graph, Node, Scope

Resolver = Callable[[str], "tuple[str, Graph, str] | None"]
"""Given what a call activity calls: a prefix that is the same for the same definition, its graph, the
process in it."""


def link(graph: Graph, resolve: Resolver) -> Graph:
    """`graph` with every call that `resolve` knows bound to the process it calls."""
    scopes: dict[str, Scope] = {}
    _add(graph, "", resolve, scopes, set())
    return Graph(graph.roots, scopes)


def _add(graph: Graph, prefix: str, resolve: Resolver, scopes: dict[str, Scope], known: set[str]) -> None:
    known.add(prefix)
    for key, scope in graph.scopes.items():
        nodes = {n.id: _bound(n, prefix, resolve, scopes, known) for n in scope.nodes.values()}
        parent = prefix + scope.parent if scope.parent else ""
        scopes[prefix + key] = replace(scope, key=prefix + key, parent=parent, nodes=nodes)


def _bound(node: Node, prefix: str, resolve: Resolver, scopes: dict[str, Scope], known: set[str]) -> Node:
    called = prefix + node.called if node.called else ""
    if node.calls:
        found = resolve(node.calls)
        if found is not None:
            other, graph, process = found
            called = f"{other}/{process}"
            if f"{other}/" not in known:
                _add(graph, f"{other}/", resolve, scopes, known)
    return replace(node, scope=prefix + node.scope, called=called)
