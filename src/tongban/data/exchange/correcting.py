"""A value the source corrected goes to everybody who has it (DATA-06); a register here the catalogue has changed."""

from __future__ import annotations

import json

from django.db import transaction

from tongban.base.ledger.api import write
from tongban.data.catalogue import api as catalogue
from tongban.data.catalogue.data import Objection, Resource
from tongban.data.transport import api as transport
from tongban.data.transport.data import CENTRE, Business, Kind, language
from tongban.engine.registers import api as registers

from .models import Subscription


def spread(objection_id: str) -> int:
    """Send the corrected value to the nodes of all live subscriptions that have this item; answers how many."""
    objection = catalogue.objection(objection_id)
    resource = catalogue.resource(objection.resource)
    told = language.Correction(
        resource=resource.code, objection=objection.id, key=_key(resource, objection),
        values={objection.item: objection.value},
    )  # fmt: skip
    body = json.dumps(told, ensure_ascii=False).encode()
    rows = Subscription.objects.filter(resource=resource.code, live=True, mode__in=("batch", "file"))
    nodes = {row.subscriber for row in rows if objection.item in row.items and row.subscriber}
    with transaction.atomic():
        for node in sorted(nodes - {CENTRE}):
            transport.send(node, Kind.DATA, Business.CORRECTION, body, resource=resource.code, priority=3)
        write("exchange.correction.spread", objection.ref, resource=resource.code, nodes=len(nodes))
    return len(nodes)


def _key(resource: Resource, objection: Objection) -> dict[str, str]:
    """Which record the objection is about, by the names of its key's items where the centre knows them."""
    names = registers.definition(resource.register).natural_key if resource.register else ()
    return {names[0]: objection.key} if len(names) == 1 else {"key": objection.key}
