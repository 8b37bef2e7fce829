"""Nouns of linkage: what is matched, golden records, reviews, differences (DATA-18, 20, 21, 34, 38)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from tongban.base.kernel.data import Event, Ref, TongbanError


class LinkError(TongbanError):
    """The files or settings cannot be linked; the message says what to change."""


@dataclass(frozen=True)
class Columns:
    """One file's columns: which one names the row, and what the others mean (column -> key of a meaning)."""

    id: str
    meanings: Mapping[str, str]


@dataclass(frozen=True)
class Settings:
    """How two files (or one) are linked. `threshold`: least probability of a pair that is written.

    `one_to_one`: a row has at most one partner in the other file. `engine`: `duckdb`, `spark` on this machine, or the
    master of a Spark cluster (`spark://host:7077`); empty is the site's.
    """

    left: Columns
    right: Columns
    threshold: float = 0.5
    one_to_one: bool = False
    engine: str = ""


@dataclass
class Report:
    """What a linkage did: rows read, the fields compared and the weight of each outcome, the blocks, the pairs.

    `compared`: candidate pairs; `expected`: matches among them by the learned share; `pairs`: pairs written.
    """

    rows: dict[str, int]
    fields: list[str]
    blocks: list[dict[str, object]] = field(default_factory=list)
    weights: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    compared: int = 0
    expected: float = 0.0
    pairs: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


# --- golden records ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """What an office delivers for a registry (DATA-18).

    `resource`: its code in the catalogue; `role`: the part the office plays (`public_security`), which an item's
    `source:` in the register names as its authority; `key`: the column that names a row; `items`: column -> item of the
    register, or a name of the source's own (`former_name`, `registration_number`, facts of topics). `rank` orders the
    sources that are no authority, the least first.
    """

    registry: str
    resource: str
    title: str
    office: Ref
    role: str
    key: str
    items: Mapping[str, str]
    rank: int = 10


class Step(StrEnum):
    """How far the taking-in of a delivery has come."""

    RECEIVED = "received"
    STANDARDISED = "standardised"
    STORED = "stored"
    LIKENESS = "likeness"
    GOLDEN = "golden"
    DIFFERENCES = "differences"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Absorbed:
    """A delivery as it is shown: its counts by name, seconds by step."""

    id: str
    registry: str
    source: str
    resource: str
    at: datetime
    step: Step
    counts: Mapping[str, int]
    seconds: Mapping[str, float]
    ended_at: datetime | None
    error: str = ""


class Why(StrEnum):
    """Why two records are put before a person."""

    ALIKE = "alike"
    ONE_NUMBER = "one_number"
    TWO_NUMBERS = "two_numbers"


class Verdict(StrEnum):
    """What an officer says of two records."""

    MERGE = "merge"
    APART = "apart"
    UNSURE = "unsure"


class ReviewState(StrEnum):
    """`second`: one said merge, another has to agree."""

    OPEN = "open"
    SECOND = "second"
    MERGED = "merged"
    APART = "apart"
    UNSURE = "unsure"


class ChangeKind(StrEnum):
    """What happened to a golden record."""

    CREATED = "created"
    CHANGED = "changed"
    DIED = "died"
    MOVED = "moved"
    RENAMED = "renamed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"  # no source delivers it any more
    MERGED = "merged"
    SPLIT = "split"


@dataclass(frozen=True)
class GoldenChange:
    """One entry of a registry's change feed; `number` is the record's natural key, `other` the one it went into."""

    id: int
    registry: str
    number: str
    kind: ChangeKind
    items: tuple[str, ...]
    other: str
    at: datetime


class SuspectState(StrEnum):
    """From the list to the money: found, handed to the tax office, answered; or settled by newer data."""

    FOUND = "found"
    HANDED = "handed"
    CONFIRMED = "confirmed"
    EXPLAINED = "explained"
    SETTLED = "settled"


@dataclass(frozen=True)
class GoldenRecordChanged(Event):
    """Golden records of a registry changed: entries of its change feed up to and with `until` (DATA-18)."""

    registry: str
    since: int
    until: int


@dataclass(frozen=True)
class DifferenceFound(Event):
    """A source's difference list has grown by `count` (`resource` is the source's)."""

    registry: str
    resource: str
    count: int


# --- what the desk shows ----------------------------------------------------------------------------------------------

Marks = Sequence[tuple[str, bool]]
"""A text in pieces, and whether each differs from the other side's."""


@dataclass(frozen=True)
class Side:
    """One of two records: which sources it rests on, its values, how they compare, and where each is from."""

    sources: tuple[str, ...]
    rows: int
    values: Mapping[str, Any]
    forms: Mapping[str, Any]
    origin: Mapping[str, str]
    written: bool


@dataclass(frozen=True)
class Compared:
    """One item of both: `state` is same, differs, sounds (the same but for writing) or one (only one side has it)."""

    item: str
    title: str
    state: str
    left: Marks
    right: Marks
    left_source: str
    right_source: str


@dataclass(frozen=True)
class Pair:
    """Two records before an officer. `bare`: unmasked, for a stated reason."""

    id: str
    registry: str
    why: Why
    state: ReviewState
    probability: float
    asked_at: datetime
    left: Side
    right: Side
    items: tuple[Compared, ...]
    opinions: tuple[tuple[str, Verdict, str, datetime], ...]
    bare: bool
