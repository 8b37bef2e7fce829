"""What offices hold. Each room registers its own sorts of things while the program starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet

from tongban.base.kernel.api import Ref, Registry, Text
from tongban.base.ledger.api import write

from .data import OfficeHolding, Shift, Thing

Rows = Callable[[Ref], QuerySet[Any]]

office_holdings: Registry[OfficeHolding] = Registry("office holdings")


def in_order() -> list[tuple[str, OfficeHolding]]:
    """Identity's own first: when cases move, the people who will handle them are there already."""
    return sorted(office_holdings.items(), key=lambda entry: (not entry[0].startswith("identity."), entry[0]))


def counted(rows: Rows) -> Callable[[Ref], int]:
    """How many rows an office has."""
    return lambda office: rows(office).count()


def chosen(rows: Rows, shift: Shift) -> list[Any]:
    """The rows a shift moves, locked, in a fixed order."""
    found = rows(shift.former.ref).order_by("pk").select_for_update(of=("self",))
    return list(found if shift.ids is None else found.filter(pk__in=[int(id_) for id_ in shift.ids]))


def held_rows(title: Text, rows: Rows, number: Callable[[Any], str]) -> OfficeHolding:
    """A sort of things that are rows with a foreign key `office` and a `ref`: few enough to be moved one by one, each
    with its leaf. `rows` gives those of one office."""

    def things(office: Ref) -> Iterable[Thing]:
        return (Thing(str(row.pk), number=number(row)) for row in rows(office).order_by("pk"))

    def move(shift: Shift) -> int:
        moved = chosen(rows, shift)
        for row in moved:
            row.office_id = type(row)._meta.get_field("office").related_model.objects.get(public_id=shift.to.ref.id).pk
            row.save(update_fields=["office"])
            write("identity.office.passed_on", row.ref, by=shift.by, office=str(shift.to.ref), act=str(shift.act))
        return len(moved)

    return OfficeHolding(title, counted(rows), things, move)
