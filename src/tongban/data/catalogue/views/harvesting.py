"""Harvest on the page: another catalogue's file judged entry by entry, and kept as drafts if wanted (DATA-04)."""

from __future__ import annotations

from itertools import islice

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_http_methods

from tongban.base.kernel.api import Invalid
from tongban.trust.identity.api import actor_of, may, office, permitted

from ..dcat.harvesting import harvest
from ..dcat.report import Entry, Finding, Report, Severity
from ..dcat.storing import store
from ..queries import EDIT

LARGEST = 2
"""MB that a page judges while somebody waits; the command line takes what there is."""
_SHOWN = 200
# Findings are written for machines and command lines; people read what their codes, or the ends of these, mean.
_REASONS = {
    "not_described": gettext_lazy("it is named, but not described"),
    "duplicate_identifier": gettext_lazy("another entry has the same identifier"),
    "no_address": gettext_lazy("it has no address of its own"),
    "type_missing": gettext_lazy("it does not say what it is"),
    "namespace_misspelt": gettext_lazy("a vocabulary's address is spelt wrongly; it was read as meant"),
    "not_a_list": gettext_lazy("a list is expected"),
    "bad_address": gettext_lazy("this is no address that others can open"),
    "not_a_reference": gettext_lazy("text where an address is expected"),
    "not_text": gettext_lazy("text is expected"),
    "bad_date": gettext_lazy("this is no date"),
    "too_many": gettext_lazy("several values where one is allowed"),
    "wrong_type": gettext_lazy("not a value of the type that is asked"),
    "missing": gettext_lazy("mandatory, and missing or empty"),
}


@permitted(EDIT)
@require_http_methods(["GET", "POST"])
def by_harvest(request: HttpRequest) -> HttpResponse:
    """A dry list, or the list and the drafts."""
    actor, report, error = actor_of(request), None, ""
    offices = [office(ref) for ref in actor.offices if may(actor, EDIT, ref)]
    if request.method == "POST":
        try:
            report = _judged(request)
            wanted = next((one for one in offices if one.code == request.POST.get("office")), None)
            if request.POST.get("act") == "keep" and wanted is not None and report.failure is None:
                kept = store(report, wanted.code, actor)
                text = _("%(n)s entries were kept as drafts, %(known)s were there already.")
                messages.success(request, text % {"n": kept["stored"], "known": kept["known"]})
        except Invalid as invalid:
            error = str(invalid.errors["file"])
    context = {
        "report": report,
        "error": error,
        "offices": offices,
        "largest": LARGEST,
        "counts": report.counts() if report else {},
        "rows": [_row(one) for one in islice(report.entries, _SHOWN)] if report else [],
        "more": _SHOWN if report and len(report.entries) > _SHOWN else 0,
    }
    return render(request, "catalogue/harvest.html", context, status=422 if error else 200)


def _judged(request: HttpRequest) -> Report:
    upload = request.FILES.get("file")
    if upload is None:
        raise Invalid({"file": _("Please choose a file.")})
    if (upload.size or 0) > LARGEST * 1024**2:
        text = _("Only files up to %(n)s MB are judged here; larger ones on the command line.")
        raise Invalid({"file": text % {"n": LARGEST}})
    return harvest(upload.name or "", upload.read)


def _row(one: Entry) -> dict[str, object]:
    verdicts = {
        "accepted": (pgettext("harvest", "accepted"), "green"),
        "warned": (pgettext("harvest", "warned"), "amber"),
        "refused": (pgettext("harvest", "refused"), "grey"),
    }
    reasons = [_reason(each) for each in one.findings if each.severity is not Severity.NOTE]
    return {"entry": one, "verdict": verdicts[one.status.value], "reasons": reasons[:10]}


def _reason(one: Finding) -> str:
    words = next((text for end, text in _REASONS.items() if one.code.endswith(end)), one.message)
    return f"{one.path}: {words}" if one.path else str(words)
