"""Reading requests: one's own, those that wait, one for those it concerns."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress

from django.db.models import Q, QuerySet

from tongban.base.kernel.api import NotFound, Ref
from tongban.trust.identity.api import Actor, may
from tongban.trust.identity.data import OFFICE

from . import models
from .data import Mode, Request, RequestState
from .queries import DECIDE, MANAGE, own_offices


def requested(id: str) -> Request:
    """The request with this id. `NotFound`."""
    found = as_requests(models.Request.objects.filter(public_id=id).select_related("resource", "grant"))
    if not found:
        raise NotFound
    return found[0]


def access(actor: Actor, id: str) -> Request:
    """A request for those it concerns: the office that asks, the owner, the authority. `NotFound` else (T13)."""
    found = requested(id)
    if found.office in actor.offices or any(may(actor, right, found.provider) for right in (DECIDE, MANAGE)):
        return found
    raise NotFound


def requests(
    office: Ref | None = None, provider: Ref | None = None, states: Collection[RequestState] = (), after: str = "",
    size: int = 30,
) -> list[Request]:  # fmt: skip
    """Requests, newest first: of an office, for an owner's data, in these states. Keyset: `after` is the last id."""
    rows: QuerySet[models.Request] = models.Request.objects.select_related("resource", "grant").order_by("-id")
    if office:
        rows = rows.filter(office=office.id)
    if provider:
        rows = rows.filter(provider=provider.id)
    if states:
        rows = rows.filter(state__in=[str(one) for one in states])
    if after:
        last = models.Request.objects.filter(public_id=after).values_list("pk", flat=True).first() or 0
        rows = rows.filter(pk__lt=last)
    return as_requests(rows[:size])


def to_do(actor: Actor, limit: int = 200) -> list[Request]:
    """Requests that wait for this person: to check or mediate, or as owner to decide; nearest due first."""
    waits = Q(state__in=[RequestState.CHECK, RequestState.OWNER, RequestState.MEDIATION])
    rows = models.Request.objects.filter(waits).select_related("resource").order_by("due", "id")
    if (offices := own_offices(actor, (DECIDE, MANAGE))) is not None:
        rows = rows.filter(provider__in=offices)
    mine = [
        one
        for one in as_requests(rows[: 5 * limit])
        if may(actor, DECIDE if one.state is RequestState.OWNER else MANAGE, one.provider)
    ]
    return mine[:limit]


def as_requests(rows: Iterable[models.Request]) -> list[Request]:
    return [
        Request(
            id=row.public_id,
            number=row.number,
            resource=row.resource.public_id,
            resource_title=row.resource.title,
            office=Ref(OFFICE, row.office),
            provider=Ref(OFFICE, row.provider),
            items=tuple(row.items),
            given=tuple(row.given),
            basis=row.basis,
            purpose=row.purpose,
            system=row.system,
            mode=Mode(row.mode),
            frequency=row.frequency,
            until=row.until,
            state=RequestState(row.state),
            reason=row.reason,
            law=row.law,
            by=Ref.parse(row.by),
            at=row.at,
            due=row.due,
            version=row.version,
            grant=_grant_of(row),
        )
        for row in rows
    ]


def _grant_of(row: models.Request) -> str:
    with suppress(models.Grant.DoesNotExist):
        return row.grant.public_id if row.given else ""
    return ""
