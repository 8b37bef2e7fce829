"""What follows a grant: the provider supplies within twenty working days, the holder says what it was good for
(政务数据共享条例; standards.md 3.3)."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Text, emit, now, today
from tongban.base.ledger.api import write
from tongban.engine.notify.api import tell
from tongban.trust.identity.api import Actor, require
from tongban.trust.identity.data import OFFICE

from . import models
from .clocks import every
from .data import GRANT, SUPPLY, Feedback, GrantState, SupplyOverdue
from .queries import DECIDE, REQUEST

NOTICE = timedelta(days=30)
"""So long before a grant ends its holder is told."""


def begin(row: models.Grant) -> None:
    """Start the clock of a new grant."""
    row.supply_due = calendars.open_deadline(_ref(row), SUPPLY, now()).due
    row.save(update_fields=["supply_due"])


def used(id: str) -> None:
    """Something was taken by the grant: it is supplied. The clock stops at the first use."""
    row = models.Grant.objects.filter(Q(public_id=id) | Q(number=id), supplied_at=None).first()
    if row is not None:
        _supplied(row, None)


def supply(actor: Actor, id: str) -> None:
    """The provider says that it supplies; for ways whose use is not counted here, such as files handed over."""
    with transaction.atomic():
        row = _lock(id)
        require(actor, DECIDE, Ref(OFFICE, row.resource.provider))
        if row.state != GrantState.ACTIVE or row.supplied_at:
            raise Refused(_("This grant is no longer in that state."), code="stage")
        _supplied(row, actor.by)


def _supplied(row: models.Grant, by: Ref | None) -> None:
    with transaction.atomic():
        if models.Grant.objects.filter(pk=row.pk, supplied_at=None).update(supplied_at=now(), supply_due=None):
            calendars.close(_ref(row), SUPPLY, by=by)
            write("catalogue.grant.supplied", _ref(row), by=by)


def ended(row: models.Grant) -> None:
    """Nothing is to be supplied any more."""
    calendars.close(_ref(row), SUPPLY, dropped=True)
    models.Grant.objects.filter(pk=row.pk).update(supply_due=None)


def move_due(id: str, due: date | None) -> None:
    """The clock moved the date."""
    models.Grant.objects.filter(public_id=id, supplied_at=None).update(supply_due=due)


def watch_supply() -> int:
    """Remind providers of what is due, tell supervision of what is overdue, and holders of what ends within thirty
    days; each once. Nightly; how many are newly overdue."""
    for one in every(calendars.due_soon, GRANT):
        if row := _of(one.subject, late=False):
            _tell_provider(row, "catalogue.supply_soon", one)
    found = 0
    for one in every(calendars.overdue, GRANT):
        row = _of(one.subject, late=False)
        if row is None or one.due is None:
            continue
        with transaction.atomic():
            models.Grant.objects.filter(pk=row.pk).update(late=True)
            write("catalogue.grant.overdue", _ref(row), code=one.code, due=one.due.isoformat())
            emit(SupplyOverdue(row.public_id, Ref(OFFICE, row.resource.provider), one.due))
            _tell_provider(row, "catalogue.supply_late", one)
        found += 1
    _tell_ends()
    return found


def _tell_provider(row: models.Grant, kind: str, one: calendars.Deadline) -> None:
    facts = {"number": row.number, "title": row.resource.title, "due": one.due.isoformat() if one.due else ""}
    tell(Ref(OFFICE, row.resource.provider), kind, facts, link=link(row), once=f"{kind}:{one.id}")


def _tell_ends() -> None:
    ending = models.Grant.objects.filter(state=GrantState.ACTIVE, until__range=(today(), today() + NOTICE))
    for row in ending.select_related("resource").order_by("id").iterator():
        facts = {"number": row.number, "title": row.resource.title, "until": row.until.isoformat()}
        office, once = Ref(OFFICE, row.office), f"ends:{row.public_id}:{row.until}"
        tell(office, "catalogue.grant_ends", facts, link=link(row), once=once)


def give_feedback(actor: Actor, id: str, effect: str, cases: int, score: int) -> Feedback:
    """使用反馈: the holder says what the data did, for how many cases, and how good they were (1 to 5). The provider is
    told."""
    errors: dict[str, Text] = {}
    if not 0 < len(effect.strip()) <= 1000:
        errors["effect"] = _("Say what the data were good for, in at most 1,000 characters.")
    if not 0 <= cases < 10**9:
        errors["cases"] = _("A number of cases, from 0.")
    if not 1 <= score <= 5:
        errors["score"] = _("A score from 1 to 5.")
    with transaction.atomic():
        row = _lock(id)
        require(actor, REQUEST, Ref(OFFICE, row.office))
        if errors:
            raise Invalid(errors)
        said = row.feedback.create(effect=effect.strip(), cases=cases, score=score, by=str(actor.person))
        write("catalogue.grant.feedback", _ref(row), by=actor.by, cases=cases, score=score)
        facts = {"number": row.number, "title": row.resource.title, "score": str(score)}
        once = f"feedback:{row.public_id}:{said.pk}"
        tell(Ref(OFFICE, row.resource.provider), "catalogue.feedback", facts, link=link(row), once=once)
    return _data(said)


def feedback(id: str, limit: int = 20) -> list[Feedback]:
    """What the holder of a grant said, newest first."""
    return [_data(one) for one in models.Feedback.objects.filter(grant__public_id=id).order_by("-id")[:limit]]


def _data(row: models.Feedback) -> Feedback:
    return Feedback(row.effect, row.cases, row.score, row.at)


def _of(ref: Ref, late: bool) -> models.Grant | None:
    rows = models.Grant.objects.filter(public_id=ref.id, supplied_at=None, state=GrantState.ACTIVE, late=late)
    return rows.select_related("resource").first()


def _lock(id: str) -> models.Grant:
    rows = models.Grant.objects.select_for_update(of=("self",)).select_related("resource")
    row = rows.filter(public_id=id).first()
    if row is None:
        raise NotFound
    return row


def link(row: models.Grant) -> str:
    """The grant's page."""
    return f"/catalogue/grants/{row.public_id}/"


def _ref(row: models.Grant) -> Ref:
    return Ref(GRANT, row.public_id)
