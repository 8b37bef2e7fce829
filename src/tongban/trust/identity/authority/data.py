"""The nouns of authorisation: administrators, requests for rights, reviews, emergency access, looking things up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from tongban.base.kernel.data import Event, Ref, Text

REQUEST = "identity.request"
REVIEW = "identity.review"
EMERGENCY = "identity.emergency"
ALARMS = Ref("identity.alarm", "mass_lookup")
"""Where the ledger keeps the alarms about mass look-ups."""


class Administers(StrEnum):
    """The three administrators (三员): one keeps the system, one decides on rights, one watches both."""

    SYSTEM = "system"
    SECURITY = "security"
    AUDIT = "audit"


class RequestState(StrEnum):
    """What became of a request for a right."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What a review says of one right. A right nobody looked at in time is expired."""

    OPEN = ""
    KEEP = "keep"
    END = "end"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Target:
    """What exactly somebody wants to use a permission on. Empty: not said."""

    register: str = ""
    field: str = ""
    level: str = ""
    zone: str = ""


LEVELS = ("", "public", "internal", "sensitive")
"""Secrecy levels from below; what has none is the lowest."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a right is bounded to: a register, some of its fields, up to a secrecy level, a zone. Empty: unbounded."""

    register: str = ""
    fields: tuple[str, ...] = ()
    level: str = ""
    zone: str = ""

    def admits(self, target: Target | None) -> bool:
        """Whether the target lies within. Without a target the question is only whether there is any right at all."""
        return target is None or (
            self.register in ("", target.register)
            and (not self.fields or target.field in self.fields)
            and (not self.level or LEVELS.index(target.level) <= LEVELS.index(self.level))
            and self.zone in ("", target.zone)
        )


UNBOUNDED = Scope()


def scope_of(kept: Mapping[str, Any] | None = None) -> Scope:
    """The scope as a row keeps it."""
    kept = kept or {}
    return Scope(kept.get("register", ""), tuple(kept.get("fields", ())), kept.get("level", ""), kept.get("zone", ""))


@dataclass(frozen=True, slots=True)
class RightsRequest:
    """A post with roles, or a grant, that somebody asked for."""

    ref: Ref
    kind: str
    person: Ref
    person_name: str
    office: Ref | None
    office_title: str
    words: Text
    purpose: str
    valid_from: date | None
    until: date | None
    state: RequestState
    asked_by: Ref | None
    asked_at: datetime
    decided_by: Ref | None
    decided_at: datetime | None
    reason: str


@dataclass(frozen=True)
class RightsAsked(Event):
    """Somebody asked for a right; a security administrator has to look at it."""

    kind = "identity.rights.asked"
    request: Ref
    person: Ref


@dataclass(frozen=True)
class RightsDecided(Event):
    """A request for a right was confirmed or refused."""

    kind = "identity.rights.decided"
    request: Ref
    person: Ref
    state: str


@dataclass(frozen=True)
class EmergencyOpened(Event):
    """Two officers opened somebody's data in an emergency: the person and the audit administrators are told."""

    kind = "identity.emergency.opened"
    emergency: Ref
    subject: Ref
    officer: Ref
    until: str
