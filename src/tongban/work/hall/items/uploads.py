"""A list handed in on the staff site: checked first, published when somebody confirms the report."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, now
from tongban.base.ledger import api as ledger
from tongban.trust.identity.api import require
from tongban.trust.identity.data import Actor

from ..models.item import ItemUpload
from .data import ImportReport
from .importer import examine, import_list

MAX_UPLOAD = 20_000_000
_KEPT = timedelta(days=7)


def hand_in(actor: Actor, file: Any, mapping: str = "", attribution: str = "") -> str:
    """Keep a list for a week; the answer is the id under which its report is found. `Invalid` under `file`."""
    require(actor, "items.import")
    if file is None:
        raise Invalid({"file": _("Choose a file.")})
    if (file.size or 0) > MAX_UPLOAD:
        raise Invalid({"file": _("The file may have at most 20 MB; use the command line for larger lists.")})
    with transaction.atomic():
        ItemUpload.objects.filter(at__lt=now() - _KEPT).delete()
        row = ItemUpload.objects.create(
            by=str(actor.person),
            name=(file.name or "")[:200],
            content=file.read(),
            mapping=mapping,
            attribution=attribution.strip(),
            at=now(),
        )
    return row.public_id


def report(actor: Actor, upload: str) -> tuple[str, ImportReport]:
    """Name and report of one's own upload; nothing is written."""
    row = _own(actor, upload)
    return row.name, examine(bytes(row.content), row.mapping, row.attribution).report


def confirm(actor: Actor, upload: str) -> ImportReport:
    """Publish what the report accepted. A second confirmation finds nothing any more."""
    with transaction.atomic():
        row = _own(actor, upload, lock=True)
        done = import_list(bytes(row.content), row.mapping, by=actor.by, attribution=row.attribution, reason=row.name)
        facts = {"file": row.name, "rows": done.rows, "accepted": done.accepted, "refused": done.refused}
        ledger.write("hall.items.imported", Ref("hall.item_import", row.public_id), by=actor.by, **facts)
        row.delete()
    return done


def _own(actor: Actor, upload: str, lock: bool = False) -> ItemUpload:
    require(actor, "items.import")
    rows = ItemUpload.objects.select_for_update() if lock else ItemUpload.objects
    row = rows.filter(public_id=upload, by=str(actor.person)).first()
    if row is None:
        raise NotFound()
    return row
