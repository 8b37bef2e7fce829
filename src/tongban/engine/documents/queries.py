"""Finding documents. Who may see one is decided by the room whose case it belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, Ref, Refused
from tongban.base.ledger import api as ledger
from tongban.base.ledger.data import filled
from tongban.trust.witness import api as witness

from .data import Document, State
from .kinds import kinds
from .models import Document as Row

READY = "documents.document.ready"


def document(id: str) -> Document:
    """The document with this id. Raises NotFound."""
    return as_data(_row(id))


def documents_of(subject: Ref) -> list[Document]:
    """All documents of one subject, oldest first."""
    rows = Row.objects.filter(subject_id=subject.id, subject_kind=subject.kind).defer("content", "facts")
    return [as_data(row) for row in rows.order_by("requested_at", "id")]


def failed(limit: int = 100) -> list[Document]:
    """Documents that could not be made, the oldest first, for administrators."""
    return [as_data(row) for row in Row.objects.filter(state=State.FAILED).order_by("requested_at")[:limit]]


def pdf(id: str) -> bytes:
    """The PDF. Raises NotFound, and Refused while it is still being made."""
    row = Row.objects.filter(id=id).only("state", "content", "digest").first()
    if row is None:
        raise NotFound
    if row.state != State.READY or row.content is None:
        raise Refused(_("This document is still being made. Please try again in a minute."), code="pending")
    content = bytes(row.content)
    if hashlib.sha256(content).hexdigest() != row.digest:
        raise RuntimeError(f"the stored PDF of document {id} does not match its digest")
    return content


def proof(known: Document, *kinds_of_leaves: str) -> dict[str, Any] | None:
    """That the ledger holds this document's digest, and the leaves of these kinds about its subject. None while they
    are not all sealed, which takes some seconds, and for kinds of documents that carry no proof."""
    if known.state != State.READY or not kinds.get(known.kind).carries_proof:
        return None
    leaves = ledger.history(known.subject)
    own = [leaf.seq for leaf in leaves if leaf.kind == READY and leaf.facts.get("document") == known.id]
    told = [leaf.seq for leaf in leaves if leaf.kind in kinds_of_leaves]
    return witness.document_proof([*told, *own]) if own else None


def response(id: str, inline: bool = True, proving: Sequence[str] = ()) -> HttpResponse:
    """The PDF as an HTTP response, with its proof and that of the leaves `proving` where it carries one (TRUST-06). The
    caller has checked that this person may see the document's subject."""
    known = document(id)
    content, proven = pdf(id), proof(known, *proving)
    answer = HttpResponse((proven and filled(content, proven)) or content, content_type="application/pdf")
    name = quote(f"{known.title}{known.number and '-' + known.number}.pdf")
    answer["Content-Disposition"] = f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{name}"
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _row(id: str) -> Row:
    row = Row.objects.filter(id=id).defer("content", "facts").first()
    if row is None:
        raise NotFound
    return row


def as_data(row: Row) -> Document:
    """The row as other rooms see it."""
    return Document(
        id=row.id,
        kind=row.kind,
        title=row.title,
        number=row.number,
        language=row.language,
        subject=Ref(row.subject_kind, row.subject_id),
        state=State(row.state),
        requested_at=row.requested_at,
        ready_at=row.ready_at,
        attempts=row.attempts,
        size=row.size,
        digest=row.digest,
        error=row.error,
    )
