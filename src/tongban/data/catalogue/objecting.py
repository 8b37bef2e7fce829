"""校核: a user of data doubts a value, the source answers within its limit, the corrected value goes to everybody."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.calendars import api as calendars
from tongban.base.files import api as files
from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Stale, emit, now
from tongban.base.ledger.api import write
from tongban.engine.notify.api import tell
from tongban.engine.registers import api as registers
from tongban.trust.identity.api import Actor, conflicts, may, office, require
from tongban.trust.identity.data import OFFICE

from . import models
from .clocks import every
from .data import (
    ANSWER,
    OBJECTION,
    Objection,
    ObjectionAnswered,
    ObjectionOverdue,
    ObjectionRaised,
    ObjectionState,
    State,
)
from .queries import DECIDE, MANAGE, resource
from .queries import REQUEST as ASK
from .titles import OBJECTION_STATES

SLOT = files.Slot(max_bytes=20 * files.MB)


def object_to(
    actor: Actor, id: str, by_office: Ref, item: str, key: str, wrong: str, right: str, reason: str,
    evidence: tuple[BinaryIO, str] | None = None,
) -> Objection:  # fmt: skip
    """Doubt the value of one item of one record of a published resource: what stands there, what should, why. `key`
    is the record's natural key, `evidence` a file and its name. The source answers within ten working days."""
    require(actor, ASK, by_office)
    known = resource(id)
    if known.state is not State.PUBLISHED:
        raise NotFound
    texts = {"key": (key, 200), "right": (right, 1000), "reason": (reason, 1000)}
    errors = {name: _("Please fill this in.") for name, (text, _most) in texts.items() if not text.strip()}
    errors |= {name: _("At most {n} characters.").format(n=n) for name, (text, n) in texts.items() if len(text) > n}
    if known.item(item) is None:
        errors["item"] = _("Choose the item.")
    if errors:
        raise Invalid(errors)
    with transaction.atomic():
        row = models.Objection(
            resource=models.Resource.objects.get(public_id=id),
            item=item,
            office=by_office.id,
            provider=known.provider_office.id,
            key=key.strip(),
            wrong=wrong.strip()[:1000],
            right=right.strip(),
            reason=reason.strip(),
            state=ObjectionState.OPEN,
            by=str(actor.person),
        )
        if evidence and actor.by:
            files.receive(evidence[0], evidence[1], SLOT, by=actor.by, subject=_ref(row))
        row.due = calendars.open_deadline(_ref(row), ANSWER, now(), by=actor.by).due
        row.save()
        write("catalogue.objection.raised", _ref(row), by=actor.by, resource=known.code, item=item)
        emit(ObjectionRaised(row.public_id, id))
        tell(
            known.provider_office,
            "catalogue.objection",
            _facts(row),
            link=_link(row),
            once=f"objection:{row.public_id}",
        )
    return _data([row])[0]


def answer_objection(actor: Actor, id: str, corrected: bool, answer: str, version: int, value: str = "") -> Objection:
    """The source's answer: the value is corrected to `value` (what the objection says where empty), or confirmed with
    the reason. Where the resource is a register of ours, the record is changed in the same transaction."""
    if not answer.strip():
        raise Invalid({"answer": _("Say what you found.")})
    with transaction.atomic():
        row = (
            models.Objection.objects.select_for_update(of=("self",))
            .select_related("resource")
            .filter(public_id=id)
            .first()
        )
        if row is None:
            raise NotFound
        require(actor, DECIDE, Ref(OFFICE, row.provider))
        if row.version != version:
            raise Stale
        if row.state != ObjectionState.OPEN:
            raise Refused(_("This objection has been answered."), code="stage")
        if conflicts(actor, [Ref.parse(row.by)]):
            raise Refused(_("You raised this objection. Somebody else has to answer it."), code="conflict")
        row.state = ObjectionState.CORRECTED if corrected else ObjectionState.KEPT
        row.answer, row.value, row.version = (
            answer.strip(),
            (value.strip() or row.right) if corrected else "",
            version + 1,
        )
        if corrected and row.resource.register:
            _correct(row, actor)
        row.save()
        calendars.close(_ref(row), ANSWER, by=actor.by)
        write("catalogue.objection.answered", _ref(row), by=actor.by, corrected=corrected)
        emit(ObjectionAnswered(row.public_id, row.resource.public_id, row.item, corrected))
        facts = _facts(row) | {"outcome": str(OBJECTION_STATES[ObjectionState(row.state)])}
        tell(Ref(OFFICE, row.office), "catalogue.answered", facts, link=_link(row), once=f"answered:{row.public_id}")
    return _data([row])[0]


