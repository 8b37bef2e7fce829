"""Documents that the offices send and the licences they give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tongban.base.kernel.data import Event, Ref

DOCUMENT = "documents.document"

Facts = Mapping[str, Any]
"""What a document says, plain values only: texts, numbers, truth values, dates, and lists and mappings of
them."""


class State(StrEnum):
    """Where a document stands. A failed one is tried again by its job, and after that by a person."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Document:
    """One document. ``error`` is for administrators; ``size`` in bytes and ``digest`` (SHA-256) once
    ready."""

    id: str
    kind: str
    title: str
    number: str
    language: str
    subject: Ref
    state: State
    requested_at: datetime
    ready_at: datetime | None
    attempts: int
    size: int
    digest: str
    error: str

    @property
    def ref(self) -> Ref:
        """The document as others name it."""
        return Ref(DOCUMENT, self.id)


@dataclass(frozen=True)
class DocumentReady(Event):
    """The PDF of ``subject`` exists now."""

    document: str
    document_kind: str
    subject: Ref


@dataclass(frozen=True)
class DocumentFailed(Event):
    """The PDF could not be made; the job tries again, and the administrator sees it."""

    document: str
    document_kind: str
    subject: Ref
