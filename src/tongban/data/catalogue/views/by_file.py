"""Spreadsheets on the page: entries by the guide's form, and the list of data elements."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.files import api as files
from tongban.base.kernel.api import Invalid
from tongban.trust.identity.api import Actor, actor_of, may, permitted

from .. import elements, importing, intake, loading, titles
from ..data import ElementReport, Finding
from ..queries import EDIT, MANAGE, READ, REVIEW, SECRECY

SLOT = files.Slot(formats=("xlsx", "csv"), max_bytes=10 * files.MB)
_SHOWN = 200
"""Entries and remarks of a result that a page shows."""


@permitted(EDIT)
@require_http_methods(["GET", "POST"])
def by_file(request: HttpRequest) -> HttpResponse:
    """Entries by the guide's spreadsheet: a job takes them in, its page shows how far it is."""
    actor, error = actor_of(request), ""
    if request.method == "POST":
        try:
            asked = intake.ask_import(actor, _received(request, actor), request.POST.get("act") == "try")
            return redirect("catalogue:imported", asked.public_id)
        except Invalid as invalid:
            error = str(invalid)
    context = {"error": error, "slot": SLOT, "latest": intake.imports(actor)}
    return render(request, "catalogue/import.html", context, status=422 if error else 200)


def _received(request: HttpRequest, actor: Actor) -> files.File:
    upload = request.FILES.get("file")
    if upload is None or not actor.by:
        raise Invalid({"file": _("Choose a file.")})
    return files.receive(cast("BinaryIO", upload.file), upload.name or "", SLOT, by=actor.by)


@permitted(EDIT)
@require_safe
def imported(request: HttpRequest, id_: str) -> HttpResponse:
    """How far an import is, and what came of it. May be left and opened again."""
    row = intake.access_import(actor_of(request), id_)
    part = "catalogue/imported_part.html" if request.headers.get("HX-Request") else "catalogue/imported.html"
    context: dict[str, Any] = {"row": row, "made": len(row.made), "refused": len(row.refused)}
    if row.ended_at:
        found = [Finding(**one) for one in row.findings]
        errors = [one for one in found if one.level == "error"]
        looks = [one for one in found if one.level != "error"]
        context |= {
            "shown": row.made[:_SHOWN],
            "findings": errors + looks[:_SHOWN],  # every line that refused something is named
            "more": max(len(looks) - _SHOWN, 0),
        }
    return render(request, part, context)


@permitted(EDIT)
@require_safe
def blank(request: HttpRequest) -> HttpResponse:
    """The spreadsheet to fill in."""
    return _workbook(importing.template(), "政务信息资源目录模板.xlsx")


def _workbook(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content)
    answer["Content-Type"] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    answer["Content-Disposition"] = files.disposition(name)
    return answer


# --- data elements --------------------------------------------------------------------------------------

PAGE = 50


@permitted(READ, EDIT, REVIEW, SECRECY, MANAGE)
@require_http_methods(["GET", "POST"])
def data_elements(request: HttpRequest) -> HttpResponse:
    """The standard data elements; the authority loads them."""
    actor, error, report = actor_of(request), "", None
    manager = may(actor, MANAGE)
    if request.method == "POST":
        try:
            report = _loaded(request, actor)
        except Invalid as invalid:
            error = str(invalid)
    words = request.GET.get("q", "")
    found = elements.elements(words, request.GET.get("after", ""), PAGE + 1)
    context = {
        "rows": [_row(one) for one in found[:PAGE]],
        "columns": _columns(),
        "filters": [{"name": "q", "label": _("Name, key, definition or standard"), "kind": "text", "value": words}],
        "next": found[PAGE - 1].key if len(found) > PAGE else "",
        "words": words,
        "manager": manager,
        "report": report,
        "findings": report.findings if report else (),
        "error": error,
        "slot": SLOT,
    }
    return render(request, "catalogue/elements.html", context, status=422 if error else 200)


def _loaded(request: HttpRequest, actor: Actor) -> ElementReport:
    kept = _received(request, actor)
    with files.open_released(kept.id) as stream:
        report = loading.load(actor, stream, kept.name)
    text = _("%(added)s data elements added, %(changed)s changed, %(same)s as they were.")
    messages.success(request, text % {"added": report.added, "changed": report.changed, "same": report.same})
    return report


@permitted(MANAGE)
@require_safe
def blank_elements(request: HttpRequest) -> HttpResponse:
    """The spreadsheet of data elements to fill in."""
    return _workbook(loading.template(), "数据元目录模板.xlsx")


def _columns() -> list[dict[str, Any]]:
    names = titles.ITEM_FIELDS
    return [
        {"key": "title", "title": _("Name of the data element")},
        {"key": "key", "title": titles.ELEMENT_KEY, "kind": "code"},
        {"key": "definition", "title": _("Definition")},
        {"key": "type", "title": names["type"]},
        {"key": "length", "title": names["length"], "kind": "number"},
        {"key": "codes", "title": names["codes"]},
        {"key": "standard", "title": _("Standard it comes from")},
    ]


def _row(one: Any) -> dict[str, Any]:
    return {
        "id": one.key,
        "title": one.title,
        "key": f"{one.key} {one.number}".strip(),
        "definition": one.definition,
        "type": titles.TYPES[one.type],
        "length": one.length or "",
        "codes": one.codes,
        "standard": one.standard,
    }
