"""What this room does when others have done something."""

from procrastinate.contrib.django import app

from tongban.base.kernel.api import on
from tongban.data.exchange.data import BatchAccepted

from .actions import begin
from .models import Source


@on(BatchAccepted)
def take_in(event: BatchAccepted) -> None:
    """An office's rows have come: for each registry they are a source of, a job links them, in steps of its own."""
    for registry in (
        Source.objects.filter(resource=event.resource).values_list("registry", flat=True) if event.file else ()
    ):
        id = begin(registry, event.resource, whole=False)
        app.configure_task("linkage:absorb", queue="default").defer(delivery=id, file=event.file)
