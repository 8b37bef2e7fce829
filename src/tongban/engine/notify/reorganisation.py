"""Messages to an office go to the office that follows it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Ref
from tongban.trust.identity.api import OfficeHolding, Shift, Thing, office_holdings

from .models import Message


def _messages(office: Ref) -> QuerySet[Message]:
    return Message.objects.filter(recipient_kind=office.kind, recipient_id=office.id)


def _things(office: Ref) -> Iterable[Thing]:
    return (Thing(id_) for id_ in _messages(office).order_by("pk").values_list("pk", flat=True))


def _move(shift: Shift) -> int:
    """What both offices were told is kept once: the new one has its own."""
    rows = _messages(shift.former.ref)
    if shift.ids is not None:
        rows = rows.filter(pk__in=shift.ids)
    number = rows.count()
    told = Message.objects.filter(recipient_id=shift.to.ref.id, once=OuterRef("once"))
    rows.filter(Exists(told)).update(once=None)
    rows.update(recipient_id=shift.to.ref.id)
    return number


office_holdings.register(
    "notify.message", OfficeHolding(_("messages"), lambda office: _messages(office).count(), _things, _move)
)
