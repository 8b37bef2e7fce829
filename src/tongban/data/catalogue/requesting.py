"""Requests: ask, check, decide, mediate, each within its limit (DATA-06, DATA-43; standards.md 3.3)."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Stale, Text, emit, now, today
from tongban.base.ledger.api import write
from tongban.engine.notify.api import tell
from tongban.trust.identity.api import Actor, conflicts, office, office_by_role, require
from tongban.trust.identity.data import OFFICE

from . import descriptions, granting, models, numbering
from .clocks import every
from .data import (
    COMPLIANCE,
    REPLY,
    REQUEST,
    Request,
    RequestMade,
    RequestOverdue,
    RequestState,
    Sharing,
    State,
    Wish,
)
from .queries import DECIDE, MANAGE
from .queries import REQUEST as ASK
from .requested import as_requests
from .titles import REQUEST_STATES

LONGEST = timedelta(days=3 * 366)
UNDER_WAY = (RequestState.CHECK, RequestState.OWNER, RequestState.RETURNED, RequestState.MEDIATION)
_AUTHORITY = "data"


def request(actor: Actor, wish: Wish) -> Request:
    """Ask for items of a published resource. What is shared without condition and names nobody is granted at once; all
    else goes to the authority's check. `Refused` where the law forbids sharing, or the same is already asked for."""
    require(actor, ASK, wish.office)
    with transaction.atomic():
        resource = _resource(wish)
        _require_whole(wish, resource)
        row = models.Request(number=numbering.of_year("QQ"), resource=resource, by=str(actor.person))
        _wished(row, wish)
        _leaf("made", row, actor, number=row.number, resource=resource.code, items=row.items, basis=row.basis)
        if resource.sharing == Sharing.UNCONDITIONAL and not _personal(row):
            _agreed(row, row.items, RequestState.GRANTED, actor)
        else:
            _to_check(row)
        row.save()
        emit(RequestMade(row.public_id, resource.public_id))
    return as_requests([row])[0]


def resubmit(actor: Actor, id: str, wish: Wish, version: int) -> Request:
    """Hand a returned request in again."""
    with transaction.atomic():
        row = _lock(id, version, RequestState.RETURNED)
        require(actor, ASK, Ref(OFFICE, row.office))
        _require_whole(wish, row.resource)
        if (wish.resource, wish.office.id) != (row.resource.public_id, row.office):
            raise Invalid({"resource": _("A request stays with its resource and its office.")})
        _wished(row, wish)
        _to_check(row)
        _keep(row, "resubmitted", actor, items=row.items)
    return as_requests([row])[0]


def check(actor: Actor, id: str, passed: bool, opinion: str, version: int) -> Request:
    """The authority's check of basis, purpose and extent, within two working days. What passes goes to the owner, or is
    granted where sharing has no condition; what does not goes back with the opinion."""
    with transaction.atomic():
        row = _lock(id, version, RequestState.CHECK)
        _require_other(actor, MANAGE, row)
        calendars.close(_ref(row), COMPLIANCE, by=actor.by)
        row.reason, row.due = opinion.strip(), None
        if not passed:
            if not row.reason:
                raise Invalid({"opinion": _("Say what has to be changed.")})
            row.state = RequestState.RETURNED
            _tell_asker(row)
        elif row.resource.sharing == Sharing.UNCONDITIONAL:
            _agreed(row, row.items, RequestState.GRANTED, actor)
        else:
            _to_owner(row)
        _keep(row, "checked", actor, passed=passed, opinion=row.reason)
    return as_requests([row])[0]


def decide(actor: Actor, id: str, given: Collection[str], reason: str, law: str, version: int) -> Request:
    """The owner's decision within ten working days: all items, some of them with a reason, or none with reason and law.
    Not by who asked (T4)."""
    with transaction.atomic():
        row = _lock(id, version, RequestState.OWNER)
        _require_other(actor, DECIDE, row)
        items = _known(row, given)
        row.reason, row.law = reason.strip(), law.strip()
        if len(items) < len(row.items) and not row.reason:
            raise Invalid({"reason": _("Say why not everything is given.")})
        if not items and not row.law:
            raise Invalid({"law": _("Only a law can forbid sharing: cite law and article.")})
        calendars.close(_ref(row), REPLY, by=actor.by)
        row.due = None
        if items:
            whole = len(items) == len(row.items)
            _agreed(row, items, RequestState.GRANTED if whole else RequestState.PARTIAL, actor)
        else:
            row.state = RequestState.REFUSED
        _tell_asker(row)
        _keep(row, "decided", actor, outcome=str(row.state), given=items, reason=row.reason, law=row.law)
    return as_requests([row])[0]


