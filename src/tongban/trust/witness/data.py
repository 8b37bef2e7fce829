"""The nouns of this room: what each witness knows, what a check found, what an evidence package holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tongban.base.kernel.data import Event, Ref, Text
from tongban.base.ledger.data import SealedHead

LEDGER = "witness.ledger"


class WatchState(StrEnum):
    """How it stands with a witness. Only `fork` and `changed` mean that somebody tampers; work goes on in any case."""

    NEW = "new"
    FOLLOWS = "follows"
    UNREACHABLE = "unreachable"
    FORK = "fork"
    CHANGED = "changed"
    REFUSES = "refuses"


@dataclass(frozen=True, slots=True)
class Watcher:
    """A witness as the ledger sees it: how many leaves it has signed for, and how many it is behind."""

    name: str
    url: str
    key: str
    size: int
    behind: int
    at: datetime | None
    state: WatchState
    detail: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check of the database against tiles, heads and witnesses found."""

    at: datetime
    leaves: int
    valid: bool
    findings: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """One look at the ledger; `unsealed` is counted up to a thousand."""

    log: str
    algorithm: str
    head: SealedHead | None
    unsealed: int
    watchers: tuple[Watcher, ...]
    check: CheckResult | None

    @property
    def broken(self) -> bool:
        """Whether somebody has to look now."""
        tampered = any(watcher.state in (WatchState.FORK, WatchState.CHANGED) for watcher in self.watchers)
        return tampered or (self.check is not None and not self.check.valid)


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment up to another (without it); None is open."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies in the period."""
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A finished evidence package."""

    name: str
    content: bytes
    digest: str
    events: int


# What upper rooms add to a package: (subject, period) -> (path inside the package, content).
EvidenceSource = Callable[[Ref, Period], Iterable[tuple[str, bytes]]]
# How a person reaches their own records: (actor, id) -> the title shown; raises NotFound.
RecordAccess = Callable[[Any, str], Text]


@dataclass(frozen=True)
class LedgerBroken(Event):
    """A check found that the ledger is not what was sealed, or a witness was shown another history."""

    kind = "witness.ledger.broken"
    code: str
    text: str
