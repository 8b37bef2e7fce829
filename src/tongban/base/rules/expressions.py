"""The front of FEEL: text in, a compiled expression or unary tests out, values back under a budget."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import TypeVar

from . import evaluate, iterations  # noqa: F401 - they register what nodes compile to
from . import syntax as s
from .builtins import BUILTINS
from .compiler import Code, Compiler
from .data import BudgetExceeded, FeelError
from .kinds import Kind
from .memberships import tests_of
from .parser import Parser
from .run import CURRENT, SECONDS, STEPS, Env, Run
from .scanner import NameTree, normal_name
from .values import Value, to_feel

T = TypeVar("T")
_BUILTIN_NAMES = NameTree(BUILTINS)


def guarded(code: Code, env: Env) -> Value:
    """Run code; whatever exhausts the machine is reported as an exceeded budget."""
    token = CURRENT.set(env.run)
    try:
        return code(env)
    except RecursionError:
        raise BudgetExceeded("the evaluation nests too deeply") from None
    except MemoryError:
        raise BudgetExceeded("the evaluation needs too much memory") from None
    finally:
        CURRENT.reset(token)


class Expression:
    """A compiled FEEL expression. Immutable; safe to share between threads.

    `names` are the variables it reads from its context (not those bound inside it, not built-in functions).
    """

    __slots__ = ("code", "names", "node", "text")

    def __init__(self, text: str, node: s.Node) -> None:
        compiler = Compiler()
        self.text = text
        self.node = node
        self.code = compiler.code(node)
        self.names = frozenset(compiler.names)

    def evaluate(
        self,
        context: Mapping[str, object],
        *,
        budget: int = STEPS,
        seconds: float = SECONDS,
        now: Callable[[], datetime] | None = None,
    ) -> Value:
        """The value in a context of plain Python or FEEL values (see `to_feel`).

        What FEEL leaves undefined is null (None). Raises `BudgetExceeded` after `budget` steps or `seconds` of
        processor time, `ForeignValue` for a context with anything else than values. `now` replaces the
        kernel's clock.
        """
        run = Run(budget, seconds, now)
        variables = {normal_name(name): to_feel(value) for name, value in context.items()}
        return guarded(self.code, Env(variables, None, run))


class UnaryTests:
    """Compiled unary tests, the condition of a cell: `< 5, [10..20]`, `not("a", "b")`, `-`."""

    __slots__ = ("names", "test", "text")

    def __init__(self, text: str, node: s.Tests) -> None:
        compiler = Compiler()
        self.text = text
        self.test = tests_of(compiler, node)
        self.names = frozenset(compiler.names - {"?"})

    def matches(
        self,
        value: object,
        context: Mapping[str, object] | None = None,
        *,
        budget: int = STEPS,
        seconds: float = SECONDS,
        now: Callable[[], datetime] | None = None,
    ) -> bool:
        """Whether the value meets the tests; null (undefined) counts as not met."""
        subject = to_feel(value)
        variables = {normal_name(name): to_feel(item) for name, item in (context or {}).items()}
        env = Env({**variables, "?": subject}, None, Run(budget, seconds, now))
        return guarded(lambda env: self.test(subject, env), env) is True


def _parser(text: str, names: Collection[str], properties: Collection[str], kinds: Mapping[str, Kind] | None) -> Parser:
    if not isinstance(text, str):
        raise FeelError("an expression is text", 1, 1)
    return Parser(text, NameTree(names), _BUILTIN_NAMES, properties, kinds)


def compile_expression(
    text: str,
    names: Collection[str] = (),
    *,
    properties: Collection[str] = (),
    kinds: Mapping[str, Kind] | None = None,
) -> Expression:
    """Compile a FEEL expression (DMN 1.3-1.5, chapter 10.3).

    `names` are the variables in scope: needed where a name holds spaces beside operators (`a - b`), harmless
    otherwise. `properties` are such names of context entries, `kinds` the types `instance of` may name.
    Raises `FeelError` with line and column.
    """
    parser = _parser(text, names, properties, kinds)
    return Expression(text, _parsed(parser.expression_text))


def compile_unary_tests(
    text: str,
    names: Collection[str] = (),
    *,
    properties: Collection[str] = (),
    kinds: Mapping[str, Kind] | None = None,
) -> UnaryTests:
    """Compile unary tests (DMN 10.3.1.2, grammar rule 17); `?` is the tested value."""
    parser = _parser(text, names, properties, kinds)
    return UnaryTests(text, _parsed(parser.tests_text))


def _parsed(parse: Callable[[], T]) -> T:
    try:
        return parse()
    except RecursionError:
        raise FeelError("the expression is nested too deeply", 1, 1) from None
