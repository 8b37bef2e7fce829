"""The nouns of packs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tongban.base.kernel.data import Event

# A page with nothing on it: what acceptance cases hand in as a material.
SAMPLE_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


@dataclass(frozen=True)
class Pack:
    """A folder of definitions, read and understood. Values are as written; `digest` is over all its files."""

    folder: Path
    key: str
    title: Mapping[str, str]
    version: str
    owner: str
    needs: Sequence[str]
    answers: Sequence[str]
    digest: str
    registers: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)
    processes: Mapping[str, bytes] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    seeds: Mapping[str, str] = field(default_factory=dict)
    items: Sequence[Mapping[str, Any]] = ()
    licences: Sequence[Mapping[str, Any]] = ()
    roles: Sequence[Mapping[str, Any]] = ()
    cases: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Change:
    """One thing that applying a pack changes: `what` (register, form, process, item ...), its key, and how."""

    what: str
    key: str
    how: str
    detail: str = ""


@dataclass(frozen=True)
class CaseRun:
    """How an acceptance case of a pack went."""

    pack: str
    case: str
    passed: bool
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class PackApplied(Event):
    kind: ClassVar[str] = "packs.pack.applied"
    key: str
    version: str


