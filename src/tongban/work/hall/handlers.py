"""What the hall does when something happened below or in itself."""

from __future__ import annotations

from tongban.base.calendars.data import DeadlineMoved
from tongban.base.kernel.api import on
from tongban.engine.process.data import TimerFired
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OfficeRenamed, PersonDisabled, PostEnded

from .actions.claims import hand_back
from .actions.clocks import follow_deadline
from .actions.decide import follow_process
from .actions.window import take_in
from .data import CASE, WORK, CaseClosed, CaseSubmitted
from .items.reorganisation import renamed


@on(CaseSubmitted)
def take_in_submitted(event: CaseSubmitted) -> None:
    take_in(event.case)


@on(CaseClosed)
def nobody_looks_any_more(event: CaseClosed) -> None:
    """The reason to see personal rows is over. By a job: the public process, where people withdraw, knows no grants."""
    identity.purpose_end(event.case)


@on(PersonDisabled)
def hand_back_all(event: PersonDisabled) -> None:
    """Who has left holds nothing: what they had claimed lies in the office's common inbox again."""
    hand_back(event.person)


@on(PostEnded)
def hand_back_of_office(event: PostEnded) -> None:
    hand_back(event.person, event.office)


@on(OfficeRenamed)
def name_items_anew(event: OfficeRenamed) -> None:
    renamed(identity.office(event.office))


@on(DeadlineMoved)
def move_lists(event: DeadlineMoved) -> None:
    if event.subject.kind in (CASE, WORK):
        follow_deadline(event)


@on(TimerFired)
def follow_timers(event: TimerFired) -> None:
    if event.subject.kind == CASE:
        follow_process(event.subject)
