"""Nouns of linkage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tongban.base.kernel.data import TongbanError


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

    `one_to_one`: a row has at most one partner in the other file.
    """

    left: Columns
    right: Columns
    threshold: float = 0.5
    one_to_one: bool = False


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
