"""Finding seals."""

from __future__ import annotations

from tongban.base.kernel.api import NotFound, Ref
from tongban.trust.identity.api import Actor, may, offices_by_ref
from tongban.trust.keys.api import Holder, holders

from .data import SEAL, Seal, SealState
from .models import Seal as Row


def seal(seal_id: str) -> Seal:
    """The seal with this id. Raises NotFound."""
    row = Row.objects.filter(id=seal_id).first()
    if row is None:
        raise NotFound
    return as_data(row)


def access_seal(actor: Actor, seal_id: str) -> Seal:
    """The seal, for those who keep its office's seals; `NotFound` for others, whether or not it is there (T13)."""
    found = seal(seal_id)
    if not may(actor, "seals.manage", found.office):
        raise NotFound
    return found


@holders(SEAL)
def holder(ref: Ref) -> Holder:
    """What the registration desk writes into a seal's certificate."""
    found = seal(ref.id)
    return Holder(f"{found.title}{found.caption}", found.office)


def seals_of(office: Ref) -> list[Seal]:
    """The seals of one office, those in use first."""
    return [as_data(row) for row in Row.objects.filter(office=str(office)).order_by("state", "made_at")]


def all_seals(limit: int = 500) -> list[Seal]:
    """The register, by title."""
    return [as_data(row) for row in Row.objects.order_by("title", "caption", "made_at")[:limit]]


def kept_by(actor: Actor) -> list[Seal]:
    """The seals of the offices whose seals somebody keeps."""
    found = all_seals()
    offices = offices_by_ref([one.office for one in found])
    return [one for one in found if may(actor, "seals.manage", offices.get(one.office, one.office))]


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
