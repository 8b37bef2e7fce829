"""Objections to values: raise one, follow it, answer it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.files import api as files
from tongban.base.kernel.api import Invalid, NotFound, Ref, Text
from tongban.trust.identity.api import actor_of, may, permitted
from tongban.trust.identity.data import OFFICE

from .. import objecting, queries, titles
from ..data import Objection, ObjectionState
from ..forms import ObjectionForm
from ..queries import DECIDE, MANAGE, REQUEST, require_shown
from .catalogue import offices_named
from .editing import told
from .requesting import due_of

TONES = {ObjectionState.OPEN: "blue", ObjectionState.CORRECTED: "green"}


@permitted(REQUEST, DECIDE, MANAGE)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Objections one's offices raised, and those they are to answer."""
    actor = actor_of(request)
    answering = [office for office in actor.offices if may(actor, DECIDE, office)]
    to_answer = [one for office in answering for one in objecting.objections(provider=office)]
    raised = [one for office in actor.offices for one in objecting.objections(office=office)]
    context = {
        "columns": [
            {"key": "title", "title": titles.FIELDS["title"]},
            {"key": "item", "title": titles.ITEM_FIELDS["item"]},
            {"key": "office", "title": _("Doubting office"), "kind": "office"},
            {"key": "state", "title": _("Stage"), "kind": "chip"},
            {"key": "due", "title": _("Due"), "kind": "due"},
        ],
        "to_answer": _rows(sorted(to_answer, key=lambda one: one.state is not ObjectionState.OPEN)),
        "raised": _rows(raised),
        "answers": bool(answering),
    }
    return render(request, "catalogue/objections.html", context)


def _rows(found: list[Objection]) -> list[dict[str, Any]]:
    names = offices_named({one.office for one in found})
    return [
        {
            "id": one.id,
            "url": reverse("catalogue:objection", args=[one.id]),
            "title": one.resource_title,
            "item": one.item,
            "office": names.get(one.office, ""),
            "state": (titles.OBJECTION_STATES[one.state], TONES.get(one.state, "grey")),
            "due": due_of(one.due) if one.state is ObjectionState.OPEN else None,
        }
        for one in found
    ]


@permitted(REQUEST)
@require_http_methods(["GET", "POST"])
def doubt(request: HttpRequest, id_: str) -> HttpResponse:
    """Doubt a value of a resource."""
    actor = actor_of(request)
    resource = require_shown(queries.access_resource(actor, id_))
    posted = request.method == "POST"
    form = ObjectionForm(actor, resource, *((request.POST, request.FILES) if posted else ()))
    if posted and form.is_valid():
        given, upload = form.cleaned_data, form.cleaned_data["evidence"]
        with told(form):
            made = objecting.object_to(
                actor,
                id_,
                Ref(OFFICE, given["office"]),
                **{name: given[name] for name in ("item", "key", "wrong", "right", "reason")},
                evidence=(upload.file, upload.name) if upload else None,
            )
            messages.success(request, _("The source has your objection."))
            return redirect("catalogue:objection", made.id)
    context = {"form": form, "one": resource, "slot": objecting.SLOT}
    return render(request, "catalogue/doubt.html", context, status=422 if form.errors else 200)


@permitted(REQUEST, DECIDE, MANAGE)
@require_http_methods(["GET", "POST"])
def detail(request: HttpRequest, id_: str) -> HttpResponse:
    """One objection, for both offices; the source answers here."""
    actor = actor_of(request)
    one = objecting.access(actor, id_)
    errors: dict[str, Text] = {}
    if request.method == "POST":
        typed = request.POST
        seen = typed.get("version", "")
        version = int(seen) if seen.isdigit() and len(seen) < 9 else 0
        try:
            corrected = typed.get("corrected") == "yes"
            objecting.answer_objection(actor, id_, corrected, typed.get("answer", ""), version, typed.get("value", ""))
        except Invalid as invalid:
            errors = invalid.errors
        else:
            messages.success(request, _("Answered. A corrected value goes to everybody who has the resource."))
            return redirect("catalogue:objection", id_)
    resource = queries.resource(one.resource)
    item = resource.item(one.item)
    names = offices_named({one.office, one.provider})
    pairs = [
        (_("Doubting office"), names.get(one.office, ""), ""),
        (titles.FIELDS["provider"], names.get(one.provider, ""), ""),
        (titles.ITEM_FIELDS["item"], item.title if item else one.item, ""),
        (_("Number of the record"), one.key, ""),
        (_("Value now"), one.wrong, ""),
        (_("Value it should have"), one.right, ""),
        (_("Reason"), one.reason, ""),
        (_("Answer"), one.answer, ""),
        (_("Corrected to"), one.value, ""),
    ]
    context = {
        "one": one,
        "facts": [pair for pair in pairs if pair[1]],
        "files": files.files_of(one.ref),
        "answers": one.state is ObjectionState.OPEN and may(actor, DECIDE, one.provider),
        "state": titles.OBJECTION_STATES[one.state],
        "tone": TONES.get(one.state, "grey"),
        "due": due_of(one.due) if one.state is ObjectionState.OPEN else None,
        "errors": errors,
        "typed": request.POST,
    }
    return render(request, "catalogue/objection.html", context, status=422 if errors else 200)


@permitted(REQUEST, DECIDE, MANAGE)
@require_safe
def evidence(request: HttpRequest, id_: str, file: str) -> FileResponse:
    """The evidence of an objection, for those who may see the objection (T13)."""
    one = objecting.access(actor_of(request), id_)
    if file not in {each.id for each in files.files_of(one.ref)}:
        raise NotFound
    return files.download(file)
