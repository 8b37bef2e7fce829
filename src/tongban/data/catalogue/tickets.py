"""Tickets: what an assessment found goes to the source and stays open until an assessment finds it mended."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused
from tongban.base.ledger.api import write
from tongban.engine.notify.api import tell
from tongban.trust.identity.api import Actor, require
from tongban.trust.identity.data import OFFICE

from . import models
from .data import TICKET, Rule, RuleKind, RuleResult, Ticket, TicketState
from .queries import EDIT
from .titles import RULES


def follow(resource: models.Resource, results: Sequence[RuleResult]) -> None:
    """Open a ticket for each rule that is broken, close those whose rule holds again or is gone."""
    open_ = {(row.kind, row.item, row.setting): row for row in resource.tickets.exclude(state=TicketState.CLOSED)}
    for one in results:
        row = open_.pop((str(one.rule.kind), one.rule.item, one.rule.setting), None)
        if one.broken and row is None:
            _begin(resource, one)
        elif row and one.broken:
            models.Ticket.objects.filter(pk=row.pk).update(broken=one.broken, state=TicketState.OPEN)
        elif row:
            _close(row)
    for row in open_.values():
        _close(row)


def _begin(resource: models.Resource, one: RuleResult) -> None:
    row = models.Ticket.objects.create(
        resource=resource,
        kind=str(one.rule.kind),
        item=one.rule.item,
        setting=one.rule.setting,
        broken=one.broken,
        state=TicketState.OPEN,
    )
    write("catalogue.ticket.opened", Ref(TICKET, row.public_id), resource=resource.code, broken=one.broken)
    facts = {"title": resource.title, "broken": one.broken, "rule": f"{one.rule.item} {RULES[one.rule.kind]}".strip()}
    tell(Ref(OFFICE, resource.provider), "catalogue.ticket", facts, link="/catalogue/quality/", once=row.public_id)


def _close(row: models.Ticket) -> None:
    models.Ticket.objects.filter(pk=row.pk).update(state=TicketState.CLOSED)
    write("catalogue.ticket.closed", Ref(TICKET, row.public_id))


def answer_ticket(actor: Actor, id: str, answer: str) -> Ticket:
    """The source says what it did; the next assessment sees whether it holds."""
    if not answer.strip():
        raise Invalid({"answer": _("Say what you did.")})
    with transaction.atomic():
        row = (
            models.Ticket.objects.select_for_update(of=("self",))
            .select_related("resource")
            .filter(public_id=id)
            .first()
        )
        if row is None:
            raise NotFound
        require(actor, EDIT, Ref(OFFICE, row.resource.provider))
        if row.state == TicketState.CLOSED:
            raise Refused(_("This ticket is closed."), code="stage")
        row.answer, row.state = answer.strip()[:2000], TicketState.ANSWERED
        row.save(update_fields=["answer", "state"])
        write("catalogue.ticket.answered", Ref(TICKET, id), by=actor.by, answer=row.answer)
    return _data(row)


def tickets(provider: Ref | None = None, resource: str = "", open_only: bool = True, limit: int = 100) -> list[Ticket]:
    """Tickets, newest first."""
    rows = models.Ticket.objects.select_related("resource").order_by("-id")
    if provider:
        rows = rows.filter(resource__provider=provider.id)
    if resource:
        rows = rows.filter(resource__public_id=resource)
    if open_only:
        rows = rows.exclude(state=TicketState.CLOSED)
    return [_data(row) for row in rows[:limit]]


def _data(row: models.Ticket) -> Ticket:
    return Ticket(
        id=row.public_id,
        resource=row.resource.public_id,
        resource_title=row.resource.title,
        provider=Ref(OFFICE, row.resource.provider),
        rule=Rule(RuleKind(row.kind), row.item, row.setting),
        broken=row.broken,
        state=TicketState(row.state),
        at=row.at,
        answer=row.answer,
    )
