"""What was harvested and not refused becomes drafts of an office; people complete, review and publish them."""

from __future__ import annotations

from django.db import transaction

from tongban.base.kernel.api import NotFound, Refused
from tongban.trust.identity.api import Actor, acting, actor_for, office_by_code, person_by_username, require

from .. import models
from ..actions import compile as described
from ..data import Category, Description, Format, Level, Openness, State, Zone
from ..queries import EDIT
from . import progress
from .report import Entry, Report, Status, preferred

# Where a harvested entry is filed until somebody classifies it: 部门, other.
_PROJECT, _SUBJECT = "99", "999"


def store_as(report: Report, office_code: str, username: str) -> dict[str, int]:
    """As `store`, for somebody who is named on the command line. `Refused` where there is no such office or person."""
    try:
        person = person_by_username(username)
        with transaction.atomic(), acting(actor := actor_for(person.ref)):
            return store(report, office_code, actor)
    except NotFound as unknown:
        raise Refused(f"{username} or {office_code}: {unknown.message}") from unknown


def store(report: Report, office_code: str, actor: Actor) -> dict[str, int]:
    """Draft what is not there yet, in one transaction; what the office already has under this title is left alone.

    Counts of `stored` and `known`. `Refused` where the person may not, `NotFound` where there is no such office.
    """
    office = office_by_code(office_code)
    require(actor, EDIT, office.ref)
    fit = report.entries.counts[Status.ACCEPTED] + report.entries.counts[Status.WARNED]
    stored = 0
    progress.at("entries stored", lambda: stored, fit)
    with transaction.atomic():
        rows = models.Resource.objects.filter(provider=office.ref.id).exclude(state=State.RETIRED)
        known = set(rows.values_list("title", flat=True))
        for entry in report.entries:
            if entry.status is Status.REFUSED:
                continue
            description = _draft(entry, report, office_code)
            if description.title not in known:
                known.add(description.title)
                described(actor, description, office)
                stored += 1
    return {"stored": stored, "known": fit - stored}


def _draft(entry: Entry, report: Report, office_code: str) -> Description:
    """What a stranger said, as far as it fits. Nothing is open or shared by that: reviewers decide."""
    addresses = [one.url for one in entry.files if one.url] or [entry.landing_page or entry.id]
    said = [preferred(entry.descriptions), *addresses[:20]]
    return Description(
        title=" ".join(entry.title.split())[:200],
        summary="\n".join(one for one in said if one)[:4000],
        provider=office_code,
        category=Category.DEPARTMENT,
        project=_PROJECT,
        subject=_SUBJECT,
        format=Format.DOCUMENT,
        openness=Openness.CLOSED,
        level=Level.INTERNAL,
        zone=Zone.OUTER,
        system=" ".join((entry.publisher or report.source).split())[:100],
        keywords=tuple(" ".join(one.split())[:60] for one in entry.keywords[:20]),
    )
