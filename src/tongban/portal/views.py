"""Pages everybody may read. They set no cookie and need none, so that a cache may stand in front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import check_for_language, gettext, pgettext

from tongban.trust.identity.api import local_path, public
from tongban.work.hall import api as hall

from . import queries
from .data import BUSINESS_EVENTS, LIFE_EVENTS, Audience

YEAR = 365 * 24 * 3600


@public
def home(request: HttpRequest) -> HttpResponse:
    """Search, the two entrances, events of life, progress, notices, the hall's figures."""
    context = {
        "figures": hall.hall_figures(),
        "notices": queries.notices(),
        "life_events": LIFE_EVENTS,
        "business_events": BUSINESS_EVENTS,
    }
    return render(request, "portal/home.html", context)


@public
def data(request: HttpRequest) -> HttpResponse:
    """What the government publishes to be read and used: open data, figures, the map, laws, results."""
    return render(request, "portal/data.html")


@public
def items(request: HttpRequest) -> HttpResponse:
    """Items found by words, audience, department and theme; the search reads everyday words as official."""
    text = request.GET.get("q", "").strip()[:100]
    chosen = {name: request.GET.get(name, "")[:100] for name in ("audience", "department", "theme")}
    after = request.GET.get("after", "")[:200]
    page = hall.search_items(text, chosen["audience"], chosen["department"], chosen["theme"], after)
    context = {"text": text, "page": page, "chosen": chosen, "filters": _filters(text, chosen)}
    return render(request, "portal/items.html", context)


def _filters(text: str, chosen: Mapping[str, str]) -> list[dict[str, object]]:
    facets = hall.item_facets(chosen["audience"])
    themes = {theme.value: theme for theme in (*facets.themes, *facets.corp_themes)}
    options = {
        "audience": [(key.value, key.heading) for key in Audience],
        "department": [(each.value, each.title, each.count) for each in facets.departments],
        "theme": [(each.value, each.title) for each in themes.values()],
    }
    labels = {"audience": gettext("For whom"), "department": gettext("Department"), "theme": gettext("Theme")}
    selects = [
        {"name": name, "label": label, "kind": "select", "value": chosen[name], "options": options[name]}
        for name, label in labels.items()
        if options[name]
    ]
    return [{"name": "q", "label": pgettext("search", "Words"), "kind": "text", "value": text}, *selects]


@public
def departments(request: HttpRequest) -> HttpResponse:
    """Every department with the number of its items."""
    return render(request, "portal/departments.html", {"facets": hall.item_facets()})


@public
def themes(request: HttpRequest) -> HttpResponse:
    """Every theme with the number of its items, and the events of life."""
    context = {"facets": hall.item_facets(), "life_events": LIFE_EVENTS, "business_events": BUSINESS_EVENTS}
    return render(request, "portal/themes.html", context)


@public
def notice(request: HttpRequest, id_: str) -> HttpResponse:
    """One notice."""
    return render(request, "portal/notice.html", {"notice": queries.notice(id_)})


@public
def accessibility(request: HttpRequest) -> HttpResponse:
    """How the site is made to be used by everybody, and whom to tell when it is not."""
    return render(request, "portal/accessibility.html")


@public
def appearance(request: HttpRequest) -> HttpResponse:
    """Language and elder mode, by a link: cached pages have no forms. It changes one's own cookies only."""
    response = redirect(local_path(request.GET.get("next")))
    language, elder = request.GET.get("language", ""), request.GET.get("elder", "")
    kept: dict[str, Any] = {"max_age": YEAR, "samesite": "Lax", "secure": settings.SESSION_COOKIE_SECURE}
    if language in dict(settings.LANGUAGES) and check_for_language(language):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, **kept)
    if elder in ("0", "1"):
        response.set_cookie("tongban_elder", elder, **kept)
    return response
