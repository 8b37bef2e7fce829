"""Notices: one person writes, another publishes; each verb leaves its leaf in the ledger."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Stale, now
from tongban.base.ledger.api import write
from tongban.engine.notify.api import tell
from tongban.trust.identity.api import Actor, conflicts, require

from . import models
from .data import Notice, NoticeDraft
from .queries import draft_data, notice_data

NOTICE, DRAFT = "portal.notice", "portal.notice_draft"
WRITE, PUBLISH = "portal.write", "portal.publish"


def write_notice(actor: Actor, title: str, body: str, id_: str = "", revision: int = 0) -> NoticeDraft:
    """Begin a notice, or change one that is being written. A change takes back the wish to publish it.

    `Invalid` for an empty field, `Stale` when somebody else saved in between.
    """
    require(actor, WRITE)
    missing = {name: _("Please fill this in.") for name, text in (("title", title), ("body", body)) if not text.strip()}
    if missing:
        raise Invalid(missing)
    if len(title.strip()) > 200:
        raise Invalid({"title": _("The title may have at most 200 characters.")})
    with transaction.atomic():
        row = _draft(id_) if id_ else models.NoticeDraft(editors=[], revision=0)
        if id_ and revision != row.revision:
            raise Stale(_("Somebody else changed this notice."), {str(_("Text")): (body.strip(), row.body)})
        row.title, row.body, row.asked_at = title.strip(), body.strip(), None
        if str(actor.person) not in row.editors:
            row.editors = [*row.editors, str(actor.person)]
        _keep(row)
        write("portal.notice.written", Ref(DRAFT, row.public_id), by=actor.by, title=row.title)
    return draft_data(row)


def ask_publication(actor: Actor, id_: str, revision: int) -> NoticeDraft:
    """Say that the notice is ready: now somebody else may publish it."""
    require(actor, WRITE)
    with transaction.atomic():
        row = _draft(id_, revision)
        row.asked_at, row.returned = now(), ""
        _keep(row)
        write("portal.notice.asked", Ref(DRAFT, id_), by=actor.by, title=row.title)
    return draft_data(row)


def return_notice(actor: Actor, id_: str, reason: str, revision: int) -> NoticeDraft:
    """Give a notice back to who wrote it, with the reason."""
    if not reason.strip():
        raise Invalid({"reason": _("Say what has to be changed.")})
    with transaction.atomic():
        row = _to_publish(actor, id_, revision)
        row.asked_at, row.returned = None, reason.strip()
        _keep(row)
        write("portal.notice.returned", Ref(DRAFT, id_), by=actor.by, reason=row.returned)
        _tell(row, "returned", {"title": row.title, "reason": row.returned}, f"/notices/drafts/{id_}/")
    return draft_data(row)


def publish_notice(actor: Actor, id_: str, revision: int) -> Notice:
    """Put a notice on the public site. `Refused` to those who wrote it."""
    with transaction.atomic():
        draft = _to_publish(actor, id_, revision)
        row = models.Notice.objects.create(title=draft.title, body=draft.body)
        write("portal.notice.published", Ref(NOTICE, row.public_id), by=actor.by, title=row.title, draft=id_)
        _tell(draft, "published", {"title": row.title}, "/notices/")
        draft.delete()
    return notice_data(row)


def withdraw_notice(actor: Actor, id_: str) -> None:
    """Take a notice off the site; it stays in the record."""
    require(actor, PUBLISH)
    with transaction.atomic():
        changed = models.Notice.objects.filter(public_id=id_, withdrawn_at=None).update(withdrawn_at=now())
        if not changed:
            raise NotFound()
        write("portal.notice.withdrawn", Ref(NOTICE, id_), by=actor.by)


def drop_draft(actor: Actor, id_: str) -> None:
    """Throw a notice away that is being written."""
    require(actor, WRITE)
    with transaction.atomic():
        _draft(id_).delete()
        write("portal.notice.dropped", Ref(DRAFT, id_), by=actor.by)


def _draft(id_: str, revision: int | None = None) -> models.NoticeDraft:
    row = models.NoticeDraft.objects.select_for_update().filter(public_id=id_).first()
    if row is None:
        raise NotFound()
    if revision is not None and revision != row.revision:
        raise Stale(_("Somebody else changed this notice."), {})
    return row


def _to_publish(actor: Actor, id_: str, revision: int) -> models.NoticeDraft:
    require(actor, PUBLISH)
    row = _draft(id_, revision)
    if row.asked_at is None:
        raise Refused(_("This notice is still being written."), code="stage")
    if conflicts(actor, [Ref.parse(editor) for editor in row.editors]):
        raise Refused(_("You wrote this notice. Somebody else has to publish it."), code="conflict")
    return row


def _keep(row: models.NoticeDraft) -> None:
    row.revision, row.updated_at = row.revision + 1, now()
    row.save()


def _tell(row: models.NoticeDraft, kind: str, facts: dict[str, str], link: str) -> None:
    for editor in row.editors:
        once = f"{kind}:{row.public_id}:{row.revision}:{editor}"
        tell(Ref.parse(editor), f"portal.{kind}", facts, link=link, once=once)
