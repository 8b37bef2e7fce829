"""The nouns of the hall: cases and what may happen to them (GB/T 39046 tables 5-12; standards.md 1.4-1.6)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tongban.base.kernel.data import Event, Ref, Text

from .items.data import ItemDraft as ItemDraft

CASE = "hall.case"
WORK = "hall.work"


class CaseState(StrEnum):
    """Where a case stands. The ledger is the record; this is derived from it (rule 7)."""

    SUBMITTED = "submitted"
    CORRECTION = "correction"
    HANDLING = "handling"
    SUSPENDED = "suspended"
    GRANTED = "granted"
    REFUSED = "refused"
    NOT_ACCEPTED = "not_accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> Text:
        """The state as people read it."""
        return STATE_TITLES[self]

    @property
    def ended(self) -> bool:
        return self in ENDED


STATE_TITLES: dict[CaseState, Text] = {
    CaseState.SUBMITTED: _("Submitted"),
    CaseState.CORRECTION: _("Waiting for your correction"),
    CaseState.HANDLING: _("Being handled"),
    CaseState.SUSPENDED: _("Suspended"),
    CaseState.GRANTED: _("Granted"),
    CaseState.REFUSED: pgettext_lazy("case", "Refused"),
    CaseState.NOT_ACCEPTED: _("Acceptance refused"),
    CaseState.DECLINED: _("Not for this office"),
    CaseState.WITHDRAWN: _("Withdrawn"),
}
ENDED = frozenset(
    {CaseState.GRANTED, CaseState.REFUSED, CaseState.NOT_ACCEPTED, CaseState.DECLINED, CaseState.WITHDRAWN}
)


class Outcome(StrEnum):
    """What an office decides on its part."""

    GRANT = "grant"
    REFUSE = "refuse"


class Channel(StrEnum):
    """How an application came in (GB/T 39046 A.5)."""

    WINDOW = "1"
    ONLINE = "2"


class WorkKind(StrEnum):
    """What an office has to do with a case."""

    ACCEPT = "accept"
    DECIDE = "decide"


GRADES: dict[int, Text] = {
    1: _("Very satisfied"),
    2: _("Satisfied"),
    3: _("Fairly satisfied"),
    4: _("Dissatisfied"),
    5: _("Very dissatisfied"),
}


class Assigned(StrEnum):
    """A number that the state assigns when it grants; a pack asks for it: `assign: {uscc: credit_code}`."""

    CREDIT_CODE = "credit_code"


@dataclass(frozen=True)
class Applicant:
    """Who applies: a person, or an enterprise through its agent."""

    ref: Ref
    name: str
    kind: str = "person"
    agent: Ref | None = None


@dataclass(frozen=True)
class Unique:
    """An answer that must clash neither with a register nor with an open case (two applicants for one name)."""

    answer: str
    register: str
    field: str
    message: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Right(StrEnum):
    """What a person asks about their own data: a copy, a correction of one value, the end of the account."""

    COPY = "copy"
    CORRECT = "correct"
    CLOSE = "close"


@dataclass(frozen=True)
class Result:
    """What a granted case gives: a licence, and a register row whose values are FEEL over the answers; or a `right`
    to one's own data (with `correct`, in which register: its answers `field` and `value` say what)."""

    licence: str = ""
    face: Mapping[str, str] = field(default_factory=dict)
    register: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    assign: Mapping[str, str] = field(default_factory=dict)
    holder_name: str = ""
    holder_number: str = ""
    right: str = ""


@dataclass(frozen=True)
class Service:
    """How an item is handled: declared by a pack (DATA-42: 流程会商制定, 节点自我确认)."""

    item: str
    form: str
    process: str
    first: str
    offices: Sequence[str] = ()
    automatic: bool = False
    level: int = 2
    unique: Sequence[Unique] = ()
    result: Result = field(default_factory=Result)
    tell: Sequence[str] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    pack: str = ""


@dataclass(frozen=True)
class OpenService(Service):
    """A service of an item that takes applications now, with what the item says of itself."""

    version: int = 0
    title: str = ""
    permit: bool = False


@dataclass(frozen=True)
class Submitted:
    """What an applicant gets at once: the numbers to ask with. The query code is shown only now."""

    case: Ref
    case_no: str
    query_code: str
    corrected: bool = False


@dataclass(frozen=True)
class Step:
    """One line of the timeline everybody can read: the office, not the person."""

    at: datetime
    kind: str
    title: Text
    office: str = ""
    note: str = ""
    why: str = ""
    due: date | None = None


@dataclass(frozen=True)
class Holder:
    """Who has the case now, until when and why."""

    office: str
    task: str
    opened_at: datetime
    due: date | None
    why: str
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class EarlierPaper:
    """An upload of an earlier case that may stand in for a new one (DATA-40). `at`: when it was handed in."""

    file: str
    name: str
    size: int
    mime: str
    sha256: str
    at: datetime
    case: Ref
    case_no: str


@dataclass(frozen=True)
class CaseView:
    """A case as a page shows it."""

    ref: Ref
    case_no: str
    title: str
    item: str
    state: CaseState
    applicant_name: str
    submitted_at: datetime
    accepted_at: datetime | None
    closed_at: datetime | None
    due: date | None
    due_why: str
    due_provisional: bool
    division: str
    first_office: str
    version: int
    holders: tuple[Holder, ...]
    steps: tuple[Step, ...]
    documents: tuple[Any, ...] = ()
    licence: str = ""
    asked: tuple[Mapping[str, str], ...] = ()
    asked_until: date | None = None
    rated: bool = False
    collected_at: datetime | None = None
    reused: frozenset[str] = frozenset()  # files of earlier cases, handed in again
    answer: str = ""


@dataclass(frozen=True)
class HallFigures:
    """Figures of the hall from real records; None where there is nothing to count yet."""

    items: int
    today_cases: int
    closed_cases: int
    average_days: float | None
    satisfaction: float | None


@dataclass(frozen=True)
class CaseSubmitted(Event):
    kind: ClassVar[str] = "hall.case.submitted"
    case: Ref
    item: str


@dataclass(frozen=True)
class CaseAccepted(Event):
    kind: ClassVar[str] = "hall.case.accepted"
    case: Ref


@dataclass(frozen=True)
class CaseReturned(Event):
    """A one-time correction notice went out."""

    kind: ClassVar[str] = "hall.case.returned"
    case: Ref


@dataclass(frozen=True)
class CaseDecided(Event):
    """One office decided on its part."""

    kind: ClassVar[str] = "hall.case.decided"
    case: Ref
    office: Ref
    outcome: str


@dataclass(frozen=True)
class CaseClosed(Event):
    """The single answer is out."""

    kind: ClassVar[str] = "hall.case.closed"
    case: Ref
    state: str


@dataclass(frozen=True)
class CaseRated(Event):
    kind: ClassVar[str] = "hall.case.rated"
    case: Ref
    grade: int
