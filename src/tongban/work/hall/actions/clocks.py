"""The clock moved by itself (a working day changed): lists follow and the applicant is told."""

from __future__ import annotations

from django.db import transaction

from tongban.base.calendars.data import Cause, DeadlineMoved
from tongban.base.ledger import api as ledger

from ..data import CASE
from ..limits import PROMISED
from ..models import Case, Work
from .notices import tell_applicant


def follow_deadline(event: DeadlineMoved) -> None:
    """Copy the new date onto the row that lists are sorted by. Repeating it changes nothing."""
    with transaction.atomic():
        if event.subject.kind != CASE:
            Work.objects.filter(public_id=event.subject.id).exclude(due=event.new).update(due=event.new)
            return
        if event.code != PROMISED or event.cause != Cause.CALENDAR:
            return
        case = Case.objects.select_for_update().filter(public_id=event.subject.id).first()
        if case is None or case.due == event.new:
            return
        case.due = event.new
        case.save(update_fields=["due"])
        ledger.write("hall.case.moved", case.ref, office=case.first_office, due=str(event.new), why=event.why)
        tell_applicant("moved", case)
