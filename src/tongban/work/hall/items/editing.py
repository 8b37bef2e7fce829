"""Changing an item: its office drafts, the law reviews, its office publishes at a date (SVC-09 法定化流程).

Each verb holds the change and its item locked. `Stale` says what changed meanwhile, in the change or in the item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Stale, now, today
from tongban.base.ledger import api as ledger
from tongban.engine.notify.api import tell
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OFFICE, Actor

from ..models import item as models
from . import data, rules, values, wording
from .actions import put_in_force, set_state
from .changes import Edit, Stage
from .queries import access_item, body_of, edit

EDIT, REVIEW = "items.edit", "items.review"
_FINAL = {"task_state", "state_reason"}


def office_of(row: models.Item) -> Ref | None:
    """The office that answers for an item; None where the list it came from names none we know."""
    return Ref(OFFICE, row.office) if row.office else None


def access_edit(actor: Actor, id_: str, *permissions: str, lock: bool = False) -> models.ItemEdit:
    """A change, for those who edit or review items of its office (or have one of `permissions`); else `NotFound`."""
    row = models.ItemEdit.objects.filter(public_id=id_).select_related("item").first()
    wanted = permissions or (EDIT, REVIEW)
    if row is None or not any(identity.may(actor, name, office_of(row.item)) for name in wanted):
        raise NotFound()
    if lock:
        item = models.Item.objects.select_for_update().get(pk=row.item_id)
        row = models.ItemEdit.objects.select_for_update().get(pk=row.pk)
        row.item = item
    return row


def begin(actor: Actor, key: str) -> Edit:
    """The open change of an item's wording; a new one from the wording in force where there is none."""
    with transaction.atomic():
        row = models.Item.objects.select_for_update().get(pk=access_item(key).pk)
        identity.require(actor, EDIT, office_of(row))
        _not_cancelled(row)
        change = row.edits.filter(stage__in=Stage.open(), state="").first()
        if change is None:
            body = {name: value for name, value in body_of(row).items() if name not in _FINAL}
            change = _create(actor, row, body=body)
    return edit(change)


def ask_state(actor: Actor, key: str, state: data.ItemState, reason: str) -> Edit:
    """Ask for an item to be paused, resumed or cancelled: goes to legal review at once, with its reason."""
    if not (reason := reason.strip()):
        raise Invalid({"reason": _("Say why, in words that applicants understand.")})
    with transaction.atomic():
        row = models.Item.objects.select_for_update().get(pk=access_item(key).pk)
        identity.require(actor, EDIT, office_of(row))
        _not_cancelled(row)
        if row.task_state == state:
            raise Refused(_("The item is in this state already."), code="same_state")
        try:
            with transaction.atomic():
                change = _create(actor, row, state=state.value, reason=reason)
        except IntegrityError:
            raise Refused(_("Another change of this item's state is under way."), code="open") from None
        _send(actor, change)
    return edit(change)


def save(actor: Actor, id_: str, revision: int, part: Mapping[str, Any], reason: str | None = None) -> Edit:
    """Keep some fields of the draft: an empty value takes the field away. `Stale` when somebody saved in between."""
    with transaction.atomic():
        row = _working(actor, id_)
        wanted = {name: value for name, value in part.items() if value not in (None, "", [], {})}
        if revision != row.revision:
            differ = {name for name in part if wanted.get(name) != row.body.get(name)}
            raise Stale(_("Somebody else saved this draft in the meantime."), _in_words(differ, wanted, row.body))
        row.body = {**{name: value for name, value in row.body.items() if name not in part}, **wanted}
        if not row.body.get("task_name"):
            raise Invalid({"task_name": _("An item needs a name.")})
        if reason is not None:
            row.reason = reason.strip()
        _note_editor(actor, row)
        _keep(row, "body", "reason", "editors")
    return edit(row)


def take_over(actor: Actor, id_: str) -> Edit:
    """Go on from the item's present wording: fields that the draft left alone become as they are now."""
    with transaction.atomic():
        row = access_edit(actor, id_, EDIT, lock=True)
        if row.stage not in Stage.open() or row.state:
            raise Refused(_OVER, code="stage")
        then, present = body_of(row.item, row.base), body_of(row.item)
        mine = {name for name in {*row.body, *then} if row.body.get(name) != then.get(name)}
        row.body = {
            name: (row.body if name in mine else present)[name]
            for name in {*row.body, *present} - _FINAL
            if name in (row.body if name in mine else present)
        }
        row.base, row.stage = row.item.version, Stage.DRAFT
        _note_editor(actor, row)
        _keep(row, "body", "base", "stage", "editors")
        ledger.write("hall.item.edit.taken_over", row.ref, by=actor.by, version=row.base)
    return edit(row)