def mediation(actor: Actor, id: str, reason: str, version: int) -> Request:
    """Ask the authority to mediate after a refusal."""
    if not reason.strip():
        raise Invalid({"reason": _("Please say why.")})
    with transaction.atomic():
        row = _lock(id, version, RequestState.REFUSED)
        require(actor, ASK, Ref(OFFICE, row.office))
        row.state = RequestState.MEDIATION
        _keep(row, "disputed", actor, reason=reason.strip())
        if authority := _authority(row):
            tell(
                authority,
                "catalogue.to_check",
                _facts(row, None),
                link=_link(row),
                once=f"dispute:{row.public_id}:{row.version}",
            )
    return as_requests([row])[0]


def mediate(actor: Actor, id: str, given: Collection[str], opinion: str, version: int) -> Request:
    """The authority's word in a dispute: the items that are to be given, or none."""
    if not opinion.strip():
        raise Invalid({"opinion": _("Please say why.")})
    with transaction.atomic():
        row = _lock(id, version, RequestState.MEDIATION)
        _require_other(actor, MANAGE, row)
        items = _known(row, given)
        row.reason = opinion.strip()
        if items:
            whole = len(items) == len(row.items)
            _agreed(row, items, RequestState.GRANTED if whole else RequestState.PARTIAL, actor)
        else:
            row.state = RequestState.REFUSED
        _tell_asker(row)
        _keep(row, "mediated", actor, outcome=str(row.state), given=items, opinion=row.reason)
    return as_requests([row])[0]


def withdraw(actor: Actor, id: str, version: int) -> Request:
    """Who asked needs it no more."""
    with transaction.atomic():
        row = _lock(id, version)
        require(actor, ASK, Ref(OFFICE, row.office))
        if row.state not in UNDER_WAY:
            raise Refused(_("This request has been decided."), code="stage")
        calendars.close(_ref(row), by=actor.by, dropped=True)
        row.state, row.due = RequestState.WITHDRAWN, None
        _keep(row, "withdrawn", actor)
    return as_requests([row])[0]


def watch() -> int:
    """Remind owners of what is due within two working days; tell supervision of what is overdue, once for each limit.
    Nightly; how many are newly overdue."""
    for one in every(calendars.due_soon, REQUEST):
        row = _of(one)
        if row and (to := _responsible(row)):
            tell(to, "catalogue.due_soon", _facts(row, one.due), link=_link(row), once=f"soon:{one.id}")
    found = 0
    for one in every(calendars.overdue, REQUEST):
        row = _of(one)
        if row is None or row.overdue == one.code or one.due is None:
            continue
        with transaction.atomic():
            models.Request.objects.filter(pk=row.pk).update(overdue=one.code)
            to = _responsible(row)
            write("catalogue.request.overdue", _ref(row), code=one.code, due=one.due.isoformat())
            emit(RequestOverdue(row.public_id, one.code, to, one.due))
            if to:
                tell(to, "catalogue.overdue", _facts(row, one.due), link=_link(row), once=f"overdue:{one.id}")
        found += 1
    return found


def move_due(id: str, due: date | None) -> None:
    """The clock moved the date."""
    models.Request.objects.filter(public_id=id, state__in=UNDER_WAY).update(due=due)


# --- what they are made of ------------------------------------------------------------------------------


def _resource(wish: Wish) -> models.Resource:
    """The resource, locked, so that a second click finds the first one's request (T36)."""
    row = models.Resource.objects.select_for_update().filter(public_id=wish.resource, state=State.PUBLISHED).first()
    if row is None:
        raise NotFound
    if row.provider == wish.office.id:
        raise Refused(_("Your own office has these data."), code="own")
    if row.sharing == Sharing.REFUSED:
        law = row.content.get("law", "")
        raise Refused(_("The law forbids sharing this resource: {law}").format(law=law), code="law")
    same = models.Request.objects.filter(
        resource=row, office=wish.office.id, mode=str(wish.mode), items=sorted(set(wish.items)), state__in=UNDER_WAY
    )
    if same.exists():
        raise Refused(_("Your office has asked for the same already."), code="twice")
    return row


_TEXTS = {"basis": 500, "purpose": 1000, "system": 100, "frequency": 60}


