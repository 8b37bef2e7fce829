"""Nouns of the calendar: days, limits, deadlines, and the event that a deadline moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.utils.translation import pgettext_lazy

from tongban.base.kernel.data import Event, Ref, Text

from .arithmetic import Count, Due, Rules, Step, Suspension, Unit
from .year import CannotCount, Day, DayKind


class Procedure(StrEnum):
    """The procedures that the law lets stop the clock (行政许可法 45 and its like); nothing else does
    (security T3)."""

    HEARING = "hearing"
    TENDER = "tender"
    AUCTION = "auction"
    INSPECTION = "inspection"
    TEST = "test"
    QUARANTINE = "quarantine"
    APPRAISAL = "appraisal"
    EXPERT_REVIEW = "expert_review"
    THIRD_PARTY = "third_party"
    OTHER_ORGAN = "other_organ"
    CORRECTION = "correction"

    @property
    def label(self) -> Text:
        """The name shown to people."""
        return _PROCEDURES[self]


_PROCEDURES: dict[Procedure, Text] = {
    Procedure.HEARING: pgettext_lazy("clock", "hearing"),
    Procedure.TENDER: pgettext_lazy("clock", "tender"),
    Procedure.AUCTION: pgettext_lazy("clock", "auction"),
    Procedure.INSPECTION: pgettext_lazy("clock", "inspection"),
    Procedure.TEST: pgettext_lazy("clock", "test"),
    Procedure.QUARANTINE: pgettext_lazy("clock", "quarantine"),
    Procedure.APPRAISAL: pgettext_lazy("clock", "appraisal"),
    Procedure.EXPERT_REVIEW: pgettext_lazy("clock", "expert review"),
    Procedure.THIRD_PARTY: pgettext_lazy("clock", "consultation of third parties"),
    Procedure.OTHER_ORGAN: pgettext_lazy("clock", "consultation of another office"),
    Procedure.CORRECTION: pgettext_lazy("clock", "correction by the applicant"),
}


class Status(StrEnum):
    """`open` runs, `suspended` stands still, `met` was done (in time or late), `closed` fell away."""

    OPEN = "open"
    SUSPENDED = "suspended"
    MET = "met"
    CLOSED = "closed"


class Cause(StrEnum):
    """What moved a deadline."""

    OPENED = "opened"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    EXTENDED = "extended"
    CALENDAR = "calendar"


@dataclass(frozen=True)
class Limit:
    """A row of the time-limit table (standards section 7). `n` is None where the limit is a fixed date, told
    in `note`. `extension` is the legal bound of all extensions together; `unit` may also be `hour`."""

    code: str
    title: str
    n: int | None
    unit: str
    extension: int
    not_counted: tuple[Procedure, ...]
    basis: str
    confidence: str
    note: str = ""


@dataclass(frozen=True)
class Deadline:
    """One running or finished time limit of a subject. `due` is None while a suspension leaves it unknown.

    `why` explains the date in the language that was active when it was read. `met_on` is the legal day.
    """

    id: str
    subject: Ref
    code: str
    start: date
    n: int
    unit: Unit
    extension: int
    due: date | None
    provisional: bool
    why: str
    calendar_version: int
    status: Status
    basis: str
    remaining: int = 0
    suspensions: tuple[Suspension, ...] = ()
    met_on: date | None = None

    @property
    def late(self) -> bool:
        """Whether it was met after its date."""
        return self.met_on is not None and self.due is not None and self.met_on > self.due


@dataclass(frozen=True)
class Move:
    """One entry of a deadline's history: from which date to which, and why."""

    deadline: str
    subject: Ref
    code: str
    cause: Cause
    old: date | None
    new: date | None
    why: str
    at: datetime


@dataclass(frozen=True)
class Moving:
    """A deadline that a change of the calendar moves, or would move."""

    deadline: str
    subject: Ref
    code: str
    old: date | None
    new: date | None
    provisional: bool
    why: str


@dataclass(frozen=True)
class CalendarChange:
    """What a change of the calendar does: the new version, the days that differ, the deadlines that move."""

    version: int
    days: tuple[Day, ...]
    moved: tuple[Moving, ...]


@dataclass(frozen=True)
class Difference:
    """A stored deadline that does not agree with its events (security R14)."""

    deadline: str
    subject: Ref
    code: str
    field: str
    stored: str
    recomputed: str


@dataclass(frozen=True)
class DeadlineMoved(Event):
    """A deadline has another date: by suspension, resumption, extension, or because the calendar changed."""

    subject: Ref
    code: str
    old: date | None
    new: date | None
    why: str
    cause: Cause


__all__ = [
    "CalendarChange",
    "CannotCount",
    "Cause",
    "Count",
    "Day",
    "DayKind",
    "Deadline",
    "DeadlineMoved",
    "Difference",
    "Due",
    "Limit",
    "Move",
    "Moving",
    "Procedure",
    "Rules",
    "Status",
    "Step",
    "Suspension",
    "Unit",
]
