"""Visits: sessions as their owner sees them, and how somebody proved who they are (T17)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from allauth.account.authentication import get_authentication_records
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, Ref, emit, now
from tongban.base.ledger.api import write

from . import data, sessions
from .models import Session

AGENT = "agent"
# In this order: every browser names several others it wants to be taken for.
_BROWSERS = ["Edg", "MicroMessenger", "QQBrowser", "UCBrowser", "Firefox", "Chrome", "Safari"]
_SYSTEMS = ["HarmonyOS", "Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"]


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay of somebody on one site. `began` is the sign-in; `since` when they last proved who they are, by
    `methods` (`password`, `code`, `totp`, `webauthn`, `certificate` ...)."""

    id: str
    began: datetime
    since: datetime
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnVisit:
    """A line of somebody's list of visits."""

    id: str
    began: datetime
    seen: datetime
    device: str
    here: bool


def visit_of(request: HttpRequest) -> Visit:
    """The present visit of whoever has signed in."""
    session, records = request.session, get_authentication_records(request, request.user)
    began = datetime.fromisoformat(session[sessions.STARTED]) if sessions.STARTED in session else now()
    proved = [datetime.fromtimestamp(record["at"], UTC) for record in records if record.get("reauthenticated")]
    methods = dict.fromkeys(str(record.get("type") or record["method"]) for record in records)
    return Visit(str(session.get(sessions.VISIT, "")), began, max([began, *proved]), tuple(methods))


def device(agent: str) -> str:
    """Browser and system in a few words, for their owner to recognise; nothing that tells two of one kind apart."""
    browser = next((name for name in _BROWSERS if f"{name}/" in agent), "")
    system = next((name for name in _SYSTEMS if name in agent), "")
    names = " · ".join(
        name for name in ({"Edg": "Edge", "MicroMessenger": "WeChat"}.get(browser, browser), system) if name
    )
    return re.sub(r"\s+", " ", names)[:60]


def own_visits(request: HttpRequest, person: Ref) -> list[OwnVisit]:
    """A person's live visits on this site, the present one first, then the newest."""
    rows = Session.objects.filter(account__public_id=person.id, site=sessions.site(), expire_date__gt=now())
    here = request.session.get(sessions.VISIT)
    found = []
    for row in rows:
        kept = row.get_decoded()
        if kept.get(sessions.VISIT):
            began, seen = (datetime.fromisoformat(kept[key]) for key in (sessions.STARTED, sessions.SEEN))
            about = kept.get(AGENT) or _("Unknown device")
            found.append(OwnVisit(kept[sessions.VISIT], began, seen, about, kept[sessions.VISIT] == here))
    return sorted(found, key=lambda visit: (not visit.here, -visit.seen.timestamp()))


def end_visit(person: Ref, visit: str) -> None:
    """End one visit of one's own; `NotFound` if there is none."""
    rows = Session.objects.filter(account__public_id=person.id, site=sessions.site())
    gone = [row.pk for row in rows if row.get_decoded().get(sessions.VISIT) == visit]
    if not (visit and gone):
        raise NotFound()
    with transaction.atomic():
        Session.objects.filter(pk__in=gone).delete()
        write("identity.visit.ended", person, by=person, visit=visit)
        emit(data.SignedOut(person, visit))
