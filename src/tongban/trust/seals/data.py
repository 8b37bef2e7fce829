"""The seals of the offices, and what is said about a sealed file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tongban.base.kernel.data import Event, Ref

from .verdicts import Change, Reason, Report, Signature, Verdict

__all__ = ["SEAL", "Change", "Place", "Reason", "Report", "Seal", "SealState", "SealUsed", "Signature", "Verdict"]

SEAL = "seals.seal"


class SealState(StrEnum):
    """Whether a seal may be used. A revoked one never again."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Seal:
    """An electronic seal (电子印章): it belongs to an office, a custodian answers for it, its key and certificate of
    profile `seal` are in the key management centre under `ref`."""

    id: str
    office: Ref
    title: str
    caption: str
    state: SealState
    custodian: Ref
    reason: str
    made_at: datetime

    @property
    def ref(self) -> Ref:
        """How the ledger and the key management centre name it."""
        return Ref(SEAL, self.id)


@dataclass(frozen=True)
class Place:
    """Where the seal's picture stands: page from 0, -1 for the last; its lower left corner in points."""

    page: int = -1
    left: float = 380.0
    bottom: float = 120.0


@dataclass(frozen=True)
class SealUsed(Event):
    """A document was sealed."""

    kind = "seals.used"
    seal: str
    subject: Ref
    digest: str
