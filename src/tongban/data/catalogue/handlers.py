"""What this room does when others have done something."""

from django.db.models import Value
from django.db.models.functions import Replace

from tongban.base.calendars.data import DeadlineMoved
from tongban.base.kernel.api import on
from tongban.trust.identity.data import OfficeRenamed

from . import models, objecting, quality, requesting, supplying
from .data import GRANT, OBJECTION, REQUEST, AssessmentAsked


@on(DeadlineMoved)
def keep_due(event: DeadlineMoved) -> None:
    """Lists are ordered by the date that the clock says."""
    if event.subject.kind == REQUEST:
        requesting.move_due(event.subject.id, event.new)
    elif event.subject.kind == GRANT:
        supplying.move_due(event.subject.id, event.new)
    elif event.subject.kind == OBJECTION:
        objecting.move_due(event.subject.id, event.new)


@on(OfficeRenamed)
def rename_provider(event: OfficeRenamed) -> None:
    """Lists show and find an office's resources by its present name."""
    rows = models.Resource.objects.filter(provider=event.office.id)
    rows.update(provider_title=event.title, words=Replace("words", Value(event.former), Value(event.title)))


@on(AssessmentAsked)
def measure(event: AssessmentAsked) -> None:
    """A million rows are read by a job, not while somebody waits."""
    quality.assess(event.resource)
