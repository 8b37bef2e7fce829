"""What the portal's pages show."""

from __future__ import annotations

from collections.abc import Sequence

from tongban.base.kernel.api import NotFound, Ref

from . import models
from .data import Notice, NoticeDraft


def notices(most: int = 5) -> Sequence[Notice]:
    """The latest notices."""
    return [notice_data(row) for row in models.Notice.objects.filter(withdrawn_at=None)[:most]]


def notice(id_: str) -> Notice:
    """One notice that is still shown."""
    row = models.Notice.objects.filter(public_id=id_, withdrawn_at=None).first()
    if row is None:
        raise NotFound()
    return notice_data(row)


def notice_data(row: models.Notice) -> Notice:
    """The row as other rooms see it."""
    return Notice(row.public_id, row.title, row.body, row.published_at)


def drafts() -> Sequence[NoticeDraft]:
    """Notices that are being written or wait to be published: for staff, the latest first."""
    return [draft_data(row) for row in models.NoticeDraft.objects.all()[:100]]


def draft(id_: str) -> NoticeDraft:
    """One notice that is being written; `NotFound`."""
    row = models.NoticeDraft.objects.filter(public_id=id_).first()
    if row is None:
        raise NotFound()
    return draft_data(row)


def draft_data(row: models.NoticeDraft) -> NoticeDraft:
    """The row as pages see it."""
    editors = tuple(Ref.parse(editor) for editor in row.editors)
    return NoticeDraft(
        row.public_id, row.title, row.body, editors, row.asked_at, row.returned, row.revision, row.updated_at
    )