def _require_whole(wish: Wish, resource: models.Resource) -> None:
    errors: dict[str, Text] = {}
    for name, length in _TEXTS.items():
        text = getattr(wish, name).strip()
        if not text:
            errors[name] = _("Please fill this in.")
        elif len(text) > length:
            errors[name] = _("At most {n} characters.").format(n=length)
    description = descriptions.from_json(resource.content)
    if not wish.items or set(wish.items) - {item.name for item in description.items}:
        errors["items"] = _("Choose the items that you need.")
    if wish.mode not in description.modes:
        errors["mode"] = _("This resource is not shared in this way.")
    if not today() < wish.until <= today() + LONGEST:
        errors["until"] = _("A date from tomorrow on, at most three years ahead.")
    if errors:
        raise Invalid(errors)


def _wished(row: models.Request, wish: Wish) -> None:
    row.office, row.provider = wish.office.id, row.resource.provider
    row.items, row.mode, row.until = sorted(set(wish.items)), str(wish.mode), wish.until
    for name in _TEXTS:
        setattr(row, name, getattr(wish, name).strip())


def _personal(row: models.Request) -> bool:
    description = descriptions.from_json(row.resource.content)
    return any(item.personal for item in description.items if item.name in row.items)


def _to_check(row: models.Request) -> None:
    row.state, row.due = RequestState.CHECK, calendars.open_deadline(_ref(row), COMPLIANCE, now()).due
    if authority := _authority(row):
        tell(
            authority,
            "catalogue.to_check",
            _facts(row, row.due),
            link=_link(row),
            once=f"check:{row.public_id}:{row.version}",
        )


def _to_owner(row: models.Request) -> None:
    row.state, row.due = RequestState.OWNER, calendars.open_deadline(_ref(row), REPLY, now()).due
    owner = Ref(OFFICE, row.provider)
    tell(
        owner, "catalogue.requested", _facts(row, row.due), link=_link(row), once=f"owner:{row.public_id}:{row.version}"
    )


def _agreed(row: models.Request, items: list[str], state: RequestState, actor: Actor) -> None:
    row.state, row.given = state, items
    row.save()
    granting.give(row, items, actor)


def _known(row: models.Request, given: Collection[str]) -> list[str]:
    if beyond := set(given) - set(row.items):
        raise Invalid({"given": _("Not asked for: {items}").format(items=", ".join(sorted(beyond)))})
    return [name for name in row.items if name in given]


def _require_other(actor: Actor, right: str, row: models.Request) -> None:
    require(actor, right, Ref(OFFICE, row.provider))
    if conflicts(actor, [Ref.parse(row.by)]):
        raise Refused(_("You made this request. Somebody else has to decide it."), code="conflict")


def _lock(id: str, version: int, state: RequestState | None = None) -> models.Request:
    rows = models.Request.objects.select_for_update(of=("self",)).select_related("resource")
    row = rows.filter(public_id=id).first()
    if row is None:
        raise NotFound
    if row.version != version:
        raise Stale
    if state and row.state != state:
        raise Refused(_("This request is not at that stage."), code="stage")
    return row


def _keep(row: models.Request, what: str, actor: Actor, **facts: Any) -> None:
    row.version += 1
    row.save()
    _leaf(what, row, actor, **facts)


def _authority(row: models.Request) -> Ref | None:
    """The office that looks after the catalogue where the owner is: it plays the part `data`."""
    with suppress(NotFound):
        return office_by_role(_AUTHORITY, office(Ref(OFFICE, row.provider)).division).ref
    return None


def _responsible(row: models.Request) -> Ref | None:
    return Ref(OFFICE, row.provider) if row.state == RequestState.OWNER else _authority(row)


def _of(deadline: calendars.Deadline) -> models.Request | None:
    rows = models.Request.objects.filter(public_id=deadline.subject.id, state__in=UNDER_WAY)
    return rows.select_related("resource").first()


def _tell_asker(row: models.Request) -> None:
    facts = {"title": row.resource.title, "number": row.number, "outcome": str(REQUEST_STATES[RequestState(row.state)])}
    tell(
        Ref(OFFICE, row.office),
        "catalogue.decided",
        facts,
        link=_link(row),
        once=f"decided:{row.public_id}:{row.version}",
    )


def _facts(row: models.Request, due: date | None) -> dict[str, str]:
    return {
        "title": row.resource.title,
        "number": row.number,
        "office": office(Ref(OFFICE, row.office)).title,
        "due": due.isoformat() if due else "",
    }


def _link(row: models.Request) -> str:
    return f"/catalogue/requests/{row.public_id}/"


def _ref(row: models.Request) -> Ref:
    return Ref(REQUEST, row.public_id)


def _leaf(what: str, row: models.Request, actor: Actor, **facts: Any) -> None:
    write(f"catalogue.request.{what}", _ref(row), by=actor.by, **facts)
