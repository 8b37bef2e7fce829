"""Grants held at this node: what of ours may go to whom. They come as signed messages of the centre alone."""

from __future__ import annotations

from collections.abc import Mapping as Map
from datetime import date, datetime, time
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from tongban.base.kernel.api import SHANGHAI, Refused, now
from tongban.base.ledger.api import write
from tongban.data.transport.data import Business

from .copying import Changed
from .data import Mapping, Operation
from .models import Grant

MODES = (Business.BATCH, Business.QUERY, Business.COMPARE, Business.FILE)


def hold(body: Map[str, Any], told: datetime) -> None:
    """Take over a grant as the centre stated it at `told`. One that changes what is granted sends everything again."""
    items = body.get("items")
    if not (isinstance(items, list) and items and all(isinstance(name, str) for name in items)):
        raise Refused(_("The grant names no items."), "shape")
    if body.get("mode") not in MODES:
        raise Refused(_("The grant cannot be understood."), "shape")
    terms = {
        "resource": str(body["resource"]),
        "node": str(body["node"]),
        "items": items,
        "mode": body["mode"],
    }
    other = {"purpose": str(body.get("purpose", "")), "until": _moment(body.get("until")), "told": told}
    grant, fresh = Grant.objects.select_for_update().get_or_create(id=str(body["grant"]), defaults=terms | other)
    if not fresh:
        if told <= grant.told:
            return
        if grant.ended or any(getattr(grant, name) != value for name, value in terms.items()):
            grant.loaded, grant.filed, grant.digest = b"", None, ""
            grant.files.all().delete()
        for name, value in (terms | other | {"ended": None, "why": ""}).items():
            setattr(grant, name, value)
        grant.save()
    facts = {"resource": grant.resource, "node": grant.node, "items": items, "mode": grant.mode}
    write("node.grant.held", grant.ref, None, office=str(body.get("office", "")), **facts)


def end(body: Map[str, Any], told: datetime) -> None:
    """From now on nothing goes out under this grant, even if what gave it comes only after this."""
    terms = {"resource": str(body.get("resource", "")), "items": [], "mode": MODES[0], "told": told}
    grant, fresh = Grant.objects.select_for_update().get_or_create(id=str(body["grant"]), defaults=terms)
    if fresh or (grant.ended is None and told > grant.told):
        grant.ended, grant.why, grant.told = now(), str(body.get("why", ""))[:300], told
        grant.save()
        write("node.grant.ended", grant.ref, why=grant.why)


def live(**terms: Any) -> QuerySet[Grant]:
    """Grants that hold at this moment."""
    return Grant.objects.filter(Q(until__isnull=True) | Q(until__gt=now()), ended__isnull=True, **terms)


def outgoing(grant: Grant, mapping: Mapping, part: list[Changed], moment: datetime) -> list[dict[str, Any]]:
    """What of these changes the grant's holder is to see: the granted items."""
    found: list[dict[str, Any]] = []
    for change in part:
        before, after = seen(grant, change.before), seen(grant, change.now)
        if before == after:
            continue
        operation = Operation.DELETE if after is None else Operation.UPDATE if before else Operation.INSERT
        control = {"cd_operation": operation.value, "cd_key": row_name(grant, change.key), "cd_time": moment}
        found.append({**(after or before or {}), **control})
    return found


def seen(grant: Grant, body: Map[str, Any] | None) -> dict[str, Any] | None:
    """A row as the grant lets it be seen; None where there is none."""
    return None if body is None else {name: body.get(name) for name in grant.items}


def row_name(grant: Grant, key: bytes) -> str:
    """The row's name for one receiver: it tells nothing of the key, nor that another receiver has the same row."""
    return salted_hmac(f"tongban.node.row {grant.node}", key.hex(), algorithm="sha256").hexdigest()[:40]


def _moment(value: Any) -> datetime | None:
    """A grant given until a day holds through that day."""
    if not value:
        return None
    try:
        if len(str(value)) == 10:
            return datetime.combine(date.fromisoformat(str(value)), time.max, SHANGHAI)
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise Refused(_("The grant's end cannot be understood."), "shape") from None
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)
