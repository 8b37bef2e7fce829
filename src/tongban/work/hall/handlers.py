"""What the hall does when something happened below or in itself."""

from __future__ import annotations

from tongban.base.calendars.data import DeadlineMoved
from tongban.base.kernel.api import on
from tongban.engine.process.data import TimerFired
from tongban.trust.identity import api as identity

from .actions.clocks import follow_deadline
from .actions.decide import follow_process
from .actions.window import take_in
from .data import CASE, WORK, CaseClosed, CaseSubmitted


@on(CaseSubmitted)
def take_in_submitted(event: CaseSubmitted) -> None:
    take_in(event.case)


@on(CaseClosed)
def nobody_looks_any_more(event: CaseClosed) -> None:
    """The reason to see personal rows is over. By a job: the public process, where people withdraw, knows no grants."""
    identity.purpose_end(event.case)


@on(DeadlineMoved)
def move_lists(event: DeadlineMoved) -> None:
    if event.subject.kind in (CASE, WORK):
        follow_deadline(event)


@on(TimerFired)
def follow_timers(event: TimerFired) -> None:
    if event.subject.kind == CASE:
        follow_process(event.subject)
