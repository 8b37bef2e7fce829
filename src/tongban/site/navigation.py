"""The staff site's navigation: what this person may use, in the order of a working day."""

from __future__ import annotations

from typing import TypedDict

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Text

ENTRIES: list[tuple[str, Text, str, str]] = [
    # (permission, title, URL name, icon)
    ("hall.work", _("My inbox"), "hall:inbox", "inbox"),
    ("hall.accept", _("File for a visitor"), "hall:counter", "user-plus"),
    ("hall.work", _("Cases"), "hall:cases", "folder"),
    ("hall.answer", _("Questions"), "hall:questions", "message"),
    ("register.read", _("Registers"), "registers:index", "database"),
    ("items.edit", _("Service items"), "hall:items", "list"),
    ("calendar.edit", _("Working days"), "calendars:index", "calendar"),
    ("identity.manage", _("Offices and people"), "identity:offices", "users"),
    ("packs.apply", _("Packs"), "packs:index", "package"),
    ("jobs.manage", _("Background jobs"), "site:jobs", "activity"),
]


class Entry(TypedDict):
    title: Text
    url: str
    icon: str
    active: bool


def staff_navigation(request: HttpRequest) -> list[Entry]:
    """The entries this person may open, with the present one marked."""
    from tongban.trust.identity.api import may

    actor = getattr(request, "actor", None)
    found: list[Entry] = []
    if actor is None:
        return found
    for permission, title, name, icon in ENTRIES:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        if may(actor, permission):
            found.append({"title": title, "url": url, "icon": icon, "active": request.path.startswith(url)})
    longest = max((entry["url"] for entry in found if entry["active"]), key=len, default="")
    for entry in found:
        entry["active"] = entry["url"] == longest
    return found
