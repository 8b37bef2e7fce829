"""Acting for an enterprise or another person: bounded, revocable, looked up at every use (T37)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Registry, emit, now, system
from tongban.base.ledger.api import write

from . import data, models

EVERYTHING = "*"

# Filled from above, by the principal's kind: whom a person represents, with their names.
principal_lists: Registry[Callable[[Ref], list[tuple[Ref, str]]]] = Registry("principal_lists")


def authorise_agent(
    principal: Ref,
    agent: Ref,
    *,
    until: datetime,
    by: Ref,
    scopes: Sequence[str] = (EVERYTHING,),
    principal_name: str = "",
    accepted: bool = True,
) -> data.Agency:
    """Record that `agent` may act for `principal` until a moment, within scopes such as
    `enterprise_registration`.

    `accepted=False` waits for the agent's word.
    `by` must own the principal: the person itself, or who a register above says represents it; else
    `Refused`.
    """
    if until <= now():
        raise Invalid({"until": _("The end must be in the future.")})
    if not scopes:
        raise Invalid({"scopes": _("Please say for which matters the authorisation holds.")})
    if not owns(by, principal):
        raise Refused(_("Only the legal representative can give this authorisation."))
    with system():  # the principal sees no account but their own
        person = models.Person.objects.filter(public_id=agent.id, kind=data.PersonKind.CITIZEN, is_active=True).first()
        if person is None:
            raise NotFound(_("There is no such person."))
        row = models.Agency.objects.create(
            principal_kind=principal.kind,
            principal_id=principal.id,
            principal_name=principal_name,
            agent=person,
            scopes=list(scopes),
            until=until,
            granted_by=str(by),
            accepted_at=now() if accepted else None,
        )
        write(
            "identity.agency.given",
            row.ref,
            by=by,
            principal=str(principal),
            agent=str(agent),
            scopes=list(scopes),
        )
    return _agency(row)


def revoke_agent(agency: Ref, by: Ref) -> None:
    """End it now; the agent's next request in the principal's name is refused. The agent may give it up as
    well."""
    with system():
        row = models.Agency.objects.select_for_update().filter(public_id=agency.id).first()
        if row is None or not (row.agent.ref == by or owns(by, Ref(row.principal_kind, row.principal_id))):
            raise NotFound(_("There is no such authorisation."))
        if row.revoked_at is not None:
            return
        row.revoked_at, row.revoked_by = now(), str(by)
        row.save(update_fields=["revoked_at", "revoked_by"])
        principal = Ref(row.principal_kind, row.principal_id)
        write("identity.agency.revoked", agency, by=by, principal=str(principal), agent=str(row.agent.ref))
        emit(data.AgencyRevoked(agency, principal, row.agent.ref))


def accept_agency(agency: Ref, agent: Ref) -> None:
    """The agent takes it on; before that nobody can act under it."""
    with transaction.atomic():
        offered = models.Agency.objects.select_for_update(of=("self",))
        row = offered.filter(public_id=agency.id, agent__public_id=agent.id).first()
        if row is None or row.revoked_at is not None or row.until <= now():
            raise NotFound(_("There is no such authorisation."))
        if row.accepted_at is None:
            row.accepted_at = now()
            row.save(update_fields=["accepted_at"])
            write("identity.agency.accepted", agency, by=agent, principal=f"{row.principal_kind}:{row.principal_id}")


def represented(person: Ref) -> dict[Ref, str]:
    """Whom registers above say somebody represents at this moment, with their names."""
    return dict(found for _kind, lists in principal_lists.items() for found in lists(person))


def own_principals(person: Ref) -> list[tuple[Ref, str]]:
    """For whom somebody may authorise agents: themselves, and whom they represent."""
    return [(person, ""), *represented(person).items()]


def agencies_given(person: Ref) -> list[data.Agency]:
    """Authorisations somebody gave for themselves or for those they represent, newest first, ended ones too."""
    mine = Q(granted_by=str(person))
    for principal, _title in own_principals(person):
        mine |= Q(principal_kind=principal.kind, principal_id=principal.id)
    with system():  # the agents' names are shown to whom they act for
        return [
            _agency(row) for row in models.Agency.objects.select_related("agent").filter(mine).order_by("-pk")[:100]
        ]


def agencies_offered(agent: Ref) -> list[data.Agency]:
    """Authorisations that wait for the agent's word."""
    rows = _running().filter(agent__public_id=agent.id, accepted_at=None)
    return [_agency(row) for row in rows.order_by("-pk")]


def owns(person: Ref, principal: Ref) -> bool:
    """Whether the person may speak for the principal without any authorisation."""
    from .people import principal_owners

    if person == principal:
        return True
    return principal.kind in principal_owners and principal_owners.get(principal.kind)(person, principal)


def may_act_for(actor: data.Actor, principal: Ref, scope: str = "") -> bool:
    """Whether the actor may act for the principal in this matter at this moment; asks the database each
    time."""
    if actor.public:
        return False
    if owns(actor.person, principal):
        return True
    rows = _live().filter(agent__public_id=actor.person.id, principal_kind=principal.kind, principal_id=principal.id)
    return any(not scope or EVERYTHING in row.scopes or scope in row.scopes for row in rows)


def require_agent(actor: data.Actor, principal: Ref, scope: str = "") -> None:
    """`Refused` unless the actor may act for the principal in this matter now."""
    if not may_act_for(actor, principal, scope):
        raise Refused(_("Your authorisation to act for this party has ended."), code="agency_ended")


def agencies_of(agent: Ref) -> list[data.Agency]:
    """Live authorisations of a person, newest first."""
    return [_agency(row) for row in _live().filter(agent__public_id=agent.id).order_by("-pk")]


def live_agency(id_: str, agent: Ref) -> data.Agency | None:
    """The authorisation if it is this agent's and holds at this moment."""
    with system():  # asked before the actor is made
        row = _live().filter(public_id=id_, agent__public_id=agent.id).first()
    return _agency(row) if row else None


def _live() -> QuerySet[models.Agency]:
    return _running().exclude(accepted_at=None)


def _running() -> QuerySet[models.Agency]:
    moment = now()
    return models.Agency.objects.select_related("agent").filter(
        revoked_at=None, valid_from__lte=moment, until__gt=moment, agent__is_active=True
    )


def _agency(row: models.Agency) -> data.Agency:
    return data.Agency(
        ref=row.ref,
        principal=Ref(row.principal_kind, row.principal_id),
        principal_name=row.principal_name,
        agent=row.agent.ref,
        scopes=tuple(row.scopes),
        valid_from=row.valid_from,
        until=row.until,
        revoked=row.revoked_at,
        accepted=row.accepted_at,
        agent_name=row.agent.name,
    )
