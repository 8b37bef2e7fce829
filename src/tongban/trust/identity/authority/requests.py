"""Rights are asked for by one, confirmed by another: posts that carry roles, and grants (TRUST-05, T6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import SHANGHAI, Invalid, NotFound, Ref, Refused, emit, now, today
from tongban.base.ledger.api import write

from .. import data, grants, models, posts
from ..access import conflicts, may, require
from ..offices import _row
from ..people import _person_row
from ..permissions import permissions
from .data import RequestState, RightsAsked, RightsDecided, RightsRequest, Scope, scope_of

ASK, CONFIRM = "identity.manage", "identity.confirm"


def ask_post(
    actor: data.Actor,
    person: Ref,
    office: Ref,
    title: str,
    roles: Sequence[str] = (),
    *,
    valid_from: date | None = None,
    until: date | None = None,
    concurrent: bool = False,
    acting_for: Ref | None = None,
) -> data.Post | RightsRequest:
    """Put somebody into a post. One without roles gives no right and holds at once; one with roles waits for a security
    administrator. `Refused` and `Invalid` as `assign_post`."""
    require(actor, ASK, office)
    dates: dict[str, Any] = {"valid_from": valid_from or today(), "until": until, "concurrent": concurrent}
    if not roles:
        return posts.assign_post(person, office, title, acting_for=acting_for, by=actor.person, **dates)
    posts.check_post(person, roles, dates["valid_from"], until, acting_for, actor.person)
    stood_in = posts._post_row(acting_for) if acting_for else None
    return _ask(actor, "post", person, office, title=title, roles=list(roles), acting_for=stood_in, **dates)


def ask_grant(
    actor: data.Actor, person: Ref, permission: str, office: Ref | None, *, until: date, purpose: str,
    scope: Scope | None = None,
) -> RightsRequest:  # fmt: skip
    """Ask for one permission over an office and all below it until a day (inclusive), for somebody or for oneself."""
    if person != actor.person:
        require(actor, ASK, office)
    elif not actor.staff:
        raise Refused()
    end = datetime.combine(until, time(23, 59, 59), SHANGHAI)
    grants.check_grant(permission, purpose, end, now(), scope)
    kept = {name: value for name, value in asdict(scope or Scope()).items() if value}
    return _ask(actor, "grant", person, office, permission=permission, until=until, purpose=purpose.strip(), scope=kept)


def _ask(actor: data.Actor, kind: str, person: Ref, office: Ref | None, **values: Any) -> RightsRequest:
    with transaction.atomic():
        holder = _person_row(person)
        if holder.kind != data.PersonKind.STAFF or not holder.is_active:
            raise Refused(_("Only a member of staff with an open account can hold a right."))
        row = models.RightsRequest.objects.create(
            kind=kind,
            person=holder,
            person_ref=str(person),
            office=_row(office) if office else None,
            asked_by=str(actor.person),
            **values,
        )
        write("identity.rights.asked", row.ref, by=actor.by, person=str(person), office=str(office or ""))
        emit(RightsAsked(row.ref, person))
    return _request(row)


def decide_request(actor: data.Actor, id_: str, confirm: bool, reason: str = "") -> RightsRequest:
    """A security administrator confirms or refuses what somebody else asked for somebody else: then it holds.

    Who made himself approver (T6) meets a second person here. `Invalid` for a refusal without a reason.
    """
    with transaction.atomic():
        row = _locked(id_)
        require(actor, CONFIRM, row.office.ref if row.office else None)
        if conflicts(actor, [Ref.parse(each) for each in (row.asked_by, row.person_ref) if each]):
            raise Refused(_("Somebody else has to decide on what you asked for, or what is for you."), code="conflict")
        if not confirm and not reason.strip():
            raise Invalid({"reason": _("Please say why it is refused.")})
        row.decided_by, row.decided_at, row.reason = str(actor.person), now(), reason.strip()[:300]
        row.state = RequestState.CONFIRMED if confirm else RequestState.REFUSED
        row.result = str(_give(row, actor.person)) if confirm else ""
        row.save()
        write("identity.rights.decided", row.ref, by=actor.by, state=row.state, result=row.result)
        emit(RightsDecided(row.ref, Ref.parse(row.person_ref), row.state))
    return _request(row)


def _give(row: models.RightsRequest, by: Ref) -> Ref:
    person = Ref.parse(row.person_ref)
    if row.kind == "grant":
        assert row.until
        end = datetime.combine(row.until, time(23, 59, 59), SHANGHAI)
        office, scope = row.office.ref if row.office else None, scope_of(row.scope)
        return grants.grant(person, row.permission, office, until=end, purpose=row.purpose, scope=scope, by=by).ref
    assert row.office
    return posts.assign_post(
        person,
        row.office.ref,
        row.title,
        row.roles,
        valid_from=max(row.valid_from or today(), today()),
        until=row.until,
        concurrent=row.concurrent,
        acting_for=row.acting_for.ref if row.acting_for else None,
        by=by,
    ).ref


def withdraw_request(actor: data.Actor, id_: str) -> None:
    """Who asked takes it back; for anybody else there is no such request (T13)."""
    with transaction.atomic():
        if _found(id_).asked_by != str(actor.person):
            raise NotFound(_("There is no such request."))
        row = _locked(id_)
        row.state = RequestState.WITHDRAWN
        row.save(update_fields=["state"])
        write("identity.rights.withdrawn", row.ref, by=actor.by)


def open_requests(actor: data.Actor) -> list[RightsRequest]:
    """What waits for a decision, oldest first; for who may decide or asked."""
    rows = _rows().filter(state=RequestState.ASKED).order_by("pk")[:200]
    return [
        _request(row)
        for row in rows
        if may(actor, CONFIRM, row.office.ref if row.office else None) or row.asked_by == str(actor.person)
    ]


def requests_of(person: Ref) -> list[RightsRequest]:
    """Everything asked for one person, newest first."""
    return [_request(row) for row in _rows().filter(person__public_id=person.id).order_by("-pk")]


def latest_requests(size: int = 50) -> list[RightsRequest]:
    """The latest requests of all, for those who watch."""
    return [_request(row) for row in _rows().order_by("-pk")[:size]]


def request(id_: str) -> RightsRequest:
    """The request; `NotFound`."""
    return _request(_found(id_))


def _rows() -> Any:
    return models.RightsRequest.objects.select_related("person", "office", "acting_for")


def _found(id_: str) -> models.RightsRequest:
    row: models.RightsRequest | None = _rows().filter(public_id=id_).first()
    if row is None:
        raise NotFound(_("There is no such request."))
    return row


def _locked(id_: str) -> models.RightsRequest:
    _found(id_)
    row: models.RightsRequest = _rows().select_for_update(of=("self",)).get(public_id=id_)
    if row.state != RequestState.ASKED:
        raise Refused(_("This request is already decided."), code="done")
    return row


def _words(row: models.RightsRequest) -> str:
    if row.kind == "grant":
        title = permissions.get(row.permission) if row.permission in permissions else row.permission
        bound = " · ".join(
            filter(None, [row.scope.get("register"), *row.scope.get("fields", ()), row.scope.get("level")])
        )
        return f"{title} ({bound})" if bound else str(title)
    titles = dict(models.Role.objects.filter(key__in=row.roles).values_list("key", "title"))
    return f"{row.title}: {'、'.join(titles.get(role, role) for role in row.roles)}"


def _request(row: models.RightsRequest) -> RightsRequest:
    return RightsRequest(
        ref=row.ref,
        kind=row.kind,
        person=Ref.parse(row.person_ref),
        person_name=row.person.name,
        office=row.office.ref if row.office else None,
        office_title=row.office.title if row.office else "",
        words=_words(row),
        purpose=row.purpose,
        valid_from=row.valid_from,
        until=row.until,
        state=RequestState(row.state),
        asked_by=Ref.parse(row.asked_by) if row.asked_by else None,
        asked_at=row.asked_at,
        decided_by=Ref.parse(row.decided_by) if row.decided_by else None,
        decided_at=row.decided_at,
        reason=row.reason,
    )
