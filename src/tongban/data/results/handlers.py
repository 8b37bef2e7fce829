"""What this room does when a register has a result that came another way: by exchange, by a delivery, by hand."""

from tongban.base.kernel.api import on
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import RowsDelivered, RowWritten

from .actions import publish
from .data import Kind

_KINDS = {kind.register: kind for kind in Kind}


@on(RowWritten)
def publish_row(event: RowWritten) -> None:
    """A result was written: it is published, or its publication corrected."""
    if kind := _KINDS.get(event.register):
        row = registers.find_by_id(event.register, event.id)
        if row:
            publish(kind, row)


@on(RowsDelivered)
def publish_delivery(event: RowsDelivered) -> None:
    """Many results came at once."""
    if kind := _KINDS.get(event.register):
        rows = registers.model(event.register).objects.filter(reason__endswith=f" {event.delivery}")
        for id_ in rows.values_list("id", flat=True).iterator(chunk_size=500):
            row = registers.find_by_id(event.register, id_)
            if row:
                publish(kind, row)
