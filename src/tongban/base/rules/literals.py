"""Values written as text: the ranges that `range("[1..5)")` reads (DMN 10.3.4.1)."""

from __future__ import annotations

import re

from . import syntax as s
from .data import FeelError
from .values import Range, Value

_FORM = re.compile(r"([(\[\]])(.*)\.\.(.*)([)\]\[])", re.DOTALL)


def parse_range(text: str) -> Range | None:
    """A range of literal end points, one of which may be missing on an open side; else None."""
    from .compare import order
    from .domains import make_range
    from .expressions import compile_expression

    match = _FORM.fullmatch(text.strip()) if len(text) < 1000 else None
    if match is None:
        return None
    ends: list[Value] = []
    for part in (match[2].strip(), match[3].strip()):
        if not part:
            ends.append(None)
            continue
        try:
            expression = compile_expression(part)
        except FeelError:
            return None
        if not _is_literal(expression.node):
            return None
        value = expression.evaluate({}, budget=100)
        if value is None:
            return None
        ends.append(value)
    made = make_range(ends[0], ends[1], match[1] == "[", match[4] == "]")
    if made is None or None in ends:
        return made
    return None if order(made.start, made.end) == 1 else made


def _is_literal(node: s.Node) -> bool:
    if isinstance(node, s.Negate):
        return _is_literal(node.operand)
    if isinstance(node, s.Call):
        return isinstance(node.function, s.Name) and all(isinstance(arg, s.Const) for arg in node.args)
    return isinstance(node, s.Const)
