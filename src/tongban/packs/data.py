"""The nouns of packs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from tongban.base.kernel.data import Event

PACK = "packs.pack"
RUN = "packs.run"

# A page with nothing on it: what acceptance cases hand in as a material.
SAMPLE_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


@dataclass(frozen=True)
class Pack:
    """A folder of definitions, read and understood. Values are as written; `digest` is over all its files but the
    publisher's `signature` over it.

    `texts` are the files right in the folder, by name: where findings look up their line.
    """

    folder: Path
    key: str
    title: Mapping[str, str]
    version: str
    owner: str
    needs: Sequence[str]
    answers: Sequence[str]
    digest: str
    signature: bytes = b""
    readme: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
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


class RunKind(StrEnum):
    """What somebody asked the owner's worker to do with a pack."""

    PLAN = "plan"
    APPLY = "apply"


class RunState(StrEnum):
    """Where it stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


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
