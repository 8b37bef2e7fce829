"""The three lists 需求清单、供给清单、负面清单 and the figures of sharing (DATA-06, DATA-09)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Q

from tongban.base.kernel.api import NotFound, Ref, today
from tongban.engine.registers import api as registers
from tongban.trust.identity.api import offices_by_ref, offices_under, offices_with_role
from tongban.trust.identity.data import OFFICE, OfficeKind

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


@dataclass(frozen=True)
class Coverage:
    """Organs that have a local network or a classified one with its accreditation, of all organs down to the counties
    (局域网建成率, NUM-01); `systems` counts applications by where they run (DATA-03), by the title of the state."""

    organs: int
    networked: int
    accredited: int
    overdue: int
    systems: dict[str, int]

    @property
    def share(self) -> float | None:
        """Networked organs of all organs; None where there is none."""
        return min(1.0, self.networked / self.organs) if self.organs else None


@dataclass(frozen=True)
class Standardised:
    """Resources managed to the standard at one level of government, against its goal (DATA-09)."""

    level: OfficeKind
    published: int
    standard: int

    @property
    def share(self) -> float | None:
        """None where nothing is published."""
        return self.standard / self.published if self.published else None

    @property
    def goal(self) -> int:
        """Per cent: 90 in province and cities, 70 in counties."""
        return 70 if self.level is OfficeKind.COUNTY else 90


_LEVELS = (OfficeKind.PROVINCE, OfficeKind.CITY, OfficeKind.COUNTY)


def levels() -> list[Standardised]:
    """Published resources and those to the standard, by the level of government of their offices."""
    published = models.Resource.objects.filter(state=State.PUBLISHED).values_list("provider")
    counted = list(published.annotate(n=Count("id"), standard=Count("id", filter=Q(standard=True))))
    offices = offices_by_ref({Ref(OFFICE, provider) for provider, _n, _s in counted})
    found = {level: [0, 0] for level in _LEVELS}
    for provider, n, standard in counted:
        if (office := offices.get(Ref(OFFICE, provider))) is not None:
            of_level = found[_level(office.division)]
            of_level[0] += n
            of_level[1] += standard
    return [Standardised(level, *found[level]) for level in _LEVELS]


def _level(division: str) -> OfficeKind:
    """By the code of the division: 460000 a province, 460100 a city, all below a county."""
    code = division.ljust(6, "0")[:6]
    if code.endswith("0000"):
        return OfficeKind.PROVINCE
    return OfficeKind.CITY if code.endswith("00") else OfficeKind.COUNTY


_STANDING = ("built", "accredited")
_ORGANS = (OfficeKind.PROVINCE, OfficeKind.CITY, OfficeKind.COUNTY, OfficeKind.DEPARTMENT)


def coverage() -> Coverage | None:
    """Figures of the registers of networks and systems; None where the pack `e_government_resources` is not there."""
    try:
        sites, systems = registers.model("network_site").objects, registers.model("application_system").objects
        states = registers.choices("application_system", "state")
    except NotFound:
        return None
    standing = sites.filter(valid_to=None, state__in=_STANDING)
    accredited = standing.filter(state="accredited")
    counted = dict(systems.filter(valid_to=None).order_by().values_list("state").annotate(n=Count("id")))
    return Coverage(
        organs=_organs(),
        networked=standing.values("organisation").distinct().count(),
        accredited=accredited.count(),
        overdue=accredited.filter(next_inspection__lt=today()).count(),
        systems={str(title): counted[key] for key, title in states.items() if key in counted},
    )


def _organs() -> int:
    """All organs under the office that the data authority stands below."""
    for _division, authority in offices_with_role("data"):
        return len(offices_under(authority.parent or authority, _ORGANS))
    return 0


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