def send(actor: Actor, id_: str, reason: str, revision: int) -> Edit:
    """Hand the draft to legal review. `Invalid` where it changes nothing, says no reason, or breaks a hard rule."""
    with transaction.atomic():
        row = _working(actor, id_)
        _same(row, revision)
        if not reason.strip():
            raise Invalid({"reason": _("Say what is changed and why; the reviewer and the versions page show it.")})
        errors = {name: message for name, _rule, level, message in findings(row.body) if level == "error"}
        if errors:
            raise Invalid(errors)
        if not changed(row):
            raise Invalid({"reason": _("The draft does not change anything yet.")})
        row.reason = reason.strip()
        _note_editor(actor, row)
        _send(actor, row)
    return edit(row)


def approve(actor: Actor, id_: str, opinion: str, revision: int) -> Edit:
    """The legal reviewer agrees; its office may publish it. Nobody reviews what they wrote."""
    with transaction.atomic():
        row = _reviewed(actor, id_, revision)
        row.stage, row.reviewer, row.opinion = Stage.APPROVED, str(actor.person), opinion.strip()
        _keep(row, "stage", "reviewer", "opinion")
        ledger.write("hall.item.edit.approved", row.ref, by=actor.by, item=str(row.item.ref), opinion=row.opinion)
        _tell_editors(row, "item_approved")
    return edit(row)


def send_back(actor: Actor, id_: str, opinion: str, revision: int) -> Edit:
    """The legal reviewer returns the draft with reasons."""
    with transaction.atomic():
        row = _reviewed(actor, id_, revision)
        if not opinion.strip():
            raise Invalid({"opinion": _("Say what has to be changed, and which rule asks for it.")})
        row.stage, row.reviewer, row.opinion = Stage.RETURNED, str(actor.person), opinion.strip()
        _keep(row, "stage", "reviewer", "opinion")
        ledger.write("hall.item.edit.returned", row.ref, by=actor.by, item=str(row.item.ref), opinion=row.opinion)
        _tell_editors(row, "item_returned")
    return edit(row)


def publish_edit(actor: Actor, id_: str, on: date | None, revision: int) -> Edit:
    """Put an approved change in force: today, or when its day comes. Open cases keep the version they began with."""
    with transaction.atomic():
        row = access_edit(actor, id_, EDIT, lock=True)
        if row.stage not in (Stage.APPROVED, Stage.SCHEDULED):
            raise Refused(_("Only what the legal review approved can be published."), code="stage")
        _same(row, revision)
        _not_stale(row)
        if on is None or on < today():
            raise Invalid({"on": _("Choose today or a later day.")})
        row.on = on
        if on > today():
            row.stage = Stage.SCHEDULED
            _keep(row, "stage", "on")
            ledger.write("hall.item.edit.scheduled", row.ref, by=actor.by, item=str(row.item.ref), on=on.isoformat())
        else:
            _enforce(row, actor.by)
    return edit(row)


def publish_due() -> int:
    """Put in force what was to be published by today; a change whose item got another wording goes back."""
    rows = models.ItemEdit.objects.filter(stage=Stage.SCHEDULED, on__lte=today()).order_by("pk")
    done = 0
    for pk in list(rows.values_list("pk", flat=True)):
        with transaction.atomic():
            item = models.Item.objects.select_for_update().get(edits=pk)
            row = models.ItemEdit.objects.select_for_update().get(pk=pk)
            row.item = item
            if row.stage != Stage.SCHEDULED:
                continue
            if row.state == "" and row.base != item.version:
                row.stage, row.opinion = Stage.RETURNED, str(_("The item got another wording before this day."))
                _keep(row, "stage", "opinion")
                _tell_editors(row, "item_returned")
                continue
            _enforce(row, None)
            done += 1
    return done


def drop(actor: Actor, id_: str) -> None:
    """Give a change up; it stays on record."""
    with transaction.atomic():
        row = access_edit(actor, id_, EDIT, lock=True)
        if row.stage not in Stage.open():
            raise Refused(_OVER, code="stage")
        row.stage = Stage.DROPPED
        _keep(row, "stage")
        ledger.write("hall.item.edit.dropped", row.ref, by=actor.by, item=str(row.item.ref))


def findings(body: Mapping[str, Any]) -> list[rules.Found]:
    """What the quality rules say of a wording: (field, rule, level, message)."""
    parts: dict[str, Sequence[Mapping[str, Any]]] = {name: body.get(name, ()) for name in models.PARTS}
    known = {name: value for name, value in _BLANK.items() if value in ("", [], None)} | dict(body)
    return list(rules.check(known, parts, set(known), values.chinese(str(body.get("task_name", "")))))


def changed(row: models.ItemEdit) -> set[str]:
    """The fields in which a draft differs from the wording it began from."""
    then = body_of(row.item, row.base)
    return {name for name in {*row.body, *then} - _FINAL if row.body.get(name) != then.get(name)}


