"""One evaluation under way: what it may still spend, and the variables it sees."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from time import thread_time

from .data import BudgetExceeded
from .values import Value

STEPS = 100_000
SECONDS = 1.0
CALL_DEPTH = 100


def kernel_now() -> datetime:
    """The house's one clock, on the wall. Imported late: rules itself needs nothing of the kernel."""
    from tongban.base.kernel.api import local, now

    moment: datetime = local(now())
    return moment


class Run:
    """The budget of one evaluation. A step is an iteration, a call, or an item a built-in touches."""

    __slots__ = ("_check_at", "_deadline", "_moment", "_now", "depth", "left", "refusals")

    def __init__(self, steps: int = STEPS, seconds: float = SECONDS, now: Callable[[], datetime] | None = None) -> None:
        self.left = steps
        self.depth = 0
        self.refusals: list[str] = []
        self._check_at = steps - 64
        self._deadline = thread_time() + seconds
        self._now = now or kernel_now
        self._moment: datetime | None = None

    def charge(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < self._check_at:
            self._check()

    def _check(self) -> None:
        if self.left < 0:
            raise BudgetExceeded("the evaluation needs too many steps")
        if thread_time() > self._deadline:
            raise BudgetExceeded("the evaluation takes too long")
        self._check_at = self.left - 64

    def enter(self) -> None:
        self.charge()
        self.depth += 1
        if self.depth > CALL_DEPTH:
            raise BudgetExceeded("functions call each other too deeply")

    def leave(self) -> None:
        self.depth -= 1

    def now(self) -> datetime:
        """The moment of this evaluation: the same however often it is asked."""
        if self._moment is None:
            self._moment = self._now()
        return self._moment

    def refuse(self, what: str) -> None:
        """Note something this interpreter will not do (an external function, a PMML import)."""
        if what not in self.refusals:
            self.refusals.append(what)


# The run under way, for tests of allowed values: they spend from the evaluation that meets them.
CURRENT: ContextVar[Run | None] = ContextVar("rules_run", default=None)


class Env:
    """A frame of variables and the frame around it."""

    __slots__ = ("run", "up", "vars")

    def __init__(self, variables: dict[str, Value], up: Env | None, run: Run) -> None:
        self.vars = variables
        self.up = up
        self.run = run

    def inner(self, variables: dict[str, Value]) -> Env:
        return Env(variables, self, self.run)
