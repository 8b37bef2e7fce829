"""Into the outbox: changes to every holder of a grant, and to a new holder all rows there are."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, now
from tongban.base.ledger.api import write
from tongban.data.transport import api as transport
from tongban.data.transport.data import Business, Kind

from . import models
from .batches import encode
from .copying import Changed
from .data import BATCH_ROWS, Mapping
from .grants import live, outgoing


def send_changes(mapping: Mapping, part: list[Changed]) -> int:
    """Put what changed into the outbox, a batch per grant; answers how many batches. In the caller's transaction.

    A holder that is still being given the whole gets later what it has not reached yet.
    """
    sent = 0
    for grant in live(resource=mapping.resource, mode=Business.BATCH).select_for_update().order_by("id"):
        if not _known(grant.node):  # blocked, or its certificate is not here yet: it is given the whole when it is back
            grant.loaded = b""
            grant.save(update_fields=["loaded"])
            continue
        reached = None if grant.loaded is None else bytes(grant.loaded)
        sent += _send(grant, mapping, part if reached is None else [each for each in part if each.key <= reached])
    return sent


def load(mapping: Mapping) -> int:
    """Give every new holder of a grant the rows we have, batch after batch; answers how many batches."""
    sent = 0
    for id_ in (
        live(resource=mapping.resource, mode=Business.BATCH).filter(loaded__isnull=False).values_list("id", flat=True)
    ):
        while True:
            with transaction.atomic():
                grant = live().select_for_update().filter(id=id_, loaded__isnull=False).first()
                if grant is None or not _known(grant.node):
                    break
                rows = models.Row.objects.filter(source_id=mapping.name, key__gt=bytes(grant.loaded or b""))
                found = list(rows.order_by("key").values_list("key", "digest", "body")[:BATCH_ROWS])
                part = [Changed(bytes(key), None, body, bytes(digest)) for key, digest, body in found]
                sent += _send(grant, mapping, part)
                grant.loaded = part[-1].key if len(part) == BATCH_ROWS else None
                grant.save(update_fields=["loaded"])
            if grant.loaded is None:
                break
    return sent


def _send(grant: models.Grant, mapping: Mapping, part: list[Changed]) -> int:
    rows = outgoing(grant, mapping, part, now())
    if not rows:
        return 0
    types = {name: kind for name, kind in mapping.types.items() if name in grant.items}
    body = encode(mapping.shape, types, rows)
    message = transport.send(
        grant.node, Kind.DATA, Business.BATCH, body, resource=mapping.resource, grant=grant.id, schema=mapping.shape
    )
    write("node.batch.sent", grant.ref, message=message, node=grant.node, rows=len(rows))
    return 1


def _known(node: str) -> bool:
    try:
        return not transport.peer(node).blocked
    except NotFound:
        return False


def unsendable(mapping: Mapping) -> list[str]:
    """Why holders of grants do not get their rows, in words."""
    found = []
    for grant in live(resource=mapping.resource):
        if missing := [name for name in grant.items if name not in mapping.types]:
            found.append(
                _("The grant of {node} names {items}, which the mapping does not give.").format(
                    node=grant.node, items=", ".join(missing)
                )
            )
        if not _known(grant.node):
            found.append(_("Node {node} holds a grant, but its certificate has not arrived.").format(node=grant.node))
    return found
