"""A syntax tree to Python closures, compiled once and run many times; what each node becomes is registered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import syntax as s
from .run import Env
from .values import Value

Code = Callable[[Env], Value]


class Compiler:
    """Compiles trees; gathers the names they read that are neither bound inside nor built in."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.bound: list[str] = []
        self.partial = False  # whether the body being compiled reads `partial`
        self.guessing = 0  # inside a filter a name may be an entry of the filtered items

    def code(self, node: s.Node) -> Code:
        return _COMPILE[type(node)](self, node)

    def within(self, names: list[str], node: s.Node) -> Code:
        """The code of a node that sees further names."""
        self.bound += names
        code = self.code(node)
        del self.bound[len(self.bound) - len(names) :]
        return code


_COMPILE: dict[type[s.Node], Callable[[Compiler, Any], Code]] = {}
Rule = Callable[[Compiler, Any], Code]


def compiles(kind: type[s.Node]) -> Callable[[Rule], Rule]:
    """Register how nodes of a kind are compiled."""

    def register(rule: Rule) -> Rule:
        _COMPILE[kind] = rule
        return rule

    return register
