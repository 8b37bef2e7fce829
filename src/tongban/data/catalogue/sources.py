"""一数一源: a datum has one source, and everybody else describes it as the source does (DATA-08, DATA-09)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused

from . import elements, models
from .data import Description, Element, Finding, Item
from .queries import sources


def authoritative(item: Item, description: Description) -> bool:
    """Whether the provider says it is the source of this datum."""
    return bool(item.element) and item.source in ("", description.provider)


@dataclass(frozen=True)
class Known:
    """What the catalogue holds about data: their sources, and the standard elements."""

    sources: Mapping[str, models.Item]
    elements: dict[str, Element]


def known_about(items: Iterable[Item]) -> Known:
    """Looked up once for many items."""
    given = list(items)
    return Known(sources([item.element for item in given if item.element]), elements.known_to(given))


def judged(description: Description, resource: str = "", known: Known | None = None) -> list[Finding]:
    """What the rest of the catalogue says to this description: data that have a source already (error), data that are
    described otherwise than at their source or in the list of data elements (warning). `resource` is the id of the
    resource itself."""
    return list(_judged(description, resource, known or known_about(description.items)))


def _judged(description: Description, resource: str, known: Known) -> Iterator[Finding]:
    for item in description.items:
        yield from elements.departures(item, known.elements)
        source = known.sources.get(item.element)
        if source is None or source.resource.public_id == resource:
            continue
        facts = {"item": item.title, "code": source.resource.code, "title": source.resource.title}
        if authoritative(item, description):
            yield Finding(
                "items",
                _("“{item}” has a source already: {title} ({code}). Name its office as the source.").format(**facts),
            )
        elif (item.type, item.codes) != (source.type, source.codes):
            yield Finding(
                "items",
                _("“{item}” has another type or code set than at its source {title} ({code}).").format(**facts),
                "warning",
            )


def claims(row: models.Resource, description: Description) -> None:
    """Write the items of what is published; the index decides when two offices claim a datum at the same time."""
    row.item_rows.all().delete()
    try:
        with transaction.atomic():
            models.Item.objects.bulk_create(
                models.Item(
                    resource=row,
                    name=item.name,
                    title=item.title,
                    element=item.element,
                    type=str(item.type),
                    codes=item.codes,
                    authoritative=authoritative(item, description),
                )
                for item in description.items
            )
    except IntegrityError as error:
        if "catalogue_one_source" not in str(error):
            raise
        raise Refused(_("Another resource has just become the source of one of these data."), code="source") from error
