"""Licences an office issued: who follows it may revoke and renew them. What they say stays as it was printed."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Ref
from tongban.trust.identity.api import OfficeHolding, Shift, Thing, office_holdings

from .models import Token

_SOME = 5_000


def _issued(office: Ref) -> QuerySet[Token]:
    return Token.objects.filter(issuer_id=office.id)


def _things(office: Ref) -> Iterable[Thing]:
    for token, type_, identifier in (
        _issued(office).order_by("pk").values_list("token", "type", "identifier").iterator()
    ):
        yield Thing(token, item=type_, number=identifier)


def _move(shift: Shift) -> int:
    rows = _issued(shift.former.ref)
    if shift.ids is None:
        return rows.update(issuer_id=shift.to.ref.id)
    parts = (shift.ids[start : start + _SOME] for start in range(0, len(shift.ids), _SOME))
    return sum(rows.filter(token__in=some).update(issuer_id=shift.to.ref.id) for some in parts)


office_holdings.register(
    "licences.licence", OfficeHolding(_("issued licences"), lambda office: _issued(office).count(), _things, _move)
)
