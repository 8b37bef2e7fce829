"""Expressions of a diagram: FEEL and nothing else (rule 4 of the house, T25); ISO 8601 texts where a time is
meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tongban.base.rules.api import compile_expression
from tongban.base.rules.data import BudgetExceeded, FeelError, ForeignValue

MOST = 4_000
"""Characters of one expression."""
SECONDS = 0.1
"""Most time for one evaluation."""
_ISO = re.compile(
    r"""(R-?\d*/)?                                            # repeats
        (\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d([.,]\d+)?)?)?(Z|[+-]\d\d:?\d\d)?/?)?   # a moment
        ([+-]?P(?=[\dT])(\d+([.,]\d+)?[YMWD])*(T(?=\d)(\d+([.,]\d+)?[HMS])+)?    # a duration
          (/\d{4}-\d\d-\d\dT[\d:.,]+(Z|[+-]\d\d:?\d\d)?)?)?""",
    re.X,
)
_VENDOR = re.compile(r"[$#]\{|^\s*[$#]\w|\bexecution\.|;\s*$|==|&&|\|\|", re.S)


@dataclass(frozen=True, slots=True)
class Rule:
    """One expression. `problem` says why it is not taken, and is empty when it is FEEL; `literal` marks
    plain text."""

    text: str
    line: int = 0
    problem: str = ""
    literal: bool = False
    compiled: Any = field(default=None, compare=False, repr=False)

    def evaluate(self, context: Mapping[str, Any]) -> Any:
        """Its value in `context`; `ValueError` when it cannot be evaluated."""
        if self.literal:
            return self.text
        if self.compiled is None:
            raise ValueError(self.problem or "the expression is not FEEL")
        return evaluate(self.compiled, context)


def evaluate(compiled: Any, context: Mapping[str, Any]) -> Any:
    """Evaluate a compiled FEEL expression within its budget (T25); every trouble is a `ValueError`."""
    try:
        return compiled.evaluate({k: context[k] for k in compiled.names if k in context}, seconds=SECONDS)
    except (FeelError, BudgetExceeded, ForeignValue) as error:
        raise ValueError(str(error)) from error


def is_feel(language: str) -> bool:
    """An expression language attribute that means FEEL; absent means FEEL here."""
    return not language.strip() or "feel" in language.lower()


def is_iso(text: str) -> bool:
    """A date, duration or repetition as ISO 8601 writes them."""
    return bool(text) and _ISO.fullmatch(text) is not None


def rule(text: str, language: str = "", line: int = 0) -> Rule | None:
    """The expression `text` stands for, None when there is none. Never raises: see `Rule.problem`."""
    source = text.strip()
    if not source:
        return None
    if not is_feel(language):
        return Rule(source, line, f"expression in another language than FEEL: {_short(language)}")
    if source.startswith("=") and not source.startswith("=="):
        source = source[1:].strip()
    if len(source) > MOST:
        return Rule(source[:MOST], line, f"expression of more than {MOST} characters")
    return _compiled(source, line)


def timer_rule(text: str, language: str = "", line: int = 0) -> Rule | None:
    """As `rule`, but a text as ISO 8601 writes it needs no expression language."""
    source = text.strip()
    if is_iso(source):
        return Rule(source, line, literal=True)
    return rule(source, language, line)


def _compiled(source: str, line: int) -> Rule:
    if _VENDOR.search(re.sub(r'"(?:[^"\\]|\\.)*"', '""', source)):
        return Rule(source, line, f"expression in another language than FEEL: {_short(source)}")
    try:
        return Rule(source, line, compiled=compile_expression(source))
    except (FeelError, RecursionError) as error:
        return Rule(source, line, f"expression is not FEEL: {_short(source)}: {_short(str(error))}")


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else flat[:79] + "…"
