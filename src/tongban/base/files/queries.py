"""Reading files. Who may is decided by the rooms above."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO
from urllib.parse import quote

from django.http import FileResponse

from tongban.base.kernel.api import NotFound, Ref

from . import models, store
from .data import FORMATS, File, State


def released(file: str) -> File:
    """A file that may be fetched. `NotFound` for every other, whatever its state."""
    return as_data(_row(file))


def _row(file: str) -> models.File:
    row = models.File.objects.select_related("blob").filter(public_id=file, state=State.RELEASED).first()
    if row is None:
        raise NotFound
    return row


def open_released(file: str) -> BinaryIO:
    """The content of a released file, to be closed by the caller. `NotFound` as `released`."""
    blob = _row(file).blob
    assert blob is not None  # a released file has content, the database says
    try:
        return store.opened(blob.sha256, bytes(blob.key))
    except FileNotFoundError as error:
        raise NotFound from error


def files_of(subject: Ref) -> tuple[File, ...]:
    """The released files of a subject, oldest first."""
    return files_of_all([subject])[subject]


def files_of_all(subjects: Sequence[Ref]) -> dict[Ref, tuple[File, ...]]:
    """The released files of many subjects in one query."""
    found: dict[Ref, list[File]] = {subject: [] for subject in subjects}
    rows = models.File.objects.filter(subject_id__in={s.id for s in subjects}, state=State.RELEASED)
    for row in rows.order_by("id"):
        one = as_data(row)
        if one.subject in found:
            found[one.subject].append(one)
    return {subject: tuple(those) for subject, those in found.items()}


def files_by_id(ids: Sequence[str]) -> dict[str, File]:
    """Released files by their ids; unknown ids are left out."""
    rows = models.File.objects.filter(public_id__in=ids, state=State.RELEASED)
    return {row.public_id: as_data(row) for row in rows}


def download(file: str) -> FileResponse:
    """The answer that sends a released file: always as an attachment, never guessed at, never kept (security
    T19). The caller has decided that this person may have it."""
    found = released(file)
    answer = FileResponse(open_released(file), content_type=found.mime)
    answer["Content-Disposition"] = disposition(found.name)
    answer["Content-Length"] = str(found.size)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store, private"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


def disposition(name: str) -> str:
    """`Content-Disposition` with the name twice: plain for old programs, RFC 5987 for the rest."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%;' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def as_data(row: models.File) -> File:
    """A stored file as others see it."""
    return File(
        id=row.public_id,
        name=row.name,
        format=row.format,
        mime=FORMATS[row.format].mime if row.format else "",
        size=row.size,
        sha256=row.sha256,
        state=State(row.state),
        reason=row.reason,
        owner=Ref.parse(row.owner),
        by=Ref.parse(row.by),
        subject=Ref(row.subject_kind, row.subject_id) if row.subject_id else None,
        at=row.at,
    )
