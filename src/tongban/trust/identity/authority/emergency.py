"""Break-glass: personal data opened in an emergency by two officers, for an hour, and told to the person concerned."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, emit, now
from tongban.base.ledger.api import write

from .. import data, grants, models
from ..access import conflicts, require
from .data import EmergencyOpened

OPEN = "identity.emergency"
HOUR = timedelta(hours=1)
WAITS = timedelta(minutes=30)


def ask_emergency(actor: data.Actor, subject: Ref, reason: str) -> models.Emergency:
    """Say whose data must be seen now, and why. Nothing is open until a second officer agrees, within half an hour."""
    require(actor, OPEN)
    if len(reason.strip()) < 10:
        raise Invalid({"reason": _("Please say in a sentence what has happened.")})
    with transaction.atomic():
        row = models.Emergency.objects.create(
            officer=str(actor.person), subject=str(subject), reason=reason.strip()[:500]
        )
        write("identity.emergency.asked", row.ref, by=actor.by, whom=str(subject))
    return row


def second_emergency(actor: data.Actor, id_: str) -> models.Emergency:
    """A second officer agrees: the first sees this one person's rows for an hour. Person and auditors are told."""
    require(actor, OPEN)
    with transaction.atomic():
        row = models.Emergency.objects.select_for_update().filter(public_id=id_).first()
        if row is None:
            raise NotFound(_("There is no such request."))
        if row.second or row.asked_at < now() - WAITS:
            raise Refused(_("This request is over. Please ask again."), code="done")
        officer, subject = Ref.parse(row.officer), Ref.parse(row.subject)
        if conflicts(actor, [officer, subject]):
            raise Refused(
                _("A second officer has to agree: not the first, and not the person concerned."), code="conflict"
            )
        row.second, row.opened_at, row.until = str(actor.person), now(), now() + HOUR
        row.save()
        grants.purpose_grant(officer, row.ref, subject, row.until, by=actor.person)
        write("identity.emergency.opened", row.ref, by=actor.by, officer=row.officer, whom=row.subject)
        write("identity.emergency.seen", subject, by=officer, why=row.reason, emergency=row.public_id)
        emit(EmergencyOpened(row.ref, subject, officer, row.until.isoformat()))
    return row


def emergencies(size: int = 50) -> list[models.Emergency]:
    """The latest, for officers who may agree and for auditors."""
    return list(models.Emergency.objects.order_by("-pk")[:size])