_OVER = _("This change is over already.")
_BLANK: dict[str, Any] = {field.name: field.get_default() for field in models.Item._meta.concrete_fields}


def _not_cancelled(row: models.Item) -> None:
    if row.task_state == data.ItemState.CANCELLED:
        raise Refused(_("A cancelled item cannot be changed; publish a new one."), code="cancelled")


def _create(actor: Actor, row: models.Item, **given: Any) -> models.ItemEdit:
    change = models.ItemEdit.objects.create(
        item=row, base=row.version, editors=[str(actor.person)], updated_at=now(), **given
    )
    # The ledger keeps the state asked for; the wording stands in the version once it is published.
    ledger.write(
        "hall.item.edit.begun", change.ref, by=actor.by, item=str(row.ref), version=row.version, state=change.state
    )
    return change


def _working(actor: Actor, id_: str) -> models.ItemEdit:
    row = access_edit(actor, id_, EDIT, lock=True)
    if row.stage not in (Stage.DRAFT, Stage.RETURNED) or row.state:
        raise Refused(_("This draft is not being worked on: it was sent to review or is over."), code="stage")
    return row


def _reviewed(actor: Actor, id_: str, revision: int) -> models.ItemEdit:
    row = access_edit(actor, id_, REVIEW, lock=True)
    if row.stage != Stage.REVIEW:
        raise Refused(_("This change does not wait for legal review."), code="stage")
    if identity.conflicts(actor, [Ref.parse(editor) for editor in row.editors]):
        raise Refused(_("You wrote this change. Somebody else has to review it."), code="conflict")
    _same(row, revision)
    _not_stale(row)
    return row


def _same(row: models.ItemEdit, revision: int) -> None:
    if revision != row.revision:
        raise Stale(_("Somebody else saved this draft in the meantime."), {})


def _not_stale(row: models.ItemEdit) -> None:
    if row.state == "" and row.base != row.item.version:
        then, present = body_of(row.item, row.base), body_of(row.item)
        differ = {name for name in {*then, *present} if then.get(name) != present.get(name)}
        message = _("The item got another wording since this change was begun. Take the present wording over first.")
        raise Stale(message, _in_words(differ, then, present))


def _in_words(names: set[str], then: Mapping[str, Any], now_: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    titles = wording.FIELD_TITLES
    return {
        str(titles.get(name, name)): (wording.words(name, then), wording.words(name, now_)) for name in sorted(names)
    }


def _send(actor: Actor, row: models.ItemEdit) -> None:
    row.stage, row.reviewer, row.opinion = Stage.REVIEW, "", ""
    _keep(row, "stage", "reviewer", "opinion", "reason", "editors")
    ledger.write("hall.item.edit.sent", row.ref, by=actor.by, item=str(row.item.ref), reason=row.reason)
    for reviewer in _reviewers(row):
        _tell(row, reviewer, "item_review")


def _reviewers(row: models.ItemEdit) -> list[Ref]:
    """Who may review it: holders of the permission in its office or an office above, but none who wrote it."""
    found: dict[Ref, None] = {}
    place = office_of(row.item)
    while place is not None:
        for post in identity.people_at(place):
            if post.person in found or str(post.person) in row.editors:
                continue
            if identity.may(identity.actor_for(post.person), REVIEW, office_of(row.item)):
                found[post.person] = None
        place = identity.office(place).parent
    return list(found)


def _tell_editors(row: models.ItemEdit, kind: str) -> None:
    for editor in row.editors:
        _tell(row, Ref.parse(editor), kind)


def _tell(row: models.ItemEdit, person: Ref, kind: str) -> None:
    facts = {"item": row.item.task_name, "opinion": row.opinion or "—", "reason": row.reason or "—"}
    once = f"{kind}:{row.ref}:{row.revision}:{person}"
    tell(person, f"hall.{kind}", facts, link=f"/items/edits/{row.public_id}/", once=once)


def _enforce(row: models.ItemEdit, by: Ref | None) -> None:
    """The change takes effect, under its item's lock."""
    if row.state:
        set_state(row.item, data.ItemState(row.state), row.reason, by)
    else:
        put_in_force(row.item.key, row.body, by, row.reason)
    row.stage = Stage.PUBLISHED
    _keep(row, "stage", "on")
    ledger.write("hall.item.edit.published", row.ref, by=by, item=str(row.item.ref))
    _tell_editors(row, "item_published")


def _note_editor(actor: Actor, row: models.ItemEdit) -> None:
    if str(actor.person) not in row.editors:
        row.editors = [*row.editors, str(actor.person)]


def _keep(row: models.ItemEdit, *fields: str) -> None:
    row.revision += 1
    row.updated_at = now()
    row.save(update_fields=[*fields, "revision", "updated_at"])
