"""The three lists 需求清单、供给清单、负面清单 and the figures of sharing (DATA-06, DATA-09)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from tongban.base.kernel.api import Ref
from tongban.trust.identity.api import offices_by_ref
from tongban.trust.identity.data import OFFICE

from . import models
from .data import Figures, GrantState, Resource, Sharing, State
from .queries import as_data


@dataclass(frozen=True)
class Demand:
    """How often a resource was asked for, by how many offices, and how often in vain."""

    resource: Resource
    requests: int
    offices: int
    refused: int


@dataclass(frozen=True)
class Supply:
    """What one office gives: resources published, of them shared, grants in force."""

    office: Ref
    title: str
    resources: int
    shared: int
    grants: int


def figures(provider: Ref | None = None) -> Figures:
    """Figures over all published resources, or over one office's."""
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {"provider": provider.id if provider else ""})
        row = cursor.fetchone()
    return Figures(*row)


_FIGURES = """
WITH r AS (SELECT id, sharing, standard FROM catalogue_resource
           WHERE state = 'published' AND (%(provider)s = '' OR provider = %(provider)s)),
     g AS (SELECT resource_id, count(*) AS n FROM catalogue_grant WHERE state = 'active' GROUP BY resource_id)
SELECT count(*), count(*) FILTER (WHERE sharing = 'unconditional'), count(*) FILTER (WHERE sharing = 'conditional'),
       count(*) FILTER (WHERE sharing = 'refused'), count(g.n), coalesce(sum(g.n), 0)::bigint,
       count(*) FILTER (WHERE standard),
       (SELECT count(*) FROM catalogue_item i JOIN r ON r.id = i.resource_id),
       (SELECT count(*) FROM catalogue_item i JOIN r ON r.id = i.resource_id WHERE authoritative)
FROM r LEFT JOIN g ON g.resource_id = r.id
"""


def demands(limit: int = 50) -> list[Demand]:
    """需求清单: what is asked for most."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT resource_id, count(*), count(DISTINCT office), count(*) FILTER (WHERE state = 'refused') "
            "FROM catalogue_request WHERE state <> 'withdrawn' GROUP BY resource_id ORDER BY 2 DESC, 1 LIMIT %s",
            [limit],
        )
        counted = {row[0]: row[1:] for row in cursor.fetchall()}
    rows = models.Resource.objects.in_bulk(list(counted))
    known = dict(zip(rows, as_data(rows.values()), strict=True))
    return [Demand(known[pk], *counts) for pk, counts in counted.items()]


def supplies(limit: int = 200) -> list[Supply]:
    """供给清单: what each office gives, most first."""
    published = models.Resource.objects.filter(state=State.PUBLISHED)
    counted = list(published.values_list("provider").annotate(n=Count("id")).order_by("-n", "provider")[:limit])
    ids = [provider for provider, _n in counted]
    shared = published.filter(provider__in=ids).exclude(sharing=Sharing.REFUSED)
    of_shared = dict(shared.values_list("provider").annotate(n=Count("id")))
    given = models.Grant.objects.filter(state=GrantState.ACTIVE, resource__provider__in=ids)
    of_grants = dict(given.values_list("resource__provider").annotate(n=Count("id")))
    offices = offices_by_ref({Ref(OFFICE, one) for one in ids})
    return [
        Supply(
            ref := Ref(OFFICE, one),
            offices[ref].title if ref in offices else "",
            n,
            of_shared.get(one, 0),
            of_grants.get(one, 0),
        )
        for one, n in counted
    ]


def refusals(after: str = "", size: int = 50) -> list[Resource]:
    """负面清单: what is not shared, each with its law."""
    rows = models.Resource.objects.filter(state=State.PUBLISHED, sharing=Sharing.REFUSED).order_by("-id")
    if after.isdigit() and len(after) < 19:
        rows = rows.filter(id__lt=int(after))
    return as_data(rows[:size])
