"""Data elements by spreadsheet: the authority's way to keep the list (DATA-09)."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import BinaryIO

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Ref, now
from tongban.base.ledger.api import write
from tongban.trust.identity.api import Actor, require

from . import descriptions, models, sheets
from .data import ELEMENT, Element, ElementReport, Finding, State
from .elements import of_keys
from .queries import MANAGE
from .sources import judged
from .spreadsheet import ELEMENT_COLUMNS, ELEMENT_EXAMPLES, TYPES

_KEY = re.compile(r"[a-z][a-z0-9_.]{0,119}")
_LONGEST = {"number": 40, "title": 100, "definition": 2000, "codes": 100, "standard": 200}


def template() -> bytes:
    """The spreadsheet of elements to fill in, with examples."""
    return sheets.written("数据元目录", [[names[0] for names in ELEMENT_COLUMNS.values()], *ELEMENT_EXAMPLES])


def load(actor: Actor, stream: BinaryIO, name: str) -> ElementReport:
    """Take a spreadsheet of elements in: new ones are added, those of a known key changed, and the resources that hold
    them are judged anew. Nothing is taken of a line that does not hold. The file has passed the upload's checks.
    `Invalid` under `file` when no table is in it."""
    require(actor, MANAGE)
    findings: list[Finding] = []
    wanted = {
        one.key: one
        for number, cells in sheets.rows(stream, name, ELEMENT_COLUMNS, ("key", "title", "standard"))
        if (one := _read(number, cells, findings))
    }
    with transaction.atomic():
        known = of_keys(wanted)
        changed = [one for one in wanted.values() if known.get(one.key) != one]
        models.Element.objects.bulk_create(
            [_row(one) for one in changed],
            update_conflicts=True,
            unique_fields=["key"],
            update_fields=["type", *_LONGEST, "length", "words", "updated_at"],
        )
        added = sum(1 for one in changed if one.key not in known)
        write("catalogue.elements.loaded", Ref(ELEMENT, "all"), by=actor.by, added=added, changed=len(changed) - added)
        _judge_again(changed)
    return ElementReport(added, len(changed) - added, len(wanted) - len(changed), tuple(findings))


def _read(number: int, cells: sheets.Cells, findings: list[Finding]) -> Element | None:
    def wrong(field: str, message: str) -> None:
        findings.append(Finding(field, message, row=number))

    before, key, length = len(findings), cells["key"], cells.get("length", "").removesuffix(".0")
    if not _KEY.fullmatch(key):
        wrong("key", _("“{name}” is no key: small letters, digits, points and underscores.").format(name=key[:60]))
    for name in ("title", "standard"):
        if not cells[name]:
            wrong(name, _("“{title}” is missing.").format(title=ELEMENT_COLUMNS[name][0]))
    for name, most in _LONGEST.items():
        if len(cells.get(name, "")) > most:
            wrong(name, _("At most {n} characters.").format(n=most))
    kind = cells.get("type", "") or "C"
    if kind not in TYPES:
        wrong("type", _("“{text}” is no data type of the guide.").format(text=kind[:40]))
    if length and not (length.isdecimal() and len(length) < 9):
        wrong("length", _("“{text}” is no length.").format(text=length[:40]))
    if len(findings) > before:
        return None
    texts = {name: cells.get(name, "") for name in _LONGEST}
    return Element(key=key, type=TYPES[kind], length=int(length or 0), **texts)


def _row(one: Element) -> models.Element:
    words = " ".join((one.title, one.key, one.number, one.definition, one.standard))
    return models.Element(**asdict(one) | {"type": str(one.type)}, words=words, updated_at=now())


def _judge_again(changed: list[Element]) -> None:
    """Whether a resource keeps the standard is written beside it: those that hold what changed are looked at again."""
    held = Q(item_rows__element__in=[one.key for one in changed]) | Q(
        item_rows__title__in=[one.title for one in changed]
    )
    rows = models.Resource.objects.filter(held, state=State.PUBLISHED).distinct()
    for row in rows.iterator(200):
        standard = not judged(descriptions.from_json(row.content), row.public_id)
        if standard != row.standard:
            models.Resource.objects.filter(pk=row.pk).update(standard=standard)
