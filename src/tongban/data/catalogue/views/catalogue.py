"""The catalogue: search, one resource, its editions side by side, figures and lists."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_safe

from tongban.base.kernel.api import NotFound, Ref, Text, local
from tongban.base.ledger.api import history
from tongban.trust.identity.api import (
    actor_of,
    find_offices,
    may,
    office_by_code,
    offices_by_ref,
    people_by_ref,
    permitted,
)
from tongban.trust.identity.data import OFFICE, OfficeKind

from .. import figures as counting
from .. import granting, quality, queries, titles
from ..data import Category, Item, Openness, Resource, Sharing, State
from ..queries import EDIT, MANAGE, READ, REQUEST, REVIEW, SECRECY

E = TypeVar("E")
TONES = {State.PUBLISHED: "green", State.RETIRED: "grey", State.DRAFT: "neutral"}
SHARING_TONES = {Sharing.UNCONDITIONAL: "green", Sharing.CONDITIONAL: "blue", Sharing.REFUSED: "grey"}


@permitted(READ, EDIT, REVIEW, SECRECY, MANAGE)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Resources by words and filters, newest first."""
    actor, given = actor_of(request), request.GET
    found = queries.resources(
        given.get("q", "").strip()[:100],
        State.RETIRED if given.get("retired") else State.PUBLISHED,
        provider=_office(given.get("office", "")),
        sharing=_of(Sharing, given.get("sharing")),
        openness=_of(Openness, given.get("openness")),
        category=_of(Category, given.get("category")),
        after=given.get("after", ""),
    )
    context = {
        "page": found,
        "rows": [row(one) for one in found],
        "columns": columns(),
        "filters": _filters(given),
        "editor": may(actor, EDIT),
        "drafts": [
            row(one) | {"state": _chip(edition.state)} for edition, one in queries.waiting(actor) if not one.edition
        ][:20]
        if may(actor, EDIT)
        else [],
    }
    return render(request, "catalogue/index.html", context)


def columns() -> list[dict[str, Any]]:
    """Columns of a list of resources."""
    names = titles.FIELDS
    return [
        {"key": "title", "title": names["title"]},
        {"key": "code", "title": names["code"], "kind": "code"},
        {"key": "provider", "title": names["provider"], "kind": "office"},
        {"key": "sharing", "title": names["sharing"], "kind": "chip"},
        {"key": "cycle", "title": names["cycle"]},
        {"key": "score", "title": _("Quality"), "kind": "number"},
    ]


def row(one: Resource) -> dict[str, Any]:
    """A resource in a list."""
    return {
        "id": one.id,
        "url": reverse("catalogue:resource", args=[one.id]),
        "title": one.title,
        "code": one.code,
        "provider": one.provider_title,
        "sharing": (titles.SHARING[one.sharing], SHARING_TONES[one.sharing]),
        "cycle": titles.CYCLES[one.cycle],
        "score": "" if one.score is None else f"{one.score:.1f}",
    }


def _chip(state: State) -> tuple[str, str]:
    return str(titles.STATES[state]), TONES.get(state, "blue")


def _filters(given: Any) -> list[dict[str, Any]]:
    def select(name: str, label: Any, options: Any) -> dict[str, Any]:
        return {
            "name": name, "label": label, "kind": "select", "value": given.get(name, ""),
            "options": [(str(key), title, "") for key, title in options.items()],
        }  # fmt: skip

    return [
        {"name": "q", "label": _("Name, item or code"), "kind": "text", "value": given.get("q", "")},
        {"name": "office", "label": titles.FIELDS["provider"], "kind": "text", "value": given.get("office", "")},
        select("sharing", titles.FIELDS["sharing"], titles.SHARING),
        select("category", titles.FIELDS["category"], titles.CATEGORIES),
        select("openness", titles.FIELDS["openness"], titles.OPENNESS),
        {"name": "retired", "label": _("Retired ones"), "kind": "check", "value": given.get("retired", "")},
    ]


def _office(name: str) -> Ref | None:
    """The first office of that name; an unknown one has no resources."""
    if not name.strip():
        return None
    found = find_offices(name.strip()[:60], 1)
    return found[0].ref if found else Ref(OFFICE, "unknown")


def _of(kind: type[E], text: str | None) -> E | None:
    try:
        return kind(text) if text else None  # type: ignore[call-arg]
    except ValueError:
        return None


@permitted(READ, EDIT, REVIEW, SECRECY, MANAGE)
@require_safe
def detail(request: HttpRequest, id_: str) -> HttpResponse:
    """One resource: its thirteen metadata, items, quality, who has it, and what may be done."""
    actor = actor_of(request)
    one = queries.access_resource(actor, id_)
    inside = queries.works_on(actor, one)
    editions = queries.editions(id_) if inside else []
    under_way = next((edition for edition in editions if edition.state in queries.OPEN), None)
    office = one.provider_office
    context = {
        "one": one,
        "state": _chip(one.state),
        "metadata": metadata(one),
        "items": item_rows(one),
        "editions": [(edition, _chip(edition.state)) for edition in editions],
        "under_way": under_way,
        "work": queries.work_in(under_way, one, actor) if under_way else "",
        "editable": may(actor, EDIT, office) and one.state is not State.RETIRED,
        "retirable": may(actor, MANAGE, office) and one.state is State.PUBLISHED,
        "asking": may(actor, REQUEST) and one.state is State.PUBLISHED,
        "grants": granting.grants(resource=id_, limit=20) if inside else [],
        "assessment": next(iter(quality.assessments(id_, 1)), None),
        "inside": inside,
        "timeline": _timeline(one) if inside else [],
    }
    return render(request, "catalogue/resource.html", context)


