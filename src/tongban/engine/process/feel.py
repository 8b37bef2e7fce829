"""The judge of real instances: every choice is a FEEL expression over the instance's variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from tongban.base.kernel.api import SHANGHAI
from tongban.base.rules.api import from_feel

from . import timers
from .expressions import Rule
from .model import Flow, Loop, Node, Scope, Timer
from .stimuli import StepError


class FeelJudge:
    """Decides by the expressions of the diagram. `now` is the moment of the step, aware."""

    patient = False

    def __init__(self, now: datetime) -> None:
        self.now = now

    def exclusive(self, node: Node, flows: Sequence[Flow], context: Mapping[str, Any]) -> Flow | None:
        """The first flow whose condition is true, in the order of the diagram."""
        return next((f for f in flows if f.rule is None or value(f.rule, context) is True), None)

    def inclusive(self, node: Node, flows: Sequence[Flow], context: Mapping[str, Any]) -> list[Flow]:
        """Every flow whose condition is true."""
        return [f for f in flows if f.rule is None or value(f.rule, context) is True]

    def items(self, node: Node, loop: Loop, context: Mapping[str, Any]) -> Sequence[Any]:
        """One entry per instance: the collection's, or numbers up to the cardinality."""
        if loop.collection:
            found = context.get(loop.collection)
            if not isinstance(found, list):
                raise StepError(f"the variable {loop.collection} is not a list")
            return found
        if loop.cardinality is None:
            raise StepError("the loop does not say how often")
        count = value(loop.cardinality, context)
        if isinstance(count, bool) or not isinstance(count, int | Decimal) or count != int(count) or count < 0:
            raise StepError(f"the number of instances is not a whole number: {count!r}")
        return range(1, min(int(count), 100_000) + 1)

    def finished(self, loop: Loop, context: Mapping[str, Any]) -> bool:
        return loop.until is not None and value(loop.until, context) is True

    def again(self, loop: Loop, context: Mapping[str, Any]) -> bool:
        return loop.condition is None or value(loop.condition, context) is True

    def output(self, loop: Loop, context: Mapping[str, Any]) -> Any:
        return from_feel(value(loop.output, context)) if loop.output else None

    def answer(self, answer: Rule | str, context: Mapping[str, Any]) -> Any:
        """What an end event with `tongban:answer` answers."""
        return from_feel(value(answer, context)) if isinstance(answer, Rule) else answer

    def due(self, timer: Timer, context: Mapping[str, Any], before: datetime | None) -> tuple[datetime, int]:
        """Due time and repeats left; `before` is the last due time of a repeating timer."""
        try:
            return self._due(timer, context, before)
        except ValueError as error:
            raise StepError(str(error)) from error

    def _due(self, timer: Timer, context: Mapping[str, Any], before: datetime | None) -> tuple[datetime, int]:
        if timer.workdays is not None:
            count = value(timer.workdays, context)
            if isinstance(count, bool) or not isinstance(count, int | Decimal) or not 0 <= count <= 3660:
                raise StepError(f"not a number of working days: {count!r}")
            return timers.end_of_workdays(self.now, int(count), SHANGHAI), 0
        if timer.rule is None:
            raise StepError("the timer does not say when")
        when = value(timer.rule, context)
        if timer.form == "date":
            return timers.as_moment(when, SHANGHAI), 0
        if timer.form == "cycle":
            return timers.cycle(str(when), self.now, before, SHANGHAI)
        return timers.after_duration(self.now, when), 0

    def start(self, scope: Scope) -> Sequence[str]:
        return scope.starts

    def office(self, node: Node, context: Mapping[str, Any]) -> str | None:
        """The office that a task is for, as text."""
        if isinstance(node.office, Rule):
            found = value(node.office, context)
            return None if found is None else str(found)
        return node.office or None


def value(rule: Rule, context: Mapping[str, Any]) -> Any:
    """The value of an expression; `StepError` when it has none."""
    try:
        return rule.evaluate(context)
    except ValueError as error:
        raise StepError(f"{rule.text[:80]}: {error}") from error
