"""Batches of others from the inbox into sinks, in the order in which they were sent."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused, now
from tongban.base.ledger.api import write
from tongban.data.transport import api as transport
from tongban.data.transport.data import BadRow, Message, Outcome, Stage

from . import models
from .batches import decode
from .data import Sink, SourceChanged, SourceUnreachable
from .mapping import load_sink
from .sinks import Parcel, put

log = logging.getLogger("tongban.node")


def add_sink(text: str, file: str) -> Sink:
    """Put a sink to work; batches of its resource that already came are delivered next."""
    sink = load_sink(text, file)
    with transaction.atomic():
        if models.Sink.objects.filter(resource=sink.resource).exclude(name=sink.name).exists():
            raise Refused(_("Another sink takes resource {code} already.").format(code=sink.resource), "resource")
        terms = {"resource": sink.resource, "text": text, "file": file}
        row, _fresh = models.Sink.objects.update_or_create(name=sink.name, defaults=terms)
        write("node.sink.added", row.ref, resource=sink.resource, place=sink.place.kind)
    return sink


def take_in(message: Message) -> Outcome:
    """Others' rows wait here for their sink, outside the transaction that received them."""
    envelope = message.envelope
    batch = decode(message.body)
    if envelope.schema and batch.shape != envelope.schema:
        raise Refused(_("The batch has another shape than its envelope says."), "shape")
    models.Delivery.objects.create(
        message=envelope.id, sender=envelope.sender, resource=envelope.resource, rows=len(batch.rows)
    )
    return Outcome(Stage.STORED)


def deliver(most: int = 100) -> int:
    """Put what came into its sinks, oldest first; answers how many batches. A sink that does not answer holds up
    itself only, and nothing is lost by it."""
    done, stuck = 0, set[str]()
    known = {row.resource: row for row in models.Sink.objects.all()}
    waiting = models.Delivery.objects.filter(done=False, resource__in=known).order_by("id")
    for entry in waiting[:most]:
        if entry.resource in stuck:
            continue
        sink = known[entry.resource]
        try:
            _deliver(entry, sink)
            done += 1
        except (SourceUnreachable, SourceChanged) as error:
            stuck.add(entry.resource)
            if sink.trouble != str(error):
                log.warning("sink %s: %s", sink.name, error)
            models.Sink.objects.filter(name=sink.name).update(trouble=str(error)[:500])
    return done


def _deliver(entry: models.Delivery, sink: models.Sink) -> None:
    message = transport.message(entry.message, sender=entry.sender)
    parcel = Parcel(decode(message.body), entry.resource, entry.sender, entry.message, entry.id)
    # The sink is somebody else's: outside our transaction, and safe to be done twice.
    faults = put(load_sink(sink.text, sink.file).place, parcel)
    bad = tuple(BadRow(fault.row, "refused", fault.item, fault.why) for fault in faults)
    with transaction.atomic():
        models.Delivery.objects.filter(id=entry.id).update(bad=len(bad), at=now(), done=True)
        models.Sink.objects.filter(name=sink.name).update(trouble="")
        transport.settle(entry.sender, entry.message, Outcome(Stage.PROCESSED, rows=bad))
        write("node.batch.delivered", message.envelope.ref, sink=sink.name, rows=entry.rows, bad=len(bad))
