"""Asking for documents, making them, trying again."""

from __future__ import annotations

import hashlib

from django.db import connection, transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from tongban.base.kernel.api import Ref, Refused, emit, now, today
from tongban.base.ledger import api as ledger
from tongban.trust.identity.api import Plain
from tongban.trust.seals import api as seals

from .data import DOCUMENT, Document, DocumentFailed, DocumentReady, Facts, State
from .kinds import kinds
from .models import Document as Row
from .queries import READY, as_data
from .values import plain, restored


def request(kind: str, subject: Ref, facts: Facts, language: str = "zh-hans", by: Ref | None = None) -> Document:
    """Ask for a document about ``subject``: a row, a ledger leaf and a job in the caller's transaction. The
    PDF is there some seconds later (`DocumentReady`).

    Raises KeyError for an unknown kind or a missing fact, TypeError for a fact that is not a plain value."""
    known, values = kinds.get(kind), plain(facts)
    if absent := sorted(known.needs - set(values)):
        raise KeyError(f"a {kind} needs the facts {', '.join(absent)}")
    with translation.override(language):
        usual = known.licensing_title if values.get("licensing") else known.title
        title = str(values["title"] if "title" in known.needs else usual)
    with transaction.atomic(savepoint=False):  # whoever asks writes more, and all of it stands or falls together
        row = Row.objects.create(
            kind=kind,
            title=title,
            number=str(values.get("number", "")),
            language=language,
            subject_kind=subject.kind,
            subject_id=subject.id,
            facts=values,
            requested_at=now(),
        )
        # Not its number: a licence may have its holder's, and the ledger keeps for good what it is told (T39).
        ledger.write("documents.document.requested", subject, by=by, document=row.id, document_kind=kind)
        _defer(row.id)
    return as_data(row)


def new_number(word: str) -> str:
    """The next document number of an office's word in this year, such as 海市监许受〔2026〕12号 (standards 4.1). It is
    taken in the caller's transaction: a rollback gives it back, so there are no gaps, and callers of one word wait
    for each other."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO documents_counter (word, year, last) VALUES (%s, %s, 1) "
            "ON CONFLICT (word, year) DO UPDATE SET last = documents_counter.last + 1 RETURNING last",
            [word, today().year],
        )
        return f"{word}〔{today().year}〕{cursor.fetchone()[0]}号"


def produce(id: str) -> None:
    """Draw the document and keep the PDF; the work of the job. Drawing happens outside any transaction.

    Raises what the drawing raised, after it has been written down, so that the job is tried again."""
    from .drawing import render  # brings WeasyPrint along: only the worker that draws needs it

    row = Row.objects.filter(id=id).exclude(state=State.READY).defer("content").first()
    if row is None:
        return
    subject = Ref(row.subject_kind, row.subject_id)
    try:
        facts = restored(row.facts)
        content = _sealed(render(row.kind, facts, row.language), facts.get("office"), row)
    except Exception as error:
        with transaction.atomic():
            text = f"{type(error).__name__}: {error}"[:1000]
            Row.objects.filter(id=id).update(state=State.FAILED, attempts=F("attempts") + 1, error=text)
            emit(DocumentFailed(id, row.kind, subject))
        raise
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        # Two workers may have drawn it; the first one's PDF stays.
        done = (
            Row.objects.filter(id=id)
            .exclude(state=State.READY)
            .update(
                state=State.READY,
                attempts=F("attempts") + 1,
                content=Row._meta.get_field("content").sealed(row, Plain(content)),
                digest=digest,
                size=len(content),
                ready_at=now(),
                facts=b"",
                error="",
            )
        )
        if done:
            ledger.write(READY, subject, document=id, digest=digest)
            emit(DocumentReady(id, row.kind, subject))


def _sealed(content: bytes, office: object, row: Row) -> bytes:
    """With the electronic seal of the office that answers for it (the fact `office`), where it has one in use."""
    if not office:
        return content
    return seals.seal_document(Ref.parse(str(office)), content, Ref(DOCUMENT, row.id), row.title) or content


def retry(id: str, by: Ref | None = None) -> None:
    """Try a failed document once more, when its cause has been removed. Raises Refused when it has not
    failed."""
    with transaction.atomic():
        if not Row.objects.filter(id=id, state=State.FAILED).update(state=State.PENDING):
            raise Refused(_("Only a document that failed can be tried again."))
        ledger.write("documents.document.retried", Ref(DOCUMENT, id), by=by)
        _defer(id)


def _defer(id: str) -> None:
    app.configure_task("documents:render", queue="documents").defer(document=id)
