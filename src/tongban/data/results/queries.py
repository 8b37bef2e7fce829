"""Reading published results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, today
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import Row

from . import models
from .actions import as_data, last_day
from .data import Kind, Publication


@dataclass(frozen=True)
class PublicationPage:
    """One page, the newest decisions first; `after` opens the next."""

    rows: tuple[Publication, ...]
    after: str = ""

    def __iter__(self) -> Iterator[Publication]:
        return iter(self.rows)


def published(
    kind: Kind | None = None, text: str = "", *, late: bool = False, after: str = "", size: int = 30
) -> PublicationPage:
    """One page of what is published now. `text`: how a party's name begins, a credit code or a document number."""
    rows = _shown()
    if kind:
        rows = rows.filter(kind=kind.value)
    if text:
        rows = rows.filter(Q(party__startswith=text) | Q(party_code=text.upper()) | Q(number=text))
    if late:  # dates in China: a publication's day there is its moment plus eight hours
        rows = rows.extra(where=["(published_at AT TIME ZONE 'Asia/Shanghai')::date > due"])
    if after:
        last = models.Publication.objects.filter(public_id=after).values_list("decided", "id").first()
        if last is None:
            raise NotFound(_("This page address is damaged. Start again from the first page."))
        rows = rows.filter(Q(decided__lt=last[0]) | Q(decided=last[0], id__lt=last[1]))
    found = list(rows.order_by("-decided", "-id")[: size + 1])
    page = tuple(as_data(row) for row in found[:size])
    return PublicationPage(page, page[-1].id if len(found) > size else "")


def publication(id: str) -> Publication:
    """One result that is published now; `NotFound` for one taken back or whose time is over."""
    row = _shown().filter(public_id=id).first()
    if row is None:
        raise NotFound()
    return as_data(row)


def _shown() -> QuerySet[models.Publication]:
    rows: QuerySet[models.Publication] = models.Publication.objects.filter(
        Q(until=None) | Q(until__gte=today()), withdrawn_at=None
    )
    return rows


def unpublished(kind: Kind, since: date) -> list[tuple[Row, date]]:
    """Decisions since a day that are in the register, may be published and are not, with their last day. As the system;
    the seven-day rule's alarm."""
    rows = registers.model(kind.register).objects.filter(decided__gte=since, valid_to=None)
    rows = rows.filter(Q(withheld=None) | Q(withheld="")).order_by(F("decided"))
    known = set(models.Publication.objects.filter(kind=kind.value, decided__gte=since).values_list("row", flat=True))
    found = [registers.find_by_id(kind.register, row.id) for row in rows if row.id not in known]
    return [(row, last_day(row["decided"])) for row in found if row]
