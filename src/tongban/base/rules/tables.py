"""Decision tables (DMN chapter 8): rules over inputs, and the eleven hit policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from . import compare
from .builtins import BUILTINS
from .compiler import Code
from .expressions import guarded
from .memberships import Test
from .run import SECONDS, STEPS, Env, Run
from .scanner import normal_name
from .values import Value, to_feel

# letter -> (policy, aggregation)
POLICIES: dict[str, tuple[str, str]] = {
    "U": ("UNIQUE", ""),
    "A": ("ANY", ""),
    "P": ("PRIORITY", ""),
    "F": ("FIRST", ""),
    "R": ("RULE ORDER", ""),
    "O": ("OUTPUT ORDER", ""),
    "C": ("COLLECT", ""),
    "C+": ("COLLECT", "SUM"),
    "C<": ("COLLECT", "MIN"),
    "C>": ("COLLECT", "MAX"),
    "C#": ("COLLECT", "COUNT"),
}
_MANY = ("RULE ORDER", "OUTPUT ORDER", "COLLECT")


@dataclass(frozen=True, slots=True)
class Input:
    """An input column: the expression, and a test of the values it may take (None: any)."""

    label: str
    value: Code
    allowed: Test | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """An output column. `ranking` are its values from the most to the least important (P and O need it)."""

    name: str
    ranking: tuple[Value, ...] = ()
    default: Code | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: a test per input, a value per output."""

    tests: tuple[Test | None, ...]
    outputs: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A compiled decision table. `names` are the variables it reads from its context."""

    name: str
    policy: str
    aggregation: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    names: frozenset[str] = field(default=frozenset())

    def decide(
        self,
        context: Mapping[str, object],
        *,
        budget: int = STEPS,
        seconds: float = SECONDS,
        now: Callable[[], datetime] | None = None,
    ) -> Value:
        """The outcome for a context: a value for one output, a context for several, a list for R, O and C.

        Null when no rule matches (C#: 0, C: an empty list) and there is no default, when U matches twice, when A
        matches with different outputs, or when an input is not among its allowed values.
        """
        variables = {normal_name(name): to_feel(value) for name, value in context.items()}
        return guarded(self.evaluate, Env(variables, None, Run(budget, seconds, now)))

    def evaluate(self, env: Env) -> Value:
        frames = []
        for column in self.inputs:
            value = column.value(env)
            frame = env.inner({"?": value})
            if column.allowed is not None and column.allowed(value, frame) is not True:
                return None
            frames.append((value, frame))
        hits = self._hits(frames, env)
        if not hits:
            return self._default(env)
        rows = [[output(env) for output in rule.outputs] for rule in hits]
        return self._outcome(rows, env.run)

    def _hits(self, frames: list[tuple[Value, Env]], env: Env) -> list[Rule]:
        hits = []
        for rule in self.rules:
            env.run.charge()
            for test, (value, frame) in zip(rule.tests, frames, strict=True):
                if test is not None and test(value, frame) is not True:
                    break
            else:
                hits.append(rule)
                if self.policy == "FIRST":
                    break
        return hits

    def _default(self, env: Env) -> Value:
        if any(output.default is not None for output in self.outputs):
            row = [None if output.default is None else output.default(env) for output in self.outputs]
            return [self._row(row)] if self.policy in _MANY and not self.aggregation else self._row(row)
        if self.policy != "COLLECT":
            return None
        return Decimal(0) if self.aggregation == "COUNT" else None if self.aggregation else []

    def _row(self, row: list[Value]) -> Value:
        if len(self.outputs) == 1:
            return row[0]
        return {output.name: value for output, value in zip(self.outputs, row, strict=True)}

    def _outcome(self, rows: list[list[Value]], run: Run) -> Value:
        policy = self.policy
        if policy == "UNIQUE":
            return self._row(rows[0]) if len(rows) == 1 else None
        if policy == "FIRST":
            return self._row(rows[0])
        if policy == "ANY":
            first = self._row(rows[0])
            same = all(compare.same(self._row(row), first) for row in rows[1:])
            return first if same else None
        if policy in ("PRIORITY", "OUTPUT ORDER"):
            rows = sorted(rows, key=self._rank)
            return self._row(rows[0]) if policy == "PRIORITY" else [self._row(row) for row in rows]
        if self.aggregation:
            return self._aggregate(rows, run)
        return [self._row(row) for row in rows]

    def _rank(self, row: list[Value]) -> list[int]:
        """Positions in the output values, column by column; what is not listed comes last."""
        found = []
        for output, value in zip(self.outputs, row, strict=True):
            at = (i for i, listed in enumerate(output.ranking) if compare.equal(listed, value) is True)
            found.append(next(at, len(output.ranking)))
        return found

    def _aggregate(self, rows: list[list[Value]], run: Run) -> Value:
        if self.aggregation == "COUNT":
            return Decimal(len(rows))
        function = BUILTINS[self.aggregation.lower()]
        return self._row([function.invoke(run, [list(column)]) for column in zip(*rows, strict=True)])
