"""一数一源: a datum has one source, and everybody else describes it as the source does (DATA-08, DATA-09)."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused

from . import models
from .data import Description, Finding, Item
from .queries import sources


def authoritative(item: Item, description: Description) -> bool:
    """Whether the provider says it is the source of this datum."""
    return bool(item.element) and item.source in ("", description.provider)


def judged(description: Description, resource: str = "") -> list[Finding]:
    """What the rest of the catalogue says to this description: data that have a source already (error), data that are
    described otherwise than at their source (warning). `resource` is the id of the resource itself."""
    return list(_judged(description, resource))


def _judged(description: Description, resource: str) -> Iterator[Finding]:
    known = sources([item.element for item in description.items if item.element])
    for item in description.items:
        source = known.get(item.element)
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
