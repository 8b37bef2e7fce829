"""What this room does when registers have changed."""

from tongban.base.kernel.api import on
from tongban.engine.registers.data import RowsDelivered, RowWritten

from .extents import refresh


@on(RowWritten)
def measure_row(event: RowWritten) -> None:
    """A feature came to be or changed: its box is measured again."""
    refresh(event.register, [event.id])


@on(RowsDelivered)
def measure_delivery(event: RowsDelivered) -> None:
    """Many rows came in at once."""
    refresh(event.register, delivery=event.delivery)
