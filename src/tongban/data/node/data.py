"""Nouns of the node: what a mapping says, what a run did, what a grant lets out."""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

from tongban.base.kernel.data import TongbanError

Cell: TypeAlias = str | int | float | Decimal | bool | date | datetime | None
Row: TypeAlias = dict[str, Cell]
BATCH_ROWS = 5_000  # rows of one batch, at most
LOSSES = 0.2  # of the known rows that may be gone without being asked about
FAULTS_KEPT = 1_000  # faulty rows of one run that are kept for people to look at


class SourceChanged(TongbanError):
    """The source is not what the mapping was written for; nothing was taken from it and nothing sent."""

    status = 409


class SourceUnreachable(TongbanError):
    """The source does not answer now; the next run tries again."""

    status = 503


class DiskFull(TongbanError):
    """Too little room is left at the node: it takes nothing in until there is more, and loses nothing."""

    status = 507


class Operation(StrEnum):
    """What happened to a row, in the control column `cd_operation` (GB/T 21062)."""

    INSERT = "I"
    UPDATE = "U"
    DELETE = "D"


class ItemType(StrEnum):
    """Type of an item, as batches carry it: text, whole number, decimal of up to ten places, date, moment, yes/no."""

    TEXT = "text"
    INT = "int"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"
    BOOL = "bool"


class ChangeBy(StrEnum):
    """How changes are found: every row compared, a column that only grows, or control columns of a front table."""

    COMPARISON = "comparison"
    COLUMN = "column"
    CONTROL = "control"


class RunState(StrEnum):
    """How a run of a source ended."""

    RUNNING = "running"
    SENT = "sent"
    NOTHING = "nothing"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    FULL = "full"
    KILLED = "killed"


@dataclass(frozen=True)
class Item:
    """One item of a resource and where its value comes from: a column, a constant, or a FEEL expression."""

    name: str
    type: ItemType = ItemType.TEXT
    column: str = ""
    constant: str | None = None
    feel: str = ""
    codes: Map[str, str] = field(default_factory=dict)
    forms: tuple[str, ...] = ()
    convert: tuple[str, ...] = ()
    required: bool = False
    length: int = 0


@dataclass(frozen=True)
class Change:
    """How changes are found. `overlap`: how far before the last mark a run reads again (seconds, or units)."""

    by: ChangeBy = ChangeBy.COMPARISON
    column: str = ""
    overlap: int = 0


@dataclass(frozen=True)
class Place:
    """A source's or sink's kind and options, all as texts."""

    kind: str
    options: Map[str, str]

    def get(self, name: str, default: str = "") -> str:
        """An option, or its default."""
        return self.options.get(name, default)


@dataclass(frozen=True)
class Mapping:
    """A mapping file: which resource, from where, how columns become items. `every`: seconds between two runs;
    `losses`: share of the known rows that may be gone from the source without a person saying so."""

    name: str
    resource: str
    schema: int
    source: Place
    change: Change
    every: int
    key: tuple[str, ...]
    items: tuple[Item, ...]
    title: str = ""
    text: str = ""
    losses: float = LOSSES

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that are read, each once, in the order of the file."""
        return tuple(dict.fromkeys(item.column for item in self.items if item.column))

    @property
    def shape(self) -> str:
        """Name and version of the batches' shape."""
        return f"{self.resource}@{self.schema}"

    def item_of(self, column: str) -> str:
        """The item that is a column as it stands; "" when there is none."""
        return next((item.name for item in self.items if item.column == column), "")

    @property
    def types(self) -> dict[str, ItemType]:
        """Type of each item."""
        return {item.name: item.type for item in self.items}


@dataclass(frozen=True)
class Sink:
    """A sink file: which resource others send goes where."""

    name: str
    resource: str
    place: Place
    text: str = ""


@dataclass(frozen=True)
class Fault:
    """A row that could not be taken: its number at the source, the item, and what is wrong. Never a value."""

    row: int
    item: str
    why: str


@dataclass
class Counts:
    """What a run met: rows read, changes by kind, faulty rows, cells with formulas, repeated header rows, batches."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    faults: int = 0
    formulas: int = 0
    headers: int = 0
    batches: int = 0


@dataclass(frozen=True)
class Run:
    """One run of a source, as people see it."""

    source: str
    state: RunState
    text: str
    counts: Counts
    started: datetime
    ended: datetime | None = None


@dataclass(frozen=True)
class Finding:
    """One line of the self-test: is it well, and if not, what to do."""

    subject: str
    well: bool
    text: str


@dataclass(frozen=True)
class Batch:
    """Rows on their way: items and control columns by row, with the shape they follow."""

    shape: str
    types: Map[str, ItemType]
    rows: list[dict[str, Any]]
