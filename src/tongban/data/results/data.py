"""The nouns of results: what was decided, and what of it is published (DATA-31)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tongban.base.kernel.api import local
from tongban.base.kernel.data import Event, Ref

APPROVAL, PENALTY = "approval_result", "penalty_result"
WORKDAYS = 7
"""A result is published within seven working days of the decision (双公示)."""


class Kind(StrEnum):
    """Which register a result is in."""

    APPROVAL = "approval"
    PENALTY = "penalty"

    @property
    def register(self) -> str:
        """The key of the register."""
        return APPROVAL if self is Kind.APPROVAL else PENALTY


@dataclass(frozen=True, slots=True)
class Publication:
    """A result as everybody sees it: persons by masked name, without number. `due`: the last day it should have been
    published; `until`: until when it stays published, None for always."""

    id: str
    kind: Kind
    number: str
    title: str
    party: str
    party_code: str
    content: str
    outcome: str
    basis: str
    office: str
    decided: date
    due: date
    published_at: datetime
    until: date | None

    @property
    def late(self) -> bool:
        """Whether it came after its last day."""
        return local(self.published_at).date() > self.due


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did; `findings` are row (0: all), field and what is wrong."""

    received: int
    stored: int
    refused: int
    findings: tuple[tuple[int, str, str], ...] = ()


@dataclass(frozen=True)
class ResultPublished(Event):
    """A result became public."""

    result: Ref
    number: str


@dataclass(frozen=True)
class ResultDue(Event):
    """A result is in the register and not public, and its last day is near or (`overdue`) over."""

    result: Ref
    number: str
    due: date
    overdue: bool


@dataclass(frozen=True)
class ResultWithdrawn(Event):
    """A published result was taken back."""

    result: Ref
    number: str
