"""What an office that is merged or split had here goes to who follows it: its resources with what is asked of them, its
requests with their grants, its objections (NFR-08)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Ref, Text
from tongban.trust.identity.api import OfficeHolding, Shift, Thing, office_holdings

from .models import Edition, Grant, Objection, Request, Resource


def _holding(
    title: Text, rows: Callable[[Ref], QuerySet[Any]], number: str, move: Callable[[QuerySet[Any], Shift], int]
) -> OfficeHolding:
    def things(office: Ref) -> Iterable[Thing]:
        for id_, called in rows(office).order_by("pk").values_list("pk", number).iterator():
            yield Thing(str(id_), number=called)

    def moved(shift: Shift) -> int:
        found = rows(shift.former.ref)
        ids = found.values_list("pk", flat=True) if shift.ids is None else [int(one) for one in shift.ids]
        return move(found.model.objects.filter(pk__in=list(ids)), shift)

    return OfficeHolding(title, lambda office: rows(office).count(), things, moved)


def _resources(rows: QuerySet[Any], shift: Shift) -> int:
    """The description names the provider as well, and so do the editions; what is asked of a resource goes with it."""
    ids = list(rows.values_list("pk", flat=True))
    for model in (Request, Objection):
        model.objects.filter(resource__in=ids).update(provider=shift.to.ref.id)
    with connection.cursor() as cursor:
        for table, key in ((Resource._meta.db_table, "id"), (Edition._meta.db_table, "resource_id")):
            cursor.execute(
                f"UPDATE {table} SET content = jsonb_set(content, '{{provider}}', to_jsonb(%s::text)) "  # noqa: S608
                f"WHERE {key} = ANY(%s)",
                [shift.to.code, ids],
            )
    to = shift.to
    return rows.update(provider=to.ref.id, provider_title=to.title, provider_uscc=to.uscc)


def _requests(rows: QuerySet[Any], shift: Shift) -> int:
    Grant.objects.filter(request__in=rows).update(office=shift.to.ref.id)
    return rows.update(office=shift.to.ref.id)


def _objections(rows: QuerySet[Any], shift: Shift) -> int:
    return rows.update(office=shift.to.ref.id)


office_holdings.register(
    "catalogue.resource",
    _holding(_("catalogue resources"), lambda o: Resource.objects.filter(provider=o.id), "code", _resources),
)
office_holdings.register(
    "catalogue.request",
    _holding(_("requests for shared data"), lambda o: Request.objects.filter(office=o.id), "number", _requests),
)
office_holdings.register(
    "catalogue.objection",
    _holding(_("objections to values"), lambda o: Objection.objects.filter(office=o.id), "public_id", _objections),
)
