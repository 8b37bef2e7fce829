"""The nouns of registers: definitions, rows, pages, reports and events (DATA-20, DATA-21, DATA-30)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from tongban.base.kernel.data import Event, Ref

SYSTEM_COLUMNS = (
    "id",
    "version",
    "level",
    "zone",
    "source",
    "valid_from",
    "valid_to",
    "created_at",
    "updated_at",
    "written_by",
    "reason",
    "line_hash",
)
"""Columns that every register's table has besides its own fields."""


class FieldType(StrEnum):
    """What a field holds."""

    TEXT = "text"
    INT = "int"
    DECIMAL = "decimal"
    MONEY = "money"
    BOOL = "bool"
    DATE = "date"
    DATETIME = "datetime"
    CODE = "code"
    REF = "ref"
    PERSON_ID = "person_id"
    CREDIT_CODE = "credit_code"
    PHONE = "phone"
    PLACE = "place"
    GEOMETRY = "geometry"
    FILE = "file"
    JSON = "json"


class Search(StrEnum):
    """How the search box of a list finds a field: not, by the whole value, by its beginning, by any part."""

    NONE = "none"
    EXACT = "exact"
    PREFIX = "prefix"
    WORDS = "words"


class Mask(StrEnum):
    """How a field is shown to those who need not know it (security R4)."""

    NONE = "none"
    NAME = "name"
    NUMBER = "number"
    PHONE = "phone"
    ALL = "all"


class Level(StrEnum):
    """Secrecy level of a record. There is none above: the product keeps nothing classified."""

    PUBLIC = "public"
    INTERNAL = "internal"
    SENSITIVE = "sensitive"


class Zone(StrEnum):
    """Network zone of a record: internet, 政务外网, 政务内网."""

    PUBLIC = "public"
    OUTER = "outer"
    INNER = "inner"


class Disclosure(StrEnum):
    """Disclosure class: published by itself, on request, or not (政府信息公开条例)."""

    ACTIVE = "active"
    ON_REQUEST = "on_request"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Title:
    """A title in both languages; packs carry them side by side."""

    zh: str
    en: str

    def __str__(self) -> str:
        from django.utils.translation import get_language

        return self.en if (get_language() or "zh").startswith("en") else self.zh


@dataclass(frozen=True)
class Field:
    """One declared field.

    `retention` is `permanent` or years such as `30y`; `retired` keeps the column, hides it. `sealed`: the key class
    under which the database holds it, with a look-up hash beside it; "" for a field that lies open.
    """

    name: str
    title: Title
    type: FieldType
    codes: str = ""
    choices: Mapping[str, Title] = field(default_factory=dict)
    register: str = ""
    required: bool = False
    source: str = ""
    mask: Mask = Mask.NONE
    index: bool = False
    search: Search = Search.NONE
    similar: bool = False
    retention: str = "permanent"
    disclosure: Disclosure = Disclosure.NONE
    history: bool = True
    retired: bool = False
    max_length: int = 0
    sealed: str = ""
    line: int = field(default=0, compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the field as deliveries name them: one, or three for a place (text, division code, point)."""
        if self.type is FieldType.PLACE:
            return (self.name, f"{self.name}_division", f"{self.name}_point")
        return (self.name,)

    @property
    def lookup(self) -> str:
        """The column that tells equal values: the field's own, or the look-up hash of a sealed one."""
        return f"{self.name}_index" if self.sealed else self.name


@dataclass(frozen=True)
class RegisterDefinition:
    """A declared record type: what its table, lists, REST, export and access are made from (rule 3).

    `portal`: the public process may read it, its personal rows only by the person they are about (T45).
    `order`: how lists are ordered unless asked otherwise, `-` for descending. `columns`: what lists show.
    `label`: the field by which people call a record; else its number.
    """

    key: str
    title: Title
    owner: str
    level: Level
    zone: Zone
    personal: bool
    portal: bool
    subject: str
    natural_key: tuple[str, ...]
    fields: tuple[Field, ...]
    order: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    label: str = ""
    file: str = field(default="", compare=False)
    text: str = field(default="", compare=False)

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Every field by its name."""
        return {item.name: item for item in self.fields}

    @property
    def live(self) -> tuple[Field, ...]:
        """The fields that are not retired."""
        return tuple(item for item in self.fields if not item.retired)

    @property
    def table(self) -> str:
        """The quoted name of the table, with its schema."""
        return f'"registers"."{self.key}"'

    @property
    def history_table(self) -> str:
        """The quoted name of the table of superseded versions."""
        return f'"registers"."{self.key}_history"'

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The columns that tell rows apart: those of the natural key, the look-up hash for a sealed one."""
        return tuple(self.by_name[name].lookup for name in self.natural_key)

    @cached_property
    def sealed(self) -> tuple[Field, ...]:
        """The fields that the database holds sealed, retired ones too."""
        return tuple(item for item in self.fields if item.sealed)

    def field(self, name: str) -> Field:
        """The field `name`; `KeyError` when there is none."""
        return self.by_name[name]

    def ref(self, id: str) -> Ref:
        """The reference of one row."""
        return Ref(f"registers.{self.key}", id)


@dataclass(frozen=True)
class Row:
    """One record. `values` has one entry per field that is not retired, a place as
    `{"text", "division", "point"}`; dates and moments are Python's."""

    register: str
    id: str
    version: int
    values: Mapping[str, Any]
    level: str
    zone: str
    source: str
    valid_from: datetime
    valid_to: datetime | None
    created_at: datetime
    updated_at: datetime
    written_by: str
    reason: str

    @property
    def ref(self) -> Ref:
        """The row's reference, for ledger, events and links."""
        return Ref(f"registers.{self.register}", self.id)

    @property
    def retired(self) -> bool:
        """True once the record is out of force; it stays readable."""
        return self.valid_to is not None

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


@dataclass(frozen=True)
class Page:
    """One page of a list.

    `after` opens the next page and is None on the last. There is no total (DATA-20).
    """

    rows: tuple[Row, ...]
    after: str | None = None

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Version:
    """One version of a row, who wrote it, why, and what it changed against the version before."""

    version: int
    at: datetime
    until: datetime | None
    written_by: str
    source: str
    reason: str
    values: Mapping[str, Any]
    changes: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True)
class BulkFinding:
    """A quality rule that some delivered rows broke; `samples` are natural keys, at most ten."""

    field: str
    rule: str
    level: str
    count: int
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class BulkReport:
    """What one delivery did. `received` = inserted + updated + unchanged + refused + repeated."""

    received: int
    inserted: int
    updated: int
    unchanged: int
    refused: int
    repeated: int
    findings: tuple[BulkFinding, ...] = ()


@dataclass(frozen=True)
class Clash:
    """A value already in the register that is close to the one asked about; `score` 0..1, 1 = the same
    name.
    """

    id: str
    value: str
    score: float


@dataclass(frozen=True)
class RowWritten(Event):
    """A row came to be or changed. `changed` names the fields, never their values."""

    register: str
    id: str
    version: int
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowRetired(Event):
    """A row went out of force."""

    register: str
    id: str
    version: int


@dataclass(frozen=True)
class RowsDelivered(Event):
    """A bulk delivery ended; the reason of each row it touched ends with `delivery`."""

    register: str
    delivery: str
    inserted: int
    updated: int
