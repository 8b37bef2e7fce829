"""Grants: what an office may take, asked at each use, counted, suspended, revoked, expired (DATA-06)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, emit, now, today
from tongban.base.ledger.api import write
from tongban.engine.notify.api import tell
from tongban.trust.identity.api import Actor, may, offices_by_ref
from tongban.trust.identity.data import OFFICE

from . import models, numbering, supplying
from .data import GRANT, Grant, GrantEnded, GrantGiven, GrantState, Mode
from .queries import DECIDE, MANAGE

LIVE = (GrantState.ACTIVE, GrantState.SUSPENDED)


def give(request: models.Request, items: Collection[str], actor: Actor) -> models.Grant:
    """The grant of a request that was agreed to. Part of the caller's transaction."""
    row = models.Grant.objects.create(
        number=numbering.of_year("SQ"),
        request=request,
        resource=request.resource,
        office=request.office,
        items=[name for name in request.items if name in items],
        mode=request.mode,
        since=today(),
        until=request.until,
        state=GrantState.ACTIVE,
    )
    _leaf("given", row, actor, number=row.number, items=row.items, until=row.until.isoformat())
    supplying.begin(row)
    emit(GrantGiven(row.public_id, row.resource.public_id, Ref(OFFICE, row.office)))
    return row


def suspend(actor: Actor, id: str, reason: str) -> Grant:
    """Stop a grant for a while: its owner or the authority, for misuse or trouble. `resume` lets it go on."""
    return _turn(actor, id, GrantState.SUSPENDED, reason, (GrantState.ACTIVE,))


def resume(actor: Actor, id: str) -> Grant:
    """Let a suspended grant go on."""
    return _turn(actor, id, GrantState.ACTIVE, _("resumed"), (GrantState.SUSPENDED,))


def revoke(actor: Actor, id: str, reason: str) -> Grant:
    """End a grant for good: its owner or the authority; or the office that holds it, when it needs it no more."""
    return _turn(actor, id, GrantState.REVOKED, reason, LIVE)


def _turn(actor: Actor, id: str, state: GrantState, reason: str, before: Collection[GrantState]) -> Grant:
    if not reason.strip():
        raise Invalid({"reason": _("Please say why.")})
    with transaction.atomic():
        row = (
            models.Grant.objects.select_for_update(of=("self",)).filter(public_id=id).select_related("resource").first()
        )
        if row is None:
            raise NotFound
        access_grant(actor, row, state)
        if row.state not in before:
            raise Refused(_("This grant is no longer in that state."), code="stage")
        if state is GrantState.ACTIVE and row.until < today():
            raise Refused(_("This grant has ended."), code="expired")
        row.state, row.reason = state, reason.strip()
        row.save(update_fields=["state", "reason"])
        _leaf(str(state), row, actor, reason=row.reason)
        _told(row)
    return _data([row])[0]


def access_grant(actor: Actor, row: models.Grant, state: GrantState | None = None) -> None:
    """Both offices and the authority know of a grant; `NotFound` to others. `state`: may they bring it there?"""
    provider, holder = Ref(OFFICE, row.resource.provider), Ref(OFFICE, row.office)
    giver = may(actor, DECIDE, provider) or may(actor, MANAGE, provider)
    if not giver and holder not in actor.offices:
        raise NotFound
    if state and not giver and not (state is GrantState.REVOKED and may(actor, "catalogue.request", holder)):
        raise Refused(code="permission")


def end_all(resource: models.Resource, actor: Actor, reason: str) -> None:
    """The resource is retired: nobody takes anything of it any more."""
    for row in resource.grants.select_for_update().filter(state__in=LIVE):
        row.resource, row.state, row.reason = resource, GrantState.REVOKED, reason
        row.save(update_fields=["state", "reason"])
        _leaf("revoked", row, actor, reason=reason)
        _told(row)


def expire() -> int:
    """End the grants whose time is over, and tell both sides. Nightly; how many."""
    over = models.Grant.objects.select_for_update(of=("self",)).filter(state__in=LIVE, until__lt=today())
    with transaction.atomic():
        rows = list(over.select_related("resource")[:5000])
        for row in rows:
            row.state, row.reason = GrantState.EXPIRED, _("its time is over")
            row.save(update_fields=["state", "reason"])
            _leaf("expired", row, None)
            _told(row)
    return len(rows)


def _told(row: models.Grant) -> None:
    office, resource = Ref(OFFICE, row.office), row.resource
    if row.state == GrantState.ACTIVE:
        emit(GrantGiven(row.public_id, resource.public_id, office))
        return
    if row.state != GrantState.SUSPENDED:
        supplying.ended(row)
    emit(GrantEnded(row.public_id, resource.public_id, office, row.state))
    facts = {"number": row.number, "title": resource.title, "reason": row.reason}
    once = f"{row.state}:{row.public_id}:{now():%Y%m%d%H%M%S}"
    for side in (office, Ref(OFFICE, resource.provider)):
        tell(side, "catalogue.grant_ended", facts, link=supplying.link(row), once=f"{once}:{side.id}")


