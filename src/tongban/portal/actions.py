"""What is done to notices."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, now
from tongban.base.ledger.api import write

from . import models
from .data import Notice
from .queries import notice_data

NOTICE = "portal.notice"


def publish_notice(title: str, body: str, by: Ref | None = None) -> Notice:
    """Puts a notice on the home page at once."""
    missing = {name: _("Please fill this in.") for name, text in (("title", title), ("body", body)) if not text.strip()}
    if missing:
        raise Invalid(missing)
    with transaction.atomic():
        row = models.Notice.objects.create(title=title.strip(), body=body.strip())
        write("portal.notice.published", Ref(NOTICE, row.public_id), by=by, title=row.title)
    return notice_data(row)


def withdraw_notice(id_: str, by: Ref | None = None) -> None:
    """Takes a notice off the site; it stays in the record."""
    with transaction.atomic():
        changed = models.Notice.objects.filter(public_id=id_, withdrawn_at=None).update(withdrawn_at=now())
        if not changed:
            raise NotFound()
        write("portal.notice.withdrawn", Ref(NOTICE, id_), by=by)
