"""Pages of items: the guide for everybody; list, import and state for the offices."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid
from tongban.trust.identity.api import actor_of, may, permitted, public

from ..queries.services import has_service
from . import queries, uploads, wording
from .citing import linked
from .data import Facet, ItemState

SHOWN = 300


@public
def guide(request: HttpRequest, key: str) -> HttpResponse:
    """The guide of an item for the situation in the address (SVC-09): works without JavaScript."""
    found = queries.guide(key, request.GET.dict())
    item = found.item
    open_now = item.state is ItemState.IN_USE and has_service(item.key)
    apply_url = ""
    if open_now:
        apply_url = reverse("hall:apply", args=[item.key])
        apply_url += f"?{urlencode(found.answers)}" if found.answers else ""
    context = {
        "guide": found,
        "item": item,
        "facts": wording.facts(item),
        "about": wording.about(item),
        "counter": wording.counter(item),
        "materials": [wording.material(each) for each in found.materials],
        "steps": item.steps,
        "law": linked("\n".join(wording.paragraphs(item.fields.get("by_law", "")))),
        "fees": [(fee, linked(fee.by_law)) for fee in item.fees],
        "fee_basis": linked(item.fields.get("fee_basis", "")),
        "conditions": wording.paragraphs(item.fields.get("accept_condition", "")),
        "flow": wording.paragraphs(item.fields.get("handle_flow", "")),
        "apply_url": apply_url,
    }
    return render(request, "hall/items/guide.html", context)


@permitted("items.edit", "items.review")
def items(request: HttpRequest) -> HttpResponse:
    """All items for the offices, of every state."""
    asked = request.GET
    page = queries.search_items(
        asked.get("q", ""),
        asked.get("audience", ""),
        asked.get("department", ""),
        "",
        asked.get("after", ""),
        type=asked.get("type", ""),
        state=asked.get("state", ""),
        limit=50,
    )
    rows = [
        {
            "title": card.title,
            "url": reverse("hall:item", args=[card.key]),
            "department": card.department,
            "type": card.type_title,
            "state": (card.state.words, _TONES[card.state]),
        }
        for card in page.rows
    ]
    columns = [
        {"key": "title", "title": _("Item"), "kind": "link"},
        {"key": "department", "title": _("Office"), "kind": "office"},
        {"key": "type", "title": _("Type")},
        {"key": "state", "title": _("State"), "kind": "chip"},
    ]
    context = {
        "page": page,
        "rows": rows,
        "columns": columns,
        "filters": _filters(asked),
        "may_import": may(actor_of(request), "items.import"),
    }
    return render(request, "hall/items/list.html", context)


_TONES = {ItemState.IN_USE: "green", ItemState.PAUSED: "amber", ItemState.CANCELLED: "grey"}


def _filters(asked: Any) -> list[dict[str, Any]]:
    facets = queries.item_facets()

    def select(name: str, label: str, options: list[tuple[Any, ...]]) -> dict[str, Any]:
        return {
            "name": name,
            "label": label,
            "kind": "select",
            "value": asked.get(name, ""),
            "options": options,
        }

    def counted(found: tuple[Facet, ...]) -> list[tuple[Any, ...]]:
        return [(facet.value, facet.title, facet.count) for facet in found]

    return [
        {"name": "q", "label": _("Words or code"), "kind": "text", "value": asked.get("q", "")},
        select("department", _("Office"), counted(facets.departments)),
        select("type", _("Type"), counted(facets.types)),
        select("audience", _("For whom"), counted(facets.audiences)),
        select("state", _("State"), [(state.value, state.words) for state in ItemState]),
    ]


@permitted("items.edit", "items.review")
def item(request: HttpRequest, key: str) -> HttpResponse:
    """One item for its office: state, all fields, changes on their way, versions."""
    found = queries.item(key)
    actor = actor_of(request)
    context = {
        "item": found,
        "tone": _TONES[found.state],
        "fields": wording.every_field(found),
        "versions": queries.versions(key)[:6],
        "may_edit": may(actor, "items.edit", found.office),
        "edits": queries.edits(actor, found.key),
    }
    return render(request, "hall/items/item.html", context)


@permitted("items.import")
def hand_in(request: HttpRequest) -> HttpResponse:
    """Choose a list; the next page is its report."""
    errors: dict[str, Any] = {}
    if request.method == "POST":
        mapping = request.FILES.get("map")
        text = mapping.read(200_000).decode("utf-8", errors="replace") if mapping else ""
        try:
            upload = uploads.hand_in(
                actor_of(request), request.FILES.get("file"), text, request.POST.get("attribution", "")
            )
        except Invalid as error:
            errors = error.errors
        else:
            return redirect("hall:items_report", upload)
    context = {"errors": errors, "typed": request.POST}
    return render(request, "hall/items/import.html", context, status=422 if errors else 200)


@permitted("items.import")
def import_report(request: HttpRequest, upload: str) -> HttpResponse:
    """The report of a list; confirming it publishes what was accepted."""
    if request.method == "POST":
        done = uploads.confirm(actor_of(request), upload)
        published = done.published
        if published:
            words = _("%(added)d items were added, %(changed)d changed, %(unchanged)d are as before.")
            counts = {
                "added": published.added,
                "changed": published.changed,
                "unchanged": published.unchanged,
            }
            messages.success(request, words % counts)
        return redirect("hall:items")
    name, report = uploads.report(actor_of(request), upload)
    ordered = sorted(report.findings, key=lambda f: (f.level != "error", f.rule))
    by_rule = [
        {
            "rule": rule,
            "level": level,
            "message": members[0].message,
            "count": len(members),
            "rows": _rows(members),
        }
        for (level, rule), group in groupby(ordered, key=lambda f: (f.level, f.rule))
        if (members := list(group))
    ]
    context = {
        "name": name,
        "report": report,
        "by_rule": by_rule,
        "findings": ordered[:SHOWN],
        "more": max(len(ordered) - SHOWN, 0),
        "mapping": [(c, wording.FIELD_TITLES.get(name, name)) for c, name in report.mapping.items()],
    }
    return render(request, "hall/items/report.html", context)


def _rows(members: list[Any]) -> str:
    rows = list(dict.fromkeys(str(member.row) for member in members if member.row is not None))
    return ", ".join(rows[:8]) + (" …" if len(rows) > 8 else "")