# --- reading and using ----------------------------------------------------------------------------------


def grant(id: str) -> Grant:
    """The grant with this id or 授权编号. `NotFound`."""
    rows = _with_use().filter(Q(public_id=id) | Q(number=id))
    found = _data(rows)
    if not found:
        raise NotFound
    return found[0]


def grants(
    office: Ref | None = None, provider: Ref | None = None, resource: str = "", state: GrantState | None = None,
    limit: int = 100,
) -> list[Grant]:  # fmt: skip
    """Grants, newest first: of the office that holds them, of the owner of the data, of one resource."""
    rows = _with_use().order_by("-id")
    if office:
        rows = rows.filter(office=office.id)
    if provider:
        rows = rows.filter(resource__provider=provider.id)
    if resource:
        rows = rows.filter(resource__public_id=resource)
    if state:
        rows = rows.filter(state=state)
    return _data(rows[:limit])


def live_grant(id: str, office: Ref, mode: Mode, items: Iterable[str]) -> Grant:
    """The grant, if this office may at this moment take these items in this way. `Refused` with a code says why not:
    unknown, state, expired, mode, items. Asked at every use: a revocation counts from the next one."""
    row = models.Grant.objects.filter(Q(public_id=id) | Q(number=id)).select_related("resource").first()
    if row is None or row.office != office.id:  # somebody else's number is no better than an invented one (T13)
        raise Refused(_("There is no such grant for this office."), code="unknown")
    if row.until < today():
        raise Refused(_("This grant has ended."), code="expired")
    if row.state != GrantState.ACTIVE:
        raise Refused(_("This grant is not in force: {reason}").format(reason=row.reason), code="state")
    if row.mode != mode:
        raise Refused(_("This grant is for another way of sharing."), code="mode")
    if beyond := set(items) - set(row.items):
        raise Refused(_("Not granted: {items}").format(items=", ".join(sorted(beyond))), code="items")
    return _data([row])[0]


def count_use(id: str, rows: int, uses: int = 1) -> None:
    """Uses of a grant, by which `rows` rows were handed out in all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalogue_use AS u (grant_id, day, uses, rows, last) "
            "SELECT id, %s, %s, %s, %s FROM catalogue_grant WHERE public_id = %s OR number = %s "
            "ON CONFLICT (grant_id, day) DO UPDATE SET uses = u.uses + excluded.uses, rows = u.rows + excluded.rows, "
            "last = greatest(u.last, excluded.last)",
            [today(), uses, rows, now(), id, id],
        )
        if not cursor.rowcount:
            raise NotFound
    supplying.used(id)


def use_by_day(id: str, limit: int = 31) -> list[tuple[date, int, int]]:
    """Day, uses and rows, newest first."""
    rows = models.Use.objects.filter(grant__public_id=id).order_by("-day")
    return list(rows.values_list("day", "uses", "rows")[:limit])


def access(actor: Actor, id: str) -> Grant:
    """A grant for this person to see. `NotFound`."""
    row = models.Grant.objects.filter(public_id=id).select_related("resource").first()
    if row is None:
        raise NotFound
    access_grant(actor, row)
    return grant(id)


def _with_use() -> QuerySet[Any]:
    totals = {"total_uses": Sum("used__uses"), "total_rows": Sum("used__rows"), "last": Max("used__last")}
    return models.Grant.objects.select_related("resource", "request").annotate(**totals)


def _data(rows: Iterable[Any]) -> list[Grant]:
    rows = list(rows)
    offices = offices_by_ref({Ref(OFFICE, row.office) for row in rows})
    return [
        Grant(
            id=row.public_id,
            number=row.number,
            resource=row.resource.public_id,
            resource_code=row.resource.code,
            resource_title=row.resource.title,
            provider=Ref(OFFICE, row.resource.provider),
            office=Ref(OFFICE, row.office),
            office_code=found.code if (found := offices.get(Ref(OFFICE, row.office))) else "",
            items=tuple(row.items),
            mode=Mode(row.mode),
            purpose=row.request.purpose,
            basis=row.request.basis,
            frequency=row.request.frequency,
            since=row.since,
            until=row.until,
            state=GrantState(row.state),
            uses=getattr(row, "total_uses", None) or 0,
            rows=getattr(row, "total_rows", None) or 0,
            last_used=getattr(row, "last", None),
            reason=row.reason,
            supply_due=row.supply_due,
            supplied_at=row.supplied_at,
        )
        for row in rows
    ]


def _leaf(what: str, row: models.Grant, actor: Actor | None, **facts: Any) -> None:
    write(f"catalogue.grant.{what}", Ref(GRANT, row.public_id), by=actor.by if actor else None, **facts)
