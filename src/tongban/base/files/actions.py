"""Verbs on files: receive, attach, remove, and the check that content still is what it was."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import BinaryIO

from django.db import connection, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, now
from tongban.base.ledger.api import write

from . import cell, models, store
from .data import Family, File, Format, Slot, State
from .errors import Rejected
from .inspection import inspect, wanted
from .names import MAX_NAME, check_name, hidden
from .queries import as_data

log = logging.getLogger(__name__)


def receive(
    stream: BinaryIO,
    name: str,
    slot: Slot,
    by: Ref,
    subject: Ref | None = None,
    owner: Ref | None = None,
    declared: str = "",
) -> File:
    """Take a file in: named, measured, recognised by its content, checked, stored, released (security R18,
    T21-T23).

    A PDF or an image is kept as the cell wrote it anew; the record keeps the hash it came with as well.
    `Invalid` with a message under `file` that says what is wrong and what is accepted; the refusal is
    recorded with its reason, the content is not kept. `owner` is whose file it is where that is not `by`.
    `declared` is the type the browser told, for the record only.
    """
    owner = owner or by
    size, sha256 = 0, ""
    try:
        name = check_name(name)
        wanted(name, slot)
        with store.incoming(stream, slot.max_bytes) as one:
            size, sha256 = one.size, one.sha256
            if not size:
                raise Rejected("empty", _("The file is empty."))
            found = inspect(one.stream, name, slot)
            with store.anew(one, partial(_written_anew, found)) as kept:
                return _released(kept, one.sha256, name, found, by, owner, subject, declared)
    except store.TooLarge:
        problem = Rejected("size", _("The file is too large.") + " " + slot.rule)
        size = slot.max_bytes + 1
    except Rejected as rejected:
        problem = rejected
    _refused(name, problem, size, sha256, by, owner, subject, declared)
    raise Invalid({"file": problem.message})


def _written_anew(found: Format, stream: BinaryIO, out: BinaryIO) -> bool:
    return found.family in (Family.PDF, Family.IMAGE) and cell.written_anew(stream, found.key, out)


def _released(
    one: store.Incoming, came_as: str, name: str, found: Format, by: Ref, owner: Ref, subject: Ref | None, declared: str
) -> File:
    with transaction.atomic():
        _hold(one.sha256)
        store.keep(one)
        blob, _made = models.Blob.objects.get_or_create(sha256=one.sha256, defaults={"size": one.size})
        row = models.File.objects.create(
            blob=blob,
            name=name,
            declared=declared[:100],
            format=found.key,
            size=one.size,
            sha256=one.sha256,
            came_as=came_as,
            state=State.RELEASED,
            owner=str(owner),
            by=str(by),
            subject_kind=subject.kind if subject else "",
            subject_id=subject.id if subject else "",
        )
        facts = {
            "sha256": one.sha256,
            "came_as": came_as,
            "size": one.size,
            "format": found.key,
            "of": str(subject or ""),
        }
        write("files.received", Ref("files.file", row.public_id), by, **facts)
        return as_data(row)


def _refused(
    name: str,
    problem: Rejected,
    size: int,
    sha256: str,
    by: Ref,
    owner: Ref,
    subject: Ref | None,
    declared: str,
) -> None:
    shown = "".join("\ufffd" if hidden(c) else c for c in name[:MAX_NAME])
    with transaction.atomic():
        row = models.File.objects.create(
            name=shown,
            declared=declared[:100],
            size=size,
            sha256=sha256,
            came_as=sha256,
            state=State.REFUSED,
            reason=str(problem.message)[:300],
            owner=str(owner),
            by=str(by),
            subject_kind=subject.kind if subject else "",
            subject_id=subject.id if subject else "",
        )
        write("files.refused", Ref("files.file", row.public_id), by, code=problem.code, size=size, sha256=sha256)


def attach(file: str, subject: Ref, by: Ref) -> File:
    """Make a released file part of `subject`. Only who handed it in or owns it may; a file that belongs to
    another subject already stays there (`Refused`). `NotFound` for anything else, so that nobody learns of
    others' files."""
    with transaction.atomic():
        row = _own(file, by)
        present = (row.subject_kind, row.subject_id)
        if present == (subject.kind, subject.id):
            return as_data(row)
        if present != ("", ""):
            raise Refused(_("This file belongs to something else already."), "attached")
        row.subject_kind, row.subject_id = subject.kind, subject.id
        row.save(update_fields=["subject_kind", "subject_id"])
        write("files.attached", Ref("files.file", row.public_id), by, of=str(subject))
        return as_data(row)


def remove(file: str, by: Ref) -> None:
    """Take back an upload; its caller decides whether its subject may still lose it. The content stays on
    disk as long as any record needs it."""
    with transaction.atomic():
        row = _own(file, by)
        row.state = State.REMOVED
        row.save(update_fields=["state"])
        write("files.removed", Ref("files.file", row.public_id), by)


def _own(file: str, by: Ref) -> models.File:
    row = models.File.objects.select_for_update().filter(public_id=file, state=State.RELEASED).first()
    if row is None or str(by) not in (row.by, row.owner):
        raise NotFound
    return row


def check_fixity(limit: int = 500) -> tuple[str, ...]:
    """Hash the contents that were not checked for longest, and answer those that are damaged or gone."""
    damaged = []
    for blob in models.Blob.objects.order_by("checked_at", "sha256")[:limit]:
        whole = store.digest_of(blob.sha256) == blob.sha256
        if not whole:
            damaged.append(blob.sha256)
            log.error("stored content %s is damaged or gone", blob.sha256)
        if not whole and not blob.damaged:
            with transaction.atomic():
                write("files.damaged", Ref("files.blob", blob.sha256))
        models.Blob.objects.filter(pk=blob.pk).update(checked_at=now(), damaged=not whole)
    return tuple(damaged)


def sweep() -> int:
    """Delete what a crash left behind: half-received files, and content that no row knows because its transaction was
    rolled back. Only what is older than a day, so that nothing on its way is hit. Answers how many."""
    swept = 0
    for path in store.stale((now() - timedelta(days=1)).timestamp()):
        with transaction.atomic():
            _hold(path.name)
            if not models.Blob.objects.filter(sha256=path.name).exists():
                path.unlink(missing_ok=True)
                swept += 1
    return swept


def _hold(content: str) -> None:
    """Content is not swept while somebody hands the same in again. Until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(7412, hashtext(%s))", [content])
