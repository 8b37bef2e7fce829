"""The staff site's navigation: what this person may use, in the order of a working day."""

from __future__ import annotations

from typing import TypedDict

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tongban.base.kernel.api import Text
from tongban.trust.identity.api import may
from tongban.trust.identity.data import Actor

Row = tuple[str, Text, str, str]  # any of these permissions, title, URL name, icon
GROUPS: list[tuple[Text, list[Row]]] = [
    (
        "",
        [
            ("hall.work", _("My inbox"), "hall:inbox", "inbox"),
            ("hall.accept", _("File for a visitor"), "hall:counter", "user-plus"),
            ("hall.work", _("Cases"), "hall:cases", "folder"),
            ("", _("Messages"), "notify:inbox", "bell"),
            ("hall.answer", _("Questions"), "hall:questions", "message"),
            ("licences.read", _("Licences"), "licences:look_up", "certificate"),
            ("items.edit", _("Service items"), "hall:items", "list"),
            ("items.review", _("Legal review of items"), "hall:item_edits", "gavel"),
            ("portal.write", _("Notices"), "portal:desk", "speakerphone"),
            ("results.publish", _("Published results"), "results:index", "clipboard-check"),
            ("identity.check_in_person", _("Confirm a visitor"), "identity:confirm", "user-check"),
        ],
    ),
    (
        _("Data centre"),
        [
            ("register.read", _("Registers"), "registers:index", "database"),
            ("catalogue.read", _("Resource catalogue"), "catalogue:index", "sitemap"),
            (
                "catalogue.edit|catalogue.review|catalogue.secrecy|catalogue.manage",
                _("Reviews of the catalogue"), "catalogue:reviews", "list-check",
            ),
            ("catalogue.request", _("Our requests for data"), "catalogue:requests", "send"),
            ("catalogue.decide|catalogue.manage", _("Requests to decide"), "catalogue:to_decide", "circle-check"),
            ("catalogue.request|catalogue.decide", _("Objections to values"), "catalogue:objections", "flag"),
            ("catalogue.edit|catalogue.manage", _("Data quality"), "catalogue:quality", "activity"),
            ("exchange.read", _("Data exchange"), "exchange:console", "route"),
            ("exchange.ask", _("Ask another office's data"), "exchange:grants", "search"),
            ("linkage.read|linkage.review", _("Base registries"), "linkage:index", "users-group"),
            ("linkage.differences", _("Differences"), "linkage:own_sources", "alert-circle"),
            ("linkage.topics|linkage.tax", _("Tax governance"), "linkage:topic", "report-money"),
            ("economy.prepare|economy.approve", _("Releases of figures"), "economy:releases", "trending-up"),
            ("reports.read|reports.write|reports.review", _("Economic reports"), "economy:reports", "notes"),
            ("register.read", _("Map"), "geography:map", "map"),
            ("register.read", _("Laws"), "laws:index", "scale"),
            (
                "ferry.propose|ferry.approve|ferry.import|ferry.channels",
                _("Between zones"), "ferry:index", "arrow-right",
            ),
        ],
    ),
    (
        _("Trust"),
        [
            ("identity.read", _("Offices and people"), "identity:offices", "users"),
            ("identity.emergency", _("Emergency access"), "identity:emergencies", "alert-triangle"),
            ("alarms.see", _("Security console"), "alarms:console", "gauge"),
            ("ledger.audit", _("Ledger"), "witness:index", "shield-check"),
            ("seals.manage", _("Electronic seals"), "seals:register", "rubber-stamp"),
            ("keys.read", _("Certificates"), "keys:desk", "certificate"),
            ("keys.read", _("Keys"), "keys:keys", "key"),
            ("openid.register|openid.approve", pgettext_lazy("staff", "Connected systems"), "openid:clients", "link"),
        ],
    ),
    (
        _("Administration"),
        [
            ("calendar.edit", _("Working days"), "calendars:index", "calendar"),
            ("search.manage", _("Everyday words"), "search:words", "search"),
            ("packs.apply", _("Packs"), "packs:index", "package"),
            ("jobs.manage", _("Background jobs"), "site:jobs", "activity"),
        ],
    ),
]  # fmt: skip


class Entry(TypedDict):
    title: Text
    url: str
    icon: str
    active: bool
    group: Text


def staff_navigation(request: HttpRequest) -> list[Entry]:
    """The entries this person may open, by group, with the present one marked."""
    actor: Actor | None = getattr(request, "actor", None)
    found: list[Entry] = []
    if actor is None:
        return found
    for group, rows in GROUPS:
        heading = group
        for permissions, title, name, icon in rows:
            if not ((actor.staff and not permissions) or any(may(actor, each) for each in permissions.split("|"))):
                continue
            try:
                url = reverse(name)
            except NoReverseMatch:  # a room's own tests
                continue
            active = request.path.startswith(url)
            found.append({"title": title, "url": url, "icon": icon, "active": active, "group": heading})
            heading = ""
    return _marked(found)


PUBLIC: list[tuple[bool, Text, str]] = [
    # (only for those signed in, title, URL name)
    (False, _("Home"), "portal:home"),
    (False, _("Services"), "portal:items"),
    (False, _("Where is my application?"), "hall:progress"),
    (False, _("Public data"), "portal:data"),
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
        found.append({"title": title, "url": url, "icon": "", "active": active, "group": ""})
    return _marked(found)


def _marked(found: list[Entry]) -> list[Entry]:
    """Only the closest of the marked entries stays marked."""
    longest = max((entry["url"] for entry in found if entry["active"]), key=len, default="")
    for entry in found:
        entry["active"] = entry["url"] == longest
    return found
