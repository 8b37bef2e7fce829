"""How items are handled: the services that packs declared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import NotFound, Refused

from ..data import OpenService, Result, Service, Unique
from ..models import Case
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
    return _service(row.definition)


def has_service(item: str) -> bool:
    """Whether the item can be applied for here."""
    return ServiceRow.objects.filter(item=item).exists()


_OPEN = """
SELECT s.definition, i.task_state, i.version, i.task_name, i.task_type
FROM hall_service s LEFT JOIN hall_item i ON i.key = s.item WHERE s.item = %s
"""


def open_service(item: str) -> OpenService:
    """The service of an item that takes applications now; `Refused` when it is paused or cancelled."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [item])
        row = cursor.fetchone()
    if row is None:
        raise NotFound(NO_SERVICE)
    definition, state, version, title, kind = row
    if state == PAUSED:
        raise Refused(
            _("This item is paused. No applications can be taken at the moment; see its guide for the reason.")
        )
    if state == CANCELLED:
        raise Refused(_("This item has been cancelled. No applications are taken any more."))
    declared = json.loads(definition) if isinstance(definition, str) else definition
    return OpenService(**vars(_service(declared)), version=version or 0, title=title or item, permit=kind == PERMIT)


def service_of(case: Case) -> Service:
    """The service of a case's item."""
    return service(case.item)


def _service(definition: Mapping[str, Any]) -> Service:
    held = dict(definition)
    held["unique"] = [Unique(**unique) for unique in held.get("unique", ())]
    held["result"] = Result(**held.get("result", {}))
    return Service(**held)
