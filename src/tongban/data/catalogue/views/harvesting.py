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
from ..dcat.report import Entry, Finding, Report, Severity, Unreadable
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
    "access_level_bad": gettext_lazy("not one of the levels of access"),
    "distribution_bad": gettext_lazy("a distribution is described wrongly"),
}
_REASONS_OF_FILES = {
    "not_a_file": gettext_lazy("this is no file"),
    "empty": gettext_lazy("the file is empty"),
    "format_unknown": gettext_lazy("this is no catalogue: neither RDF nor JSON"),
    "web_page": gettext_lazy("this is a web page without a catalogue in it"),
    "xml_not_rdf": gettext_lazy("this is XML, but not RDF"),
    "doctype_refused": gettext_lazy("a document type (DOCTYPE) in it can hide entities; remove it"),
    "encoding": gettext_lazy("the encoding of its text cannot be told"),
    "gzip_broken": gettext_lazy("the compressed file is damaged or cut off"),
    "too_large": gettext_lazy("the file is too large"),
    "too_deep": gettext_lazy("it is nested too deeply"),
    "not_well_formed": gettext_lazy("the file is damaged or cut off"),
    "not_a_catalogue": gettext_lazy("this JSON is no catalogue"),
    "ckan_error": gettext_lazy("this is an error message, no catalogue"),
    "no_entries": gettext_lazy("it describes no catalogue, dataset or data service"),
    "too_many_contexts": gettext_lazy("it names too many contexts"),
    "not_judged": gettext_lazy("this file could not be judged"),
    "not_utf8": gettext_lazy("the text is not in UTF-8"),
    "context_not_fetched": gettext_lazy("a context it names is not fetched; the words of DCAT-AP were assumed"),
    "context_missing": gettext_lazy("it names no context; the words of DCAT-AP were assumed"),
    "schema_org": gettext_lazy("written in the words of schema.org; read as DCAT"),
    "embedded": gettext_lazy("read from the JSON-LD in a web page"),
    "paged": gettext_lazy("one page of several; the others are not read"),
    "catalogue_missing": gettext_lazy("it describes no catalogue, only entries"),
    "record_without_topic": gettext_lazy("a catalogue record is about no entry of this file"),
    "text_beside_address": gettext_lazy("text beside an address was left out"),
    "conforms_to_missing": gettext_lazy("it does not name its schema"),
    "line_not_json": gettext_lazy("a line that is no JSON was left out"),
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
        "failure": _of_file(report.failure) if report and report.failure else "",
        "said": [(_of_file(one), one.message) for one in report.findings] if report else [],
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


def _of_file(one: Finding | Unreadable) -> str:
    return str(_REASONS_OF_FILES.get(one.code, one.message))


def _reason(one: Finding) -> str:
    words = next((text for end, text in _REASONS.items() if one.code.endswith(end)), one.message)
    return f"{one.path}: {words}" if one.path else str(words)
