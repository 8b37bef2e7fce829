"""How items are handled: the services that packs declared."""

from __future__ import annotations

from dataclasses import asdict

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import NotFound, Refused

from ..data import OpenService, Result, Service, Unique
from ..models import Case, Item
from ..models import Service as ServiceRow
from ..models.item import CANCELLED, PAUSED

NO_SERVICE = _("This item cannot be applied for online yet. Please see its guide for the counter.")
PERMIT = "01"  # administrative licensing (GB/T 39046 A.1)


def define_service(service: Service) -> None:
    """Create or change how an item is handled. Running cases keep the process they were started with."""
    with transaction.atomic():
        ServiceRow.objects.update_or_create(item=service.item, defaults={"definition": asdict(service)})


def service(item: str) -> Service:
    """How an item is handled; `NotFound` when nobody declared it."""
    row = ServiceRow.objects.filter(item=item).first()
    if row is None:
        raise NotFound(NO_SERVICE)
    return _service(row)


def has_service(item: str) -> bool:
    """Whether the item can be applied for here."""
    return ServiceRow.objects.filter(item=item).exists()


def open_service(item: str) -> OpenService:
    """The service of an item that takes applications now; `Refused` when it is paused or cancelled."""
    wording = Item.objects.filter(key=OuterRef("item"))
    row = (
        ServiceRow.objects.filter(item=item)
        .annotate(
            state=Subquery(wording.values("task_state")),
            title=Subquery(wording.values("task_name")),
            type=Subquery(wording.values("task_type")),
        )
        .first()
    )
    if row is None:
        raise NotFound(NO_SERVICE)
    if row.state == PAUSED:
        raise Refused(
            _("This item is paused. No applications can be taken at the moment; see its guide for the reason.")
        )
    if row.state == CANCELLED:
        raise Refused(_("This item has been cancelled. No applications are taken any more."))
    return OpenService(**vars(_service(row)), title=row.title or item, permit=row.type == PERMIT)


def service_of(case: Case) -> Service:
    """The service of a case's item."""
    return service(case.item)


def _service(row: ServiceRow) -> Service:
    held = dict(row.definition)
    held["unique"] = [Unique(**unique) for unique in held.get("unique", ())]
    held["result"] = Result(**held.get("result", {}))
    return Service(**held)