def metadata(one: Resource) -> list[tuple[Any, Any, Any]]:
    """The guide's metadata in its order, then what the plans ask for besides."""
    parts = (f"{titles.CATEGORIES[one.category]} {one.category}", one.project, one.subject, one.detail)
    pairs: list[tuple[Any, Any, Any]] = [
        (titles.FIELDS["category"], " · ".join(part for part in parts if part), ""),
        (titles.FIELDS["title"], one.title, ""),
        (titles.FIELDS["code"], one.code, ""),
    ]
    pairs += [(titles.FIELDS["provider"], one.provider_title, one.provider_uscc)]
    for name in ("summary", "format", "sharing", "condition", "law", "modes", "openness", "open_condition", "cycle"):
        pairs.append((titles.FIELDS[name], titles.in_words(name, getattr(one, name)), ""))
    pairs.append(
        (
            pgettext("catalogue", "Published on"),
            date_format(local(one.published_at).date()) if one.published_at else "",
            "",
        )
    )
    for name in ("related", "level", "zone", "system", "owner", "operator", "register", "keywords"):
        pairs.append((titles.FIELDS[name], titles.in_words(name, getattr(one, name)), ""))
    return [pair for pair in pairs if pair[1]]


def item_rows(one: Resource) -> list[dict[str, Any]]:
    """The items as lines of a table; their sources by the offices' names."""
    sources = {code: _office_title(code) for code in {item.source for item in one.items}}
    return [_item_row(item) | {"source": sources[item.source]} for item in one.items]


def _item_row(item: Item) -> dict[str, Any]:
    names = ("title", "name", "type", "length", "codes", "element", "required", "personal")
    return {name: titles.in_words(name, getattr(item, name)) for name in names} | {"length": str(item.length or "")}


def _office_title(code: str) -> str:
    with suppress(NotFound):
        return office_by_code(code).title if code else _("the provider")
    return code


VERBS: dict[str, Text] = {
    "compiled": gettext_lazy("Described"),
    "changed": gettext_lazy("Edited"),
    "submitted": gettext_lazy("Handed in for review"),
    "reviewed": gettext_lazy("Reviewed"),
    "secrecy": gettext_lazy("Secrecy reviewed"),
    "published": pgettext_lazy("catalogue", "Published"),
    "retired": pgettext_lazy("catalogue", "Retired"),
    "rules": gettext_lazy("Rules set"),
    "assessed": gettext_lazy("Quality measured"),
    "dropped": gettext_lazy("Draft thrown away"),
}


def _timeline(one: Resource) -> list[dict[str, Any]]:
    leaves = history(one.ref)[-30:]
    people = people_by_ref({leaf.by for leaf in leaves if leaf.by})
    return [
        {
            "title": VERBS.get(leaf.kind.rpartition(".")[2], leaf.kind),
            "at": leaf.at,
            "note": leaf.facts.get("opinion") or leaf.facts.get("filing") or "",
            "office": people[leaf.by].name if leaf.by in people else "",
            "state": "done",
        }
        for leaf in reversed(leaves)
    ]


@permitted(READ, EDIT, REVIEW, SECRECY, MANAGE)
@require_safe
def compare(request: HttpRequest, id_: str) -> HttpResponse:
    """What differs between two editions."""
    actor = actor_of(request)
    one = queries.access_resource(actor, id_)
    if not queries.works_on(actor, one):
        raise NotFound
    numbers = [
        int(text)
        for text in (request.GET.get("old", ""), request.GET.get("new", ""))
        if text.isdigit() and len(text) < 9
    ]
    if len(numbers) != 2:
        raise NotFound
    found = queries.compare(id_, *numbers)
    rows = [
        {
            "what": f"{difference.item} · {titles.ITEM_FIELDS[difference.field]}"
            if difference.item
            else titles.FIELDS[difference.field],
            "old": titles.in_words(difference.field, difference.old),
            "new": titles.in_words(difference.field, difference.new),
        }
        for difference in found
    ]
    return render(request, "catalogue/compare.html", {"one": one, "rows": rows, "old": numbers[0], "new": numbers[1]})


LEVELS: dict[OfficeKind, Text] = {
    OfficeKind.PROVINCE: gettext_lazy("Province"),
    OfficeKind.CITY: gettext_lazy("Cities and prefectures"),
    OfficeKind.COUNTY: gettext_lazy("Counties"),
}


@permitted(READ, MANAGE)
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Sharing rate and standard against their goals; the three lists 需求、供给、负面."""
    found = counting.figures()
    refused = counting.refusals(request.GET.get("after", ""))
    context = {
        "found": found,
        "levels": [(LEVELS[one.level], one) for one in counting.levels()],
        "coverage": counting.coverage(),
        "demands": counting.demands(20),
        "supplies": counting.supplies(50),
        "refusals": [row(one) | {"law": one.law} for one in refused],
    }
    return render(request, "catalogue/figures.html", context)


def offices_named(refs: Iterable[Ref]) -> dict[Ref, str]:
    """Titles of offices."""
    return {ref: office.title for ref, office in offices_by_ref(refs).items()}
