"""The library to read, on both sites: everybody sees public reports, who may read internal ones sees those too."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from tongban.base.files import api as files
from tongban.base.kernel.api import NotFound
from tongban.engine.registers import api as registers
from tongban.trust.identity.api import actor_of, may, people_by_ref, public, site
from tongban.trust.identity.data import Actor

from .. import chart, wording
from ..data import INDICATOR, LIBRARY, Audience, Report, Stage
from ..forecast import forecast
from ..queries import latest, series
from . import queries
from .actions import REVIEW, WRITE

STAGES = {
    Stage.DRAFT: (pgettext_lazy("report", "Draft"), "grey"),
    Stage.REVIEW: (pgettext_lazy("report", "Waits for review"), "amber"),
    Stage.RETURNED: (pgettext_lazy("report", "Returned"), "amber"),
    Stage.PUBLISHED: (pgettext_lazy("report", "Published"), "green"),
    Stage.WITHDRAWN: (pgettext_lazy("report", "Withdrawn"), "grey"),
}
AUDIENCES = {
    Audience.INTERNAL: pgettext_lazy("report", "Internal"),
    Audience.PUBLIC: gettext_lazy("For everybody"),
}
_NEWEST = 8
"""Figures in the table below a chart; all of them are on the indicator's page."""


@public
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The library with filters and search; on the staff site what is being written and waits for review above it."""
    actor, asked = actor_of(request), request.GET
    text, kind, subject = asked.get("q", "").strip()[:100], asked.get("kind", ""), asked.get("subject", "")
    period = asked.get("period", "").strip()[:7]
    found, after = queries.reports(actor, text, kind, subject, period, asked.get("after", ""))
    kinds, subjects = options(LIBRARY, "kind"), options(INDICATOR, "topic")
    bar = [
        {"name": "q", "label": _("Words"), "kind": "text", "value": text},
        {"name": "kind", "label": _("Kind of report"), "kind": "select", "value": kind, "options": kinds},
        {"name": "subject", "label": _("Subject"), "kind": "select", "value": subject, "options": subjects},
        {"name": "period", "label": _("Year or period"), "kind": "text", "value": period, "placeholder": "2026Q1"},
    ]
    writes = site() == "staff" and (may(actor, WRITE) or may(actor, REVIEW))
    context = {
        "filters": bar,
        "rows": [_line(one) for one in found],
        "open": [_line(one) for one in queries.being_written(actor)] if writes else [],
        "page": {"next": after},
        "internal": site() == "staff" and queries.reads_internal(actor),
        "may_write": site() == "staff" and may(actor, WRITE),
    }
    return render(request, "economy/reports.html", context)


def options(register: str, field: str) -> list[tuple[str, str]]:
    """The codes of a register's field with their titles in the language of the page."""
    return [(code, str(title)) for code, title in registers.choices(register, field).items()]


def _line(one: Report) -> dict[str, Any]:
    return {
        "one": one,
        "stage": STAGES[one.stage],
        "kind": dict(options(LIBRARY, "kind")).get(one.content.kind, one.content.kind),
        "subject": dict(options(INDICATOR, "topic")).get(one.content.subject, one.content.subject),
        "period": wording.period(one.content.period),
    }


@public
@require_safe
def detail(request: HttpRequest, id: str) -> HttpResponse:
    """One report: what it finds, the figures it names as they were known on its day, its text or file, its versions."""
    return shown(request, id, _version(request))


def shown(request: HttpRequest, id: str, version: int | None, errors: dict[str, Any] | None = None) -> HttpResponse:
    """The page of a report, again with `errors` after an act that was refused."""
    actor = actor_of(request)
    one = queries.report(actor, id, version)
    versions = queries.versions(actor, id)
    people = people_by_ref([ref for ref in (one.written_by, one.reviewed_by) if ref]) if site() == "staff" else {}
    known = queries.reports_named(actor, one.content.policies)
    context = {
        **_line(one),
        "charts": list(_charts(one)),
        "policies": [(title, known.get(title, "")) for title in one.content.policies],
        "versions": [(each, STAGES[each.stage]) for each in versions],
        "kept": files.files_by_id([one.file]).get(one.file) if one.file else None,
        "author": people.get(one.written_by),
        "reviewer": people.get(one.reviewed_by) if one.reviewed_by else None,
        "replaced": one.stage is Stage.PUBLISHED and not one.current,
        "acts": _acts(actor, one, versions) if site() == "staff" else {},
        "errors": errors or {},
    }
    return render(request, "economy/report.html", context, status=422 if errors else 200)


def _acts(actor: Actor, one: Report, versions: tuple[Report, ...]) -> dict[str, bool]:
    """What this person may do with this version now."""
    own, writes, reviews = one.written_by == actor.person, may(actor, WRITE), may(actor, REVIEW)
    mine = own and writes and one.stage in (Stage.DRAFT, Stage.RETURNED)
    waits = one.stage is Stage.REVIEW
    begun = any(each.stage in (Stage.DRAFT, Stage.REVIEW, Stage.RETURNED) for each in versions)
    published = one.stage is Stage.PUBLISHED
    return {
        "edit": mine,
        "judge": waits and reviews and not own,
        "correct": one.current and writes and not begun,
        "withdraw": reviews if published else ((own and writes) or reviews) and one.stage is not Stage.WITHDRAWN,
    }


def _charts(one: Report) -> Any:
    """The indicators of a report, each as it was known when this version was published, and what a forecast expects."""
    newest = latest(one.content.indicators)
    for number, code in enumerate(one.content.indicators):
        found = series(code, newest[code]["area"], as_of=one.published_at) if code in newest else None
        if found is None or not found.points:
            continue
        made = forecast(found) if one.content.kind == "forecast" else None
        measured, places = found.indicator, found.indicator.places
        name = f"{wording.title(measured)} · {found.area_name} ({measured.unit})"
        drawn = [(found.area_name, [(point.period, point.value) for point in found.points])]
        yield {
            "code": code,
            "name": name,
            "chart": chart.lines(
                drawn,
                name,
                _("%(count)s figures to %(last)s; the newest ones are in the table.")
                % {"count": len(found.points), "last": wording.period(found.points[-1].period)},
                ahead=made.points if made else (),
                name=f"chart{number}",
            ),
            "rows": [
                (wording.period(point.period), wording.figure(point.value, places))
                for point in found.points[: -_NEWEST - 1 : -1]
            ],
            "expected": [
                (wording.period(each.period), *(wording.figure(v, places) for v in (each.value, each.low, each.high)))
                for each in (made.points if made else ())
            ],
            **(wording.forecast(found, made) if made else {}),
        }


@public
@require_safe
def file(request: HttpRequest, id: str) -> HttpResponseBase:
    """The report's file, to whoever may read the report."""
    one = queries.report(actor_of(request), id, _version(request))
    if not one.file:
        raise NotFound()
    return files.download(one.file)


def _version(request: HttpRequest) -> int | None:
    text = request.GET.get("version", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise NotFound()
    return int(text)
