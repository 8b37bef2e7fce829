"""Finding seals."""

from __future__ import annotations

from tongban.base.kernel.api import NotFound, Ref

from .data import Seal, SealState
from .models import Seal as Row


def seal(seal_id: str) -> Seal:
    """The seal with this id. Raises NotFound."""
    row = Row.objects.filter(id=seal_id).first()
    if row is None:
        raise NotFound
    return as_data(row)


def seals_of(office: Ref) -> list[Seal]:
    """The seals of one office, those in use first."""
    return [as_data(row) for row in Row.objects.filter(office=str(office)).order_by("state", "made_at")]


def all_seals(limit: int = 500) -> list[Seal]:
    """The register, by title."""
    return [as_data(row) for row in Row.objects.order_by("title", "caption", "made_at")[:limit]]


def as_data(row: Row) -> Seal:
    """The row as other rooms see it."""
    return Seal(
        id=row.id,
        office=Ref.parse(row.office),
        title=row.title,
        caption=row.caption,
        state=SealState(row.state),
        custodian=Ref.parse(row.custodian),
        reason=row.reason,
        made_at=row.made_at,
    )
