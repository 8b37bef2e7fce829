"""What the portal's pages show."""

from __future__ import annotations

from collections.abc import Sequence

from tongban.base.kernel.api import NotFound

from . import models
from .data import Notice


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
