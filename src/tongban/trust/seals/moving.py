"""Seals in a reorganisation (NFR-08). A seal bears its office's name: it passes to the office that follows, suspended,
and a seal in the new name is cut for the same custodian, who has to go there too. Who keeps the seals lifts the
suspension of a former one where the reform's order lets it be used for a while, and revokes it afterwards."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from tongban.base.kernel.api import NotFound, Ref
from tongban.base.ledger.api import write
from tongban.trust.identity.api import OfficeHolding, Shift, Thing, office_holdings, person

from . import actions
from .data import SEAL, SealState
from .models import Seal


def _live(office: Ref) -> QuerySet[Seal]:
    return Seal.objects.filter(office=str(office)).exclude(state=SealState.REVOKED).order_by("made_at")


def _things(office: Ref) -> Iterable[Thing]:
    return (
        Thing(row.id, number=f"{row.title}{row.caption}", keeper=_username(Ref.parse(row.custodian)))
        for row in _live(office)
    )


def _username(custodian: Ref) -> str:
    try:
        return person(custodian).username
    except NotFound:
        return ""


def _move(shift: Shift) -> int:
    found = _live(shift.former.ref).select_for_update()
    rows = list(found if shift.ids is None else found.filter(id__in=shift.ids))
    for row in rows:
        row.office = str(shift.to.ref)
        row.save(update_fields=["office"])
        write("identity.office.passed_on", Ref(SEAL, row.id), by=shift.by, office=row.office, act=str(shift.act))
        _renewed(row, shift.by)
    return len(rows)


def follow_name(office: Ref) -> None:
    """The office has a new name: its seals in the former one are suspended, and cut anew."""
    for row in _live(office).select_for_update():
        _renewed(row, None)


def _renewed(row: Seal, by: Ref | None) -> None:
    """Suspend the seal if its office is called otherwise, and see that the office has its like."""
    office, custodian = Ref.parse(row.office), Ref.parse(row.custodian)
    if actions.named_like(row, office):
        return
    if row.state == SealState.ACTIVE:
        with override("zh-hans"):  # the reason is kept as text
            reason = _("The office that this seal names is no more.")
        actions.suspend(row, reason, by)
    actions.cut(office, custodian, row.caption, by)


office_holdings.register(
    SEAL, OfficeHolding(gettext_lazy("seals"), lambda office: _live(office).count(), _things, _move, kept=True)
)
