"""Personnel systems and their tokens: made by a system administrator, shown once, bounded to a subtree, revocable."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Text, now
from tongban.base.ledger.api import write

from .. import data, models
from ..access import require
from ..offices import _row

MANAGE = "identity.manage"


def make_system(actor: data.Actor, title: str, office: Ref, until: datetime) -> tuple[models.PersonnelSystem, str]:
    """A personnel system for the office's subtree, and its token, which nobody can read again."""
    require(actor, MANAGE, office)
    errors: dict[str, Text] = {}
    if not title.strip():
        errors["title"] = _("Please give the system a name.")
    if until <= now():
        errors["until"] = _("The end must be in the future.")
    if errors:
        raise Invalid(errors)
    token = "tbps_" + secrets.token_urlsafe(32)
    with transaction.atomic():
        row = models.PersonnelSystem.objects.create(
            title=title.strip()[:100],
            office=_row(office),
            token_hash=hashed(token),
            until=until,
            created_by=str(actor.person),
        )
        write("identity.personnel_system.made", row.ref, by=actor.by, office=str(office), until=until.isoformat())
    return row, token


def revoke_system(actor: data.Actor, id_: str) -> None:
    """Its token opens nothing any more, from the next request on."""
    with transaction.atomic():
        row = models.PersonnelSystem.objects.select_related("office").filter(public_id=id_).first()
        if row is None:
            raise NotFound()
        require(actor, MANAGE, row.office.ref)
        if row.revoked_at is None:
            row.revoked_at = now()
            row.save(update_fields=["revoked_at"])
            write("identity.personnel_system.revoked", row.ref, by=actor.by)


def system_of(token: str) -> models.PersonnelSystem | None:
    """The living system of a token."""
    moment = now()
    rows = models.PersonnelSystem.objects.select_related("office").filter(revoked_at=None, until__gt=moment)
    return rows.filter(token_hash=hashed(token), office__until=None).first()


def hashed(token: str) -> str:
    """How a token is kept: it has 256 random bits, so a plain hash cannot be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()
