"""Verbs on files: receive, attach, remove, and the check that content still is what it was."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from typing import BinaryIO

from django.db import models as database
from django.db import transaction
from django.db.models.functions import Substr
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Text, now
from tongban.base.ledger.api import write

from . import models, store
from .data import File, Format, Slot, State
from .errors import Rejected
from .inspection import inspect, wanted
from .limits import CHUNK
from .names import MAX_NAME, check_name, hidden
from .queries import as_data
from .reasons import REASONS
from .sealing import content_keys

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
        claimed = wanted(name, slot)
        with store.unnamed() as came, store.unnamed() as anew:
            store.copy(stream, came, slot.max_bytes)
            one = store.measured(came)
            size, sha256 = one.size, one.sha256
            if not size:
                raise Rejected("empty")
            inspect(came, name, claimed, slot, anew)
            written = store.measured(anew)
            return _released(written if written.size else one, sha256, name, claimed, by, owner, subject, declared)
    except store.TooLarge:
        problem = Rejected("size", _("The file is too large.") + " " + slot.rule)
        size = slot.max_bytes + 1
    except Rejected as rejected:
        problem = rejected
    _refused(name, problem, size, sha256, by, owner, subject, declared)
    raise Invalid({"file": _said(problem)})


def _said(problem: Rejected) -> Text:
    return problem.message or REASONS[problem.code]


def _released(
    one: store.Content, came_as: str, name: str, found: Format, by: Ref, owner: Ref, subject: Ref | None, declared: str
) -> File:
    with transaction.atomic():
        row = models.File.objects.create(
            blob=_held(one) or _kept(one),
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


def _held(one: store.Content) -> models.Blob | None:
    """The same content, handed in before and still whole. Of two at once both are kept, which harms nobody."""
    same = models.Blob.objects.filter(content=one.index, damaged=False)
    return next((blob for blob in same if store.there(blob.sha256, one.size)), None)


def _kept(one: store.Content) -> models.Blob:
    name, key = store.keep(one)
    return models.Blob.objects.create(sha256=name, content=one.index, key=key, size=one.size)


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
            reason=str(_said(problem))[:300],
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
    """Open and read through the contents that were not checked for longest, and answer those that are damaged or
    gone."""
    damaged = []
    for blob in models.Blob.objects.order_by("checked_at", "sha256")[:limit]:
        whole = _is_whole(blob)
        if not whole:
            damaged.append(blob.sha256)
            log.error("stored content %s is damaged or gone", blob.sha256)
        if not whole and not blob.damaged:
            with transaction.atomic():
                write("files.damaged", Ref("files.blob", blob.sha256))
        models.Blob.objects.filter(pk=blob.pk).update(checked_at=now(), damaged=not whole)
    return tuple(damaged)


def _is_whole(blob: models.Blob) -> bool:
    try:
        with store.opened(blob.sha256, bytes(blob.key)) as stream:
            return sum(map(len, iter(lambda: stream.read(CHUNK), b""))) == blob.size
    except (FileNotFoundError, Refused):
        return False


def rewrap(batch: int = 1000) -> int:
    """Wrap the keys of contents anew where the key room wraps with another key by now; gives how many. The contents
    stay as they are. May be stopped and repeated."""
    keys, done, after = content_keys.get("contents"), 0, ""
    head = keys.head()
    begins = Substr("key", 1, len(head), output_field=database.BinaryField())
    older = models.Blob.objects.alias(_head=begins).exclude(_head=head).order_by("sha256")
    while rows := list(older.filter(sha256__gt=after)[:batch]):
        after = rows[-1].sha256
        for row in rows:
            with suppress(Refused):  # a changed key stays as it is; the check of contents finds it
                row.key = keys.rewrap(row.sha256, bytes(row.key))
                done += 1
        models.Blob.objects.bulk_update(rows, ["key"])
    return done


def sweep() -> int:
    """Delete what a crash left behind: half-received files, and content that no row knows because its transaction was
    rolled back. Only what is older than a day, so that nothing on its way is hit. Answers how many."""
    swept = 0
    for path in store.stale((now() - timedelta(days=1)).timestamp()):
        if not models.Blob.objects.filter(sha256=path.name).exists():
            path.unlink(missing_ok=True)
            swept += 1
    return swept
