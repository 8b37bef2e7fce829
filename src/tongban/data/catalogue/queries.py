"""Finding resources: by id, code, words and filters; editions; which source holds a datum already."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from tongban.base.kernel.api import NotFound, Ref, Refused
from tongban.trust.identity.api import Actor, may
from tongban.trust.identity.data import OFFICE

from . import descriptions, models
from .data import Category, Difference, Edition, Listed, Openness, Resource, Sharing, State

READ, EDIT, REVIEW, SECRECY, MANAGE = (
    "catalogue.read",
    "catalogue.edit",
    "catalogue.review",
    "catalogue.secrecy",
    "catalogue.manage",
)
REQUEST, DECIDE = "catalogue.request", "catalogue.decide"
WORKERS = (EDIT, REVIEW, SECRECY, MANAGE)
SHOWN = (State.PUBLISHED, State.RETIRED)


def resource(id: str) -> Resource:
    """The resource with this id. `NotFound`."""
    return _one(models.Resource.objects.filter(public_id=id))


def resource_by_code(code: str) -> Resource:
    """The resource with this code (`类项目细目/顺序码`). `NotFound`."""
    return _one(models.Resource.objects.filter(code=code))


def _one(rows: QuerySet[Any]) -> Resource:
    row = rows.first()
    if row is None:
        raise NotFound
    return as_data([row])[0]


def resources(
    words: str = "",
    state: State = State.PUBLISHED,
    provider: Ref | None = None,
    sharing: Sharing | None = None,
    openness: Openness | None = None,
    category: Category | None = None,
    register: str = "",
    after: str = "",
    size: int = 20,
) -> Listed:
    """A page of resources, newest first. Keyset: `after` is the last page's `after`."""
    wanted = {"state": state, "sharing": sharing, "openness": openness, "category": category, "register": register}
    rows = models.Resource.objects.filter(**{name: str(value) for name, value in wanted.items() if value})
    if provider:
        rows = rows.filter(provider=provider.id)
    return _page(rows, words, after, size)


def open_resources(words: str = "", after: str = "", size: int = 20, **filters: str) -> Listed:
    """As `resources`, of what the public may see: all that the public process can read. `filters`: category,
    provider (office id), register."""
    return _page(models.OpenResource.objects.filter(**filters), words, after, size)


def open_resource(code: str) -> Resource:
    """A resource the public may see, by its code. `NotFound` for every other."""
    return _one(models.OpenResource.objects.filter(code=code))


def _page(rows: QuerySet[Any], words: str, after: str, size: int) -> Listed:
    for word in words.replace("\0", "").split()[:5]:
        rows = rows.filter(_has(word[:60]))
    if after.isdigit() and len(after) < 19:
        rows = rows.filter(id__lt=int(after))
    found = list(rows.order_by("-id")[: size + 1])
    more = str(found[size - 1].pk) if len(found) > size else ""
    return Listed(tuple(as_data(found[:size])), more)


def _has(word: str) -> Q:
    """A code by its beginning, or any part of the words: pairs of characters from the index, the text decides."""
    if word[0].isdigit() and len(word) > 2:
        return Q(code__startswith=word)
    if len(word) < 2:
        return Q(title__startswith=word)
    pairs = RawSQL("search_grams(words) @> search_grams(%s)", [word], BooleanField())
    exact = RawSQL("strpos(search_plain(words), search_plain(%s)) > 0", [word], BooleanField())
    return Q(pairs) & Q(exact)


def as_data(rows: Iterable[Any]) -> list[Resource]:
    """Rows as others see them."""
    return [
        Resource(
            **descriptions.values(row.content),
            id=row.public_id,
            code=row.code,
            state=State(row.state),
            edition=row.edition,
            provider_office=Ref(OFFICE, row.provider),
            provider_title=row.provider_title,
            provider_uscc=row.provider_uscc,
            published_at=row.published_at,
            updated_at=row.updated_at,
            score=row.score,
        )
        for row in rows
    ]


def access_resource(actor: Actor, id: str) -> Resource:
    """A resource this person may see: published ones with the right to read, others by their own office, who looks
    after the catalogue, and who reviews secrecy. `NotFound` for all else, so that nobody learns of drafts (T13)."""
    found = resource(id)
    if found.state in SHOWN and may(actor, READ):
        return found
    if works_on(actor, found):
        return found
    raise NotFound


