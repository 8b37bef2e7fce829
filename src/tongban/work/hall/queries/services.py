"""How items are handled: the services that packs declared."""

from __future__ import annotations

from dataclasses import asdict

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import NotFound, Refused

from ..data import Result, Service, Unique
from ..models import Case, Item
from ..models import Service as ServiceRow


def define_service(service: Service) -> None:
    """Create or change how an item is handled. Running cases keep the process they were started with."""
    with transaction.atomic():
        ServiceRow.objects.update_or_create(item=service.item, defaults={"definition": asdict(service)})


def service(item: str) -> Service:
    """How an item is handled; `NotFound` when nobody declared it."""
    row = ServiceRow.objects.filter(item=item).first()
    if row is None:
        raise NotFound(_("This item cannot be applied for online yet. Please see its guide for the counter."))
    return _service(row)


def has_service(item: str) -> bool:
    """Whether the item can be applied for here."""
    return ServiceRow.objects.filter(item=item).exists()


def open_service(item: str) -> Service:
    """The service of an item that takes applications now; `Refused` when it is paused or cancelled."""
    found = service(item)
    state = Item.objects.filter(key=item).values_list("task_state", flat=True).first()
    if state == "2":
        raise Refused(
            _("This item is paused. No applications can be taken at the moment; see its guide for the reason.")
        )
    if state == "3":
        raise Refused(_("This item has been cancelled. No applications are taken any more."))
    return found


def service_of(case: Case) -> Service:
    """The service of a case's item."""
    return service(case.item)


def _service(row: ServiceRow) -> Service:
    held = dict(row.definition)
    held["unique"] = [Unique(**unique) for unique in held.get("unique", ())]
    held["result"] = Result(**held.get("result", {}))
    return Service(**held)
