"""What was harvested and not refused becomes drafts of an office; people complete, review and publish them."""

from __future__ import annotations

from django.db import transaction

from tongban.base.kernel.api import Refused
from tongban.trust.identity.api import acting, actor_for, office_by_code, person_by_username

from .. import models
from ..actions import compile as described
from ..data import Category, Description, Format, Level, Openness, State, Zone
from .report import Entry, Report, Status, preferred

# Where a harvested entry is filed until somebody classifies it: 部门, other.
_PROJECT, _SUBJECT = "99", "999"


def store(report: Report, office_code: str, username: str) -> dict[str, int]:
    """Draft what is not there yet, in one transaction; what the office already has under this title is left alone.

    Counts of `stored` and `known`. `Refused` where the person may not, or there is no such office or person.
    """
    office, person = office_by_code(office_code), person_by_username(username)
    if office is None or person is None:
        raise Refused(f"there is no office {office_code}" if office is None else f"there is no user {username}")
    fit = [one for one in report.entries if one.status is not Status.REFUSED and one.kind != "catalogue"]
    stored = 0
    with transaction.atomic(), acting(actor := actor_for(person.ref)):
        rows = models.Resource.objects.filter(provider=office.ref.id).exclude(state=State.RETIRED)
        known = set(rows.values_list("title", flat=True))
        for entry in fit:
            description = _draft(entry, report, office_code)
            if description.title not in known:
                known.add(description.title)
                described(actor, description)
                stored += 1
    return {"stored": stored, "known": len(fit) - stored}


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
