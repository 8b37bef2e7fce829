"""Drafts: every answer is kept while somebody fills in an application, on any device."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Stale, now
from tongban.engine.forms import api as forms
from tongban.engine.forms.data import FormDefinition, Material
from tongban.trust.identity.data import Actor

from ..models import Draft
from ..queries.services import open_service
from .papers import earlier_paper, licence_paper, material_of, receive_paper


def open_draft(actor: Actor, item: str, visitor: Ref | None = None) -> Draft:
    """The draft of this item, begun when there is none yet. `visitor`: somebody at a clerk's window."""
    form = forms.current(open_service(item).form)
    owner = counter_owner(actor) if visitor else str(actor.applicant)
    with transaction.atomic():
        draft, _made = Draft.objects.get_or_create(
            owner=owner,
            applicant=str(visitor or actor.applicant),
            item=item,
            corrects="",
            defaults={"form": form.digest, "updated_at": now()},
        )
    return draft


def access_draft(actor: Actor, draft_id: str, *, lock: bool = False) -> Draft:
    """Somebody's own draft, or a visitor's that this clerk fills in; `NotFound` for all others."""
    rows = Draft.objects.select_for_update() if lock else Draft.objects
    draft = rows.filter(public_id=draft_id, owner__in=[str(actor.applicant), counter_owner(actor)]).first()
    if draft is None:
        raise NotFound(_("This draft does not exist any more. It may have been submitted."))
    return draft


def counter_owner(actor: Actor) -> str:
    """Drafts that a clerk fills in for visitors belong to the clerk's desk, not to the clerk as a citizen."""
    return f"hall.counter:{actor.person.id}"


def draft_form(draft: Draft) -> FormDefinition:
    """The very definition the draft was begun with."""
    return forms.definition(draft.form)


def save_draft(actor: Actor, draft_id: str, answers: dict[str, Any], version: int | None = None) -> Draft:
    """Keep the answers given so far. `Stale` when the draft was changed on another device in between."""
    with transaction.atomic():
        draft = access_draft(actor, draft_id, lock=True)
        if version is not None and version != draft.version:
            old = draft.answers
            changes = {k: (answers.get(k), old.get(k)) for k in {*answers, *old} if answers.get(k) != old.get(k)}
            if changes:  # otherwise both want the same
                raise Stale(_("This draft was changed on another device or in another window."), changes)
        draft.answers = {**draft.answers, **answers}
        draft.version += 1
        draft.updated_at = now()
        draft.save(update_fields=["answers", "version", "updated_at"])
    return draft


def add_paper(actor: Actor, draft_id: str, slot_name: str, stream: Any, name: str) -> Draft:
    """Put an uploaded file into a material slot. `Invalid` says what is wrong with the file, under the slot's name."""
    draft = access_draft(actor, draft_id)
    form = draft_form(draft)
    slot = material_of(form, slot_name)
    file = receive_paper(actor, form, slot_name, stream, name, Ref("hall.draft", draft.public_id))
    with transaction.atomic():
        draft = access_draft(actor, draft_id, lock=True)
        _require_room(draft, slot)
        _put(draft, slot_name, {"file": file.id, "name": file.name, "size": file.size, "type": file.mime})
    return draft


def use_earlier(actor: Actor, draft_id: str, slot_name: str, file: str) -> Draft:
    """Use a file of an earlier case instead of an upload (DATA-40). Only the applicant's own."""
    with transaction.atomic():
        draft = access_draft(actor, draft_id, lock=True)
        _require_room(draft, material_of(draft_form(draft), slot_name))
        _put(draft, slot_name, earlier_paper(actor, draft, slot_name, file))
    return draft


def use_licence(actor: Actor, draft_id: str, slot_name: str, identifier: str) -> Draft:
    """Use a licence of the library instead of an upload (DATA-40). Only the applicant's own."""
    with transaction.atomic():
        draft = access_draft(actor, draft_id, lock=True)
        slot = material_of(draft_form(draft), slot_name)
        _put(draft, slot_name, licence_paper(slot, Ref.parse(draft.applicant), identifier))
    return draft


def remove_paper(actor: Actor, draft_id: str, slot_name: str, place: int) -> Draft:
    """Take a file out of a slot; the stored file is swept later."""
    with transaction.atomic():
        draft = access_draft(actor, draft_id, lock=True)
        papers = list(draft.papers.get(slot_name, []))
        if 0 <= place < len(papers):
            papers.pop(place)
        _keep_papers(draft, slot_name, papers)
    return draft


def discard_draft(actor: Actor, draft_id: str) -> None:
    """Throw the draft away."""
    with transaction.atomic():
        access_draft(actor, draft_id, lock=True).delete()


def _require_room(draft: Draft, slot: Material) -> None:
    if len(draft.papers.get(slot.name, [])) >= slot.max_files:
        raise Invalid({slot.name: _("There are already %d files here. Remove one first.") % slot.max_files})


def _put(draft: Draft, slot: str, paper: dict[str, Any]) -> None:
    _keep_papers(draft, slot, [*draft.papers.get(slot, []), paper])


def _keep_papers(draft: Draft, slot: str, papers: list[dict[str, Any]]) -> None:
    draft.papers = {**draft.papers, slot: papers}
    draft.version += 1
    draft.updated_at = now()
    draft.save(update_fields=["papers", "version", "updated_at"])