def _correct(row: models.Objection, actor: Actor) -> None:
    """Write the corrected value into the register behind the resource; the source that says so is its provider."""
    definition = registers.definition(row.resource.register)
    found = registers.find(definition.key, **{definition.natural_key[0]: row.key}) if definition.natural_key else None
    if found is None:
        raise Invalid({"value": _("The register has no record “{key}”.").format(key=row.key)})
    source = definition.field(row.item).source or found.source
    reason = _("Objection to the value, answered by its source")
    registers.change(definition.key, found.id, {row.item: row.value}, by=actor.by, reason=reason, source=source)


def watch_objections() -> int:
    """Tell supervision and the source of objections whose limit is over, once. Nightly; how many."""
    found = 0
    for one in every(calendars.overdue, OBJECTION):
        row = (
            models.Objection.objects.filter(public_id=one.subject.id, overdue=False).select_related("resource").first()
        )
        if row is None or one.due is None:
            continue
        with transaction.atomic():
            models.Objection.objects.filter(pk=row.pk).update(overdue=True)
            owner = Ref(OFFICE, row.provider)
            write("catalogue.objection.overdue", _ref(row), due=one.due.isoformat())
            emit(ObjectionOverdue(row.public_id, owner, one.due))
            tell(owner, "catalogue.objection", _facts(row), link=_link(row), once=f"overdue:{row.public_id}")
        found += 1
    return found


def move_due(id: str, due: date | None) -> None:
    """The clock moved the date."""
    models.Objection.objects.filter(public_id=id, state=ObjectionState.OPEN).update(due=due)


def objection(id: str) -> Objection:
    """The objection with this id: for jobs, which carry corrected values on. `NotFound`."""
    found = _data(models.Objection.objects.filter(public_id=id).select_related("resource"))
    if not found:
        raise NotFound
    return found[0]


def access(actor: Actor, id: str) -> Objection:
    """An objection for both offices it concerns and the authority. `NotFound` else (T13)."""
    found = objection(id)
    if found.office in actor.offices or any(may(actor, right, found.provider) for right in (DECIDE, MANAGE)):
        return found
    raise NotFound


def objections(
    office: Ref | None = None, provider: Ref | None = None, resource: str = "",
    states: Collection[ObjectionState] = (), limit: int = 100,
) -> list[Objection]:  # fmt: skip
    """Objections, newest first; row security shows them to the offices concerned only."""
    rows = models.Objection.objects.select_related("resource").order_by("-id")
    if office:
        rows = rows.filter(office=office.id)
    if provider:
        rows = rows.filter(provider=provider.id)
    if resource:
        rows = rows.filter(resource__public_id=resource)
    if states:
        rows = rows.filter(state__in=[str(one) for one in states])
    return _data(rows[:limit])


def _data(rows: Iterable[models.Objection]) -> list[Objection]:
    return [
        Objection(
            id=row.public_id,
            resource=row.resource.public_id,
            resource_title=row.resource.title,
            item=row.item,
            provider=Ref(OFFICE, row.provider),
            office=Ref(OFFICE, row.office),
            key=row.key,
            wrong=row.wrong,
            right=row.right,
            value=row.value,
            reason=row.reason,
            answer=row.answer,
            state=ObjectionState(row.state),
            at=row.at,
            due=row.due,
            version=row.version,
        )
        for row in rows
    ]


def _facts(row: models.Objection) -> dict[str, str]:
    return {
        "title": row.resource.title,
        "item": row.item,
        "office": office(Ref(OFFICE, row.office)).title,
        "due": row.due.isoformat() if row.due else "",
    }


def _link(row: models.Objection) -> str:
    return f"/catalogue/objections/{row.public_id}/"


def _ref(row: models.Objection) -> Ref:
    return Ref(OBJECTION, row.public_id)
