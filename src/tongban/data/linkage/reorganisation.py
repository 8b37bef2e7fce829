"""Sources an office delivers: who follows it delivers them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Ref
from tongban.trust.identity.api import OfficeHolding, Shift, Thing, office_holdings

from .models import Source


def _delivered(office: Ref) -> QuerySet[Source]:
    return Source.objects.filter(office_id=office.id)


def _things(office: Ref) -> Iterable[Thing]:
    for source in _delivered(office).order_by("pk"):
        yield Thing(source.public_id, number=source.resource)


def _move(shift: Shift) -> int:
    rows = _delivered(shift.former.ref)
    return (rows if shift.ids is None else rows.filter(public_id__in=shift.ids)).update(office_id=shift.to.ref.id)


office_holdings.register(
    "linkage.source",
    OfficeHolding(_("sources of base registries"), lambda office: _delivered(office).count(), _things, _move),
)
