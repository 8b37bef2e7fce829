"""What is said about a sealed file. Standard library only: the process that reads foreign files loads this."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Facts = dict[str, str | int]


class Verdict(StrEnum):
    """What holds for a file or one of its seals. A file with several seals gets the worst, in the order of `WORST`."""

    VALID = "valid"  # unchanged since it was sealed, by a signer whose certificate leads to a trusted root
    UNTRUSTED = "untrusted"  # valid but signer not trusted: no chain, expired, revoked, wrong purpose, forgeable digest
    ALTERED = "altered"  # sealed once, and what is shown now is not what was sealed
    BROKEN = "broken"  # the seal itself is damaged, incomplete or contradicts itself
    UNSIGNED = "unsigned"  # a file that can be read and bears no seal
    UNREADABLE = "unreadable"  # not a PDF or CMS file, damaged beyond reading, encrypted, too large, over the budget


WORST = (Verdict.VALID, Verdict.UNTRUSTED, Verdict.UNREADABLE, Verdict.BROKEN, Verdict.ALTERED)


@dataclass(frozen=True)
class Reason:
    """Why, as a code of `reasons.TEXTS` with the facts its sentence needs."""

    code: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """One difference between the sealed revision of a PDF and the present one; `page` counts from 1, 0: the document
    as a whole. `allowed`: the seal permits it (form filled, further seal, long-term data)."""

    page: int
    what: Reason
    allowed: bool = True


@dataclass(frozen=True)
class Signature:
    """One seal, timestamp or countersignature in a file. Texts come from the file: never trust them as markup."""

    kind: str  # seal, timestamp, countersignature
    verdict: Verdict
    reason: Reason
    signer: str = ""
    organisation: str = ""
    issuer: str = ""
    serial: str = ""  # of the certificate, hexadecimal
    time: datetime | None = None
    time_source: str = "none"  # timestamp, claimed, none
    algorithm: str = ""
    coverage: str = "none"  # whole, revision, part, none
    changes: tuple[Change, ...] = ()
    notes: tuple[Reason, ...] = ()
    field: str = ""


@dataclass(frozen=True)
class Report:
    """The verdict on one file."""

    verdict: Verdict
    reason: Reason
    kind: str = ""  # pdf, cms, asic or empty
    signatures: tuple[Signature, ...] = ()
    pages: int = 0


def to_json(report: Report) -> dict[str, Any]:
    """Plain values, for the pipe from the child process."""
    return asdict(report)


def from_json(value: dict[str, Any]) -> Report:
    """The inverse of `to_json` after a round through JSON."""
    return Report(
        verdict=Verdict(value["verdict"]),
        reason=Reason(**value["reason"]),
        kind=value["kind"],
        signatures=tuple(_signature(one) for one in value["signatures"]),
        pages=value["pages"],
    )


def _signature(value: dict[str, Any]) -> Signature:
    changes = tuple(Change(one["page"], Reason(**one["what"]), one["allowed"]) for one in value["changes"])
    known = {
        "verdict": Verdict(value["verdict"]),
        "reason": Reason(**value["reason"]),
        "time": datetime.fromisoformat(value["time"]) if value["time"] else None,
        "changes": changes,
        "notes": tuple(Reason(**one) for one in value["notes"]),
    }
    return Signature(**{**value, **known})
