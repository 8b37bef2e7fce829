"""What a file reader hands to the importer: rows as mappings, with what was wrong about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .data import Finding

MAX_BYTES = 50_000_000
MAX_ROWS = 1_000_000
MAX_CELL = 50_000
MAX_COLUMNS = 1_000


class Unreadable(Exception):
    """The whole file cannot be read as a list; `finding` says why."""

    def __init__(self, rule: str, message: object, field: str = "") -> None:
        self.finding = Finding(None, field, rule, "error", str(message))
        super().__init__(self.finding.message)


@dataclass(frozen=True)
class Raw:
    """One row: its number as a person counts them in the file, its cells by column, or why it cannot be read."""

    number: int
    cells: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Finding, ...] = ()


@dataclass
class Table:
    """All rows of a file, its columns in order, and notes about the file as a whole."""

    columns: list[str]
    rows: list[Raw]
    notes: list[Finding] = field(default_factory=list)
    skipped: int = 0


@dataclass(frozen=True)
class Hints:
    """What a mapping file says about the file itself; empty values are found out."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header: int = 0
    records: str = ""