def works_on(actor: Actor, found: Resource) -> bool:
    """Whether they see what is being prepared: editions, reviews."""
    return any(may(actor, right, found.provider_office) for right in WORKERS)


def own_offices(actor: Actor, rights: Collection[str]) -> list[str] | None:
    """Ids of the offices to which these rights of the actor are confined; None where one reaches over offices below,
    so that a list asks the database for no more than can be theirs."""
    if any(right.subtree for right in actor.rights if right.permission in rights):
        return None
    return [office.id for office in actor.offices]


# --- editions -----------------------------------------------------------------------------------------


def editions(id: str) -> list[Edition]:
    """All editions of a resource, newest first."""
    return [edition_data(row) for row in models.Edition.objects.filter(resource__public_id=id).order_by("-number")]


def edition(id: str, number: int) -> Edition:
    """One edition. `NotFound`."""
    row = models.Edition.objects.filter(resource__public_id=id, number=number).select_related("resource").first()
    if row is None:
        raise NotFound
    return edition_data(row)


def edition_data(row: models.Edition) -> Edition:
    """An edition as others see it."""
    return Edition(
        resource=row.resource.public_id,
        number=row.number,
        state=State(row.state),
        revision=row.revision,
        description=descriptions.from_json(row.content),
        editors=tuple(Ref.parse(one) for one in row.editors),
        opinion=row.opinion,
        secrecy_opinion=row.secrecy_opinion,
        filing_number=row.filing_number,
        at=row.updated_at,
    )


def compare(id: str, old: int, new: int) -> list[Difference]:
    """What differs between two editions of a resource."""
    return descriptions.differences(edition(id, old).description, edition(id, new).description)


OPEN = (State.DRAFT, State.UNIT_REVIEW, State.AUTHORITY_REVIEW, State.APPROVED)


def waiting(actor: Actor, states: Collection[State] = OPEN, limit: int = 200) -> list[tuple[Edition, Resource]]:
    """Editions that are being prepared and that this person works on, the longest waiting first."""
    rows = models.Edition.objects.filter(state__in=[str(s) for s in states]).select_related("resource").order_by("id")
    if (offices := own_offices(actor, WORKERS)) is not None:
        rows = rows.filter(resource__provider__in=offices)
    found: list[tuple[Edition, Resource]] = []
    for start in range(0, 5 * limit, limit):
        some = list(rows[start : start + limit])
        known = as_data([row.resource for row in some])
        found += [(edition_data(row), one) for row, one in zip(some, known, strict=True) if works_on(actor, one)]
        if len(some) < limit or len(found) >= limit:
            break
    return found[:limit]


def work_in(edition: Edition, found: Resource, actor: Actor) -> str:
    """What this person can do next with an edition: edit, review, secrecy, authority, publish or nothing."""
    office = found.provider_office
    if edition.state is State.DRAFT:
        return "edit" if may(actor, EDIT, office) else ""
    if edition.state is State.UNIT_REVIEW:
        return "review" if may(actor, REVIEW, office) else ""
    if edition.state is State.AUTHORITY_REVIEW:
        if not edition.filing_number:
            return "secrecy" if may(actor, SECRECY, office) else ""
        return "authority" if may(actor, MANAGE, office) else ""
    return "publish" if edition.state is State.APPROVED and may(actor, MANAGE, office) else ""


# --- one number, one source -----------------------------------------------------------------------------


def shared_source_of(element: str) -> Resource | None:
    """The published resource that is the source of this datum (`population.address`) and may be shared: who needs it
    asks there and not the citizen (DATA-46)."""
    found = shared_sources([element]).get(element)
    return resource_by_code(found) if found else None


def shared_sources(elements: Collection[str]) -> dict[str, str]:
    """Codes of the shared sources of these data, in one query; those without one are left out."""
    rows = models.Item.objects.filter(element__in=elements, authoritative=True, resource__state=State.PUBLISHED)
    return dict(rows.exclude(resource__sharing=Sharing.REFUSED).values_list("element", "resource__code"))


def sources(elements: Collection[str]) -> dict[str, models.Item]:
    """The authoritative items of these elements, shared or not."""
    rows = models.Item.objects.filter(element__in=elements, authoritative=True).select_related("resource")
    return {row.element: row for row in rows}


def require_shown(found: Resource) -> Resource:
    """`Refused` unless the resource is published."""
    if found.state is not State.PUBLISHED:
        raise Refused(code="stage")
    return found
