"""From a grant to a flow: the provider's node is told, signed, what it may give to whom (DATA-06, DATA-38).

What the catalogue granted is here as one row between two nodes. An office that has no node yet waits: as soon as it is
enrolled, everything that waits for it starts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q

from tongban.base.kernel.api import Ref, now
from tongban.base.ledger.api import write
from tongban.data.catalogue import api as catalogue
from tongban.data.catalogue.data import Grant, Mode, Resource, State
from tongban.data.transport import api as transport
from tongban.data.transport.data import CENTRE, Business, Kind, language
from tongban.trust.identity.api import offices_with_role

from .data import LIVE
from .models import Node, Subscription

SUBSCRIPTION = "exchange.subscription"
ASKS = (Mode.QUERY, Mode.COMPARE)
AUTHORITY = "data"  # the part that the data authority plays in its division


def node_of(office_id: str) -> str:
    """The key of an office's oldest live node, "" while it has none."""
    row = Node.objects.filter(office_id=office_id, state__in=LIVE).order_by("enrolled", "key").first()
    return row.key if row else ""


def _receiver(office_id: str, mode: str) -> str:
    """Where what is granted to an office goes: to its node. The data authority's is the centre, and questions need no
    node of their asker: officers ask on the centre's page."""
    if any(known.ref.id == office_id for _division, known in offices_with_role(AUTHORITY)):
        return CENTRE
    return node_of(office_id) or (CENTRE if mode in ASKS else "")


def begin(grant_id: str) -> None:
    """A grant was given, or given again."""
    grant = catalogue.grant(grant_id)
    resource = catalogue.resource(grant.resource)
    _keep(resource, grant.id, grant, _receiver(grant.office.id, grant.mode))


def collect(resource_id: str) -> None:
    """A resource with a register here was published: the centre takes its batches."""
    resource = catalogue.resource(resource_id)
    if resource.register and resource.state == State.PUBLISHED:
        _keep(resource, f"{CENTRE}:{resource.id}", None, CENTRE)


def _keep(resource: Resource, id_: str, grant: Grant | None, subscriber: str) -> None:
    with transaction.atomic():
        row, _new = Subscription.objects.update_or_create(
            grant=id_,
            defaults={
                "resource": resource.code,
                "title": resource.title,
                "mode": grant.mode if grant else Mode.BATCH,
                "provider_office": resource.provider_office.id,
                "subscriber_office": grant.office.id if grant else "",
                "provider": node_of(resource.provider_office.id),
                "subscriber": subscriber,
                "items": list(grant.items if grant else (item.name for item in resource.items)),
                "cycle": (grant.frequency if grant else "") or resource.cycle,
                "target": resource.register if subscriber == CENTRE else "",
                "purpose": grant.purpose[:500] if grant else "",
                "until": grant.until if grant else None,
                "live": True,
            },
        )
        _tell(row)


def connect(office_id: str) -> None:
    """An office has a node now: what waited for it starts, and what it provides is told to it."""
    with transaction.atomic():
        key = node_of(office_id)
        Subscription.objects.filter(subscriber_office=office_id).update(subscriber=key)
        Subscription.objects.filter(provider_office=office_id).update(provider=key)
        waiting = Q(provider_office=office_id) | Q(subscriber_office=office_id)
        for row in Subscription.objects.select_for_update().filter(waiting, live=True).order_by("id"):
            _tell(row)


def _tell(row: Subscription) -> None:
    """The provider's node gets the grant, once both ends have one."""
    if not (row.provider and row.subscriber):
        return
    office = Node.objects.filter(key=row.subscriber).values_list("office_code", flat=True).first()
    for id_, node in _told_as(row):
        body = language.Granted(
            grant=id_, resource=row.resource, mode=row.mode, office=office or CENTRE, node=node, items=row.items,
            cycle=row.cycle, purpose=row.purpose, until=row.until.isoformat() if row.until else None,
        )  # fmt: skip
        told = _json(body)
        transport.send(row.provider, Kind.CONTROL, Business.GRANT, told, grant=id_, resource=row.resource, priority=2)
    row.told = now()
    row.save(update_fields=["told"])
    write("exchange.subscription.told", Ref(SUBSCRIPTION, row.id), grant=row.grant, provider=row.provider)


def _told_as(row: Subscription) -> list[tuple[str, str]]:
    """Id and asker of the grants that the provider's node gets: questions may also come from the centre's page."""
    own = [(row.grant, row.subscriber)]
    return own if row.subscriber == CENTRE or row.mode not in ASKS else [*own, (grant_at_centre(row), CENTRE)]


def grant_at_centre(row: Subscription) -> str:
    """The grant under which the centre asks for the office."""
    return row.grant if row.subscriber == CENTRE else f"{row.grant}@{CENTRE}"


def end(grant_id: str, why: str) -> None:
    """A grant ended: the provider's node gives nothing more under it."""
    with transaction.atomic():
        for row in Subscription.objects.select_for_update().filter(grant=grant_id, live=True):
            row.live = False
            row.save(update_fields=["live"])
            for id_, _node in _told_as(row) if row.provider else ():
                body = language.Ended(grant=id_, resource=row.resource, why=why)
                transport.send(row.provider, Kind.CONTROL, Business.GRANT_ENDED, _json(body), grant=id_, priority=1)
            write("exchange.subscription.ended", Ref(SUBSCRIPTION, row.id), grant=grant_id, why=why)


def retire(resource_code: str) -> None:
    """A resource left the catalogue: nothing of it flows any more."""
    for grant in Subscription.objects.filter(resource=resource_code, live=True).values_list("grant", flat=True):
        end(grant, "retired")


def _json(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
