"""The staff site's navigation: what this person may use, in the order of a working day."""

from __future__ import annotations

from typing import TypedDict

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tongban.base.kernel.api import Text

ENTRIES: list[tuple[str, Text, str, str]] = [
    # (permission, title, URL name, icon)
    ("hall.work", _("My inbox"), "hall:inbox", "inbox"),
    ("hall.accept", _("File for a visitor"), "hall:counter", "user-plus"),
    ("hall.work", _("Cases"), "hall:cases", "folder"),
    ("", _("Messages"), "notify:inbox", "bell"),
    ("hall.answer", _("Questions"), "hall:questions", "message"),
    ("register.read", _("Registers"), "registers:index", "database"),
    ("licences.read", _("Licences"), "licences:look_up", "certificate"),
    ("items.edit", _("Service items"), "hall:items", "list"),
    ("items.review", _("Legal review of items"), "hall:item_edits", "gavel"),
    ("portal.write", _("Notices"), "portal:desk", "speakerphone"),
    ("calendar.edit", _("Working days"), "calendars:index", "calendar"),
    ("identity.read", _("Offices and people"), "identity:offices", "users"),
    ("identity.emergency", _("Emergency access"), "identity:emergencies", "alert-triangle"),
    ("search.manage", _("Everyday words"), "search:words", "search"),
    ("packs.apply", _("Packs"), "packs:index", "package"),
    ("identity.check_in_person", _("Confirm a visitor"), "identity:confirm", "user-check"),
    ("openid.register", pgettext_lazy("staff", "Connected systems"), "openid:clients", "link"),
    ("openid.approve", pgettext_lazy("staff", "Connected systems"), "openid:clients", "link"),
    ("seals.manage", _("Electronic seals"), "seals:register", "rubber-stamp"),
    ("keys.read", _("Certificates"), "keys:desk", "certificate"),
    ("keys.read", _("Keys"), "keys:keys", "key"),
    ("ledger.audit", _("Ledger"), "witness:index", "shield-check"),
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
        if (actor.staff and not permission) or may(actor, permission):
            found.append({"title": title, "url": url, "icon": icon, "active": request.path.startswith(url)})
    return _marked(found)


PUBLIC: list[tuple[bool, Text, str]] = [
    # (only for those signed in, title, URL name)
    (False, _("Home"), "portal:home"),
    (False, _("Services"), "portal:items"),
    (False, _("Where is my application?"), "hall:progress"),
    (False, _("Verify a licence"), "licences:verify"),
    (False, _("Verify a sealed file"), "seals:verify"),
    (True, _("My applications"), "hall:mine"),
    (True, _("My licences"), "licences:mine"),
    (True, _("Messages"), "notify:inbox"),
]


def public_navigation(request: HttpRequest) -> list[Entry]:
    """The public site's navigation; what is one's own appears after signing in."""
    known = getattr(getattr(request, "user", None), "is_authenticated", False)
    found: list[Entry] = []
    for own, title, name in PUBLIC:
        if own and not known:
            continue
        try:
            url = reverse(name)
        except NoReverseMatch:  # a room that is not installed, or a room's own tests
            continue
        active = request.path == url if url == "/" else request.path.startswith(url)
        found.append({"title": title, "url": url, "icon": "", "active": active})
    return _marked(found)


def _marked(found: list[Entry]) -> list[Entry]:
    """Only the closest of the marked entries stays marked."""
    longest = max((entry["url"] for entry in found if entry["active"]), key=len, default="")
    for entry in found:
        entry["active"] = entry["url"] == longest
    return found
