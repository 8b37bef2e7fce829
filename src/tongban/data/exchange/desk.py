"""The quarantine desk: rows that broke a rule are repaired and taken over, or dropped with a reason (DATA-05)."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, emit, now, system
from tongban.base.ledger.api import write
from tongban.data.catalogue import api as catalogue
from tongban.trust.identity.api import Actor, require

from . import deliveries, shapes
from .data import BatchAccepted
from .models import Quarantined

ROW = "exchange.row"
WORDS = {
    "required": gettext_lazy("Something must stand here."),
    "length": gettext_lazy("This is too long."),
    "code": gettext_lazy("This is not one of the known codes."),
    "form": gettext_lazy("This cannot be read: a number, a date, or yes or no is needed."),
    "check_digit": gettext_lazy("The check digit does not fit."),
}


def repair(actor: Actor, row_id: str, values: Mapping[str, str]) -> None:
    """Take a row over with these values in place of the bad ones. `Invalid` while a rule is still broken."""
    with transaction.atomic():
        row = access_row(actor, row_id)
        resource = catalogue.resource_by_code(row.delivery.resource)
        columns = {name: column for name, column in shapes.columns_of(resource).items() if name in row.values}
        merged = row.values | {name: value.strip() for name, value in values.items() if name in columns}
        table = deliveries.table_of([merged])
        broken = shapes.bad_rows(table, columns).get(0)
        if broken:
            raise Invalid({name: WORDS[code] for name, code in broken.items()})
        with system():  # registers of people take rows from the product's own hand
            taken = deliveries.stored(resource, table, columns, row.delivery.sender_id, row.delivery_id)
        row.state, row.values = "repaired", merged
        _ended(row, actor, "")
        emit(BatchAccepted(resource.code, row.delivery_id, 1, taken.file))


def drop(actor: Actor, row_id: str, reason: str) -> None:
    """Give a row up; the source is told by its receipt already."""
    if len(reason.strip()) < 2:
        raise Invalid({"reason": _("Please write why.")})
    with transaction.atomic():
        row = access_row(actor, row_id)
        row.state = "dropped"
        _ended(row, actor, reason)


def access_row(actor: Actor, row_id: str) -> Quarantined:
    """A row that waits, held until the end of the transaction."""
    require(actor, "exchange.manage")
    rows = Quarantined.objects.select_for_update(of=("self",)).select_related("delivery")
    row = rows.filter(id=row_id).first()
    if row is None:
        raise NotFound
    if row.state != "waiting":
        raise Refused(_("This row is no longer waiting."), "state")
    return row


def _ended(row: Quarantined, actor: Actor, reason: str) -> None:
    row.by, row.reason, row.at = str(actor.person), reason.strip()[:300], now()
    row.save()
    write(f"exchange.row.{row.state}", Ref(ROW, row.id), by=actor.by, message=row.delivery_id, reason=row.reason)
