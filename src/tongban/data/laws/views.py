"""Laws for everybody: the list and the search, one law with its texts, two texts side by side."""

from __future__ import annotations

from datetime import date
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from tongban.base.kernel.api import Invalid, NotFound, today
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import Row
from tongban.trust.identity.api import public

from . import queries
from .data import LAW, Status, Version

TITLES = {
    Status.COMING: (gettext_lazy("Not yet in effect"), "blue"),
    Status.IN_FORCE: (pgettext_lazy("law", "In force"), "green"),
    Status.REPLACED: (gettext_lazy("Replaced"), "grey"),
    Status.REPEALED: (gettext_lazy("Repealed"), "amber"),
}


@public
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Laws by name; with words, the articles that answer them."""
    text, authority = request.GET.get("q", "").strip()[:100], request.GET.get("authority", "")
    after = request.GET.get("after") or None
    titles = {code: str(title) for code, title in registers.choices(LAW, "authority").items()}
    bar = [
        {"name": "q", "label": _("Words"), "kind": "text", "value": text},
        {
            "name": "authority",
            "label": _("Level of authority"),
            "kind": "select",
            "value": authority,
            "options": list(titles.items()),
        },
    ]
    context: dict[str, object] = {"filters": bar, "text": text}
    if text:
        hits = queries.search(text, after=after)
        places = queries.places_of(hits)
        context |= {
            "hits": [(hit, *places[hit.subject.id]) for hit in hits if hit.subject.id in places],
            "page": hits,
            "named": list(queries.laws(text, authority, size=5)) if not after else [],
        }
    else:
        page = queries.laws("", authority, after)
        texts = queries.versions_of([row["name"] for row in page])
        context |= {"page": page, "rows": [_line(row, texts.get(row["name"], ()), titles) for row in page]}
    return render(request, "laws/index.html", context)


def _line(row: Row, texts: tuple[Version, ...], titles: dict[str, str]) -> dict[str, object]:
    newest = texts[0] if texts else None
    return {
        "name": row["name"],
        "authority": titles.get(row["authority"], ""),
        "category": row["category"],
        "newest": newest,
        "status": TITLES[newest.status(today())] if newest else None,
        "texts": len(texts),
    }


@public
@require_safe
def law(request: HttpRequest, name: str) -> HttpResponse:
    """One law: the text in force on a day, or a chosen text, with its articles; the others beside it."""
    known = queries.law(name)
    texts = queries.versions(known.name)
    chosen = _chosen(texts, request.GET.get("version", "")) if request.GET.get("version") else None
    day = _day(request.GET.get("on", "")) or today()
    shown = chosen or next((one for one in texts if one.status(day) is Status.IN_FORCE), texts[0] if texts else None)
    if shown is None:
        raise NotFound
    parts = [(heading, list(found)) for heading, found in groupby(queries.articles(shown), key=lambda one: one.heading)]
    context = {
        "law": known,
        "authority": registers.choices(LAW, "authority").get(known.authority.value, ""),
        "shown": shown,
        "status": TITLES[shown.status(day)],
        "texts": [(one, TITLES[one.status(day)]) for one in texts],
        "parts": parts,
        "day": day,
    }
    return render(request, "laws/law.html", context)


@public
@require_safe
def compare(request: HttpRequest, name: str) -> HttpResponse:
    """Two texts of a law side by side: the changed articles, and how many stayed the same."""
    known = queries.law(name)
    texts = queries.versions(known.name)
    if len(texts) < 2:
        raise NotFound(_("There is only one text of this law."))
    new = _chosen(texts, request.GET.get("new", "")) if request.GET.get("new") else texts[0]
    old = _chosen(texts, request.GET.get("old", "")) if request.GET.get("old") else texts[1]
    found = queries.compare(old, new)
    counts = {kind: sum(one.kind == kind for one in found) for kind in ("same", "changed", "added", "removed")}
    context = {
        "law": known,
        "old": old,
        "new": new,
        "texts": texts,
        "differences": [one for one in found if one.kind != "same"],
        "counts": counts,
    }
    return render(request, "laws/compare.html", context)


def _chosen(texts: tuple[Version, ...], issued: str) -> Version:
    found = next((one for one in texts if one.issued.isoformat() == issued), None)
    if found is None:
        raise NotFound(_("There is no text of this law from that day."))
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid({"on": _("This is no date.")}) from None
