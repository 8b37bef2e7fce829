"""Pages of changing an item: the draft with its parts, the review, publishing, versions side by side (SVC-09)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from tongban.base.kernel.api import Invalid, NotFound, Ref, Text, today
from tongban.base.ledger import api as ledger
from tongban.trust.identity import api as identity
from tongban.trust.identity.api import actor_of, may, permitted

from . import comparing, editing, forms, queries, wording
from .changes import Edit, Stage
from .data import ItemState
from .editing import EDIT, REVIEW

TONES = {
    Stage.DRAFT: "neutral",
    Stage.REVIEW: "blue",
    Stage.RETURNED: "amber",
    Stage.APPROVED: "green",
    Stage.SCHEDULED: "green",
    Stage.PUBLISHED: "grey",
    Stage.DROPPED: "grey",
}
TABS: list[tuple[str, Text]] = [
    ("fields", gettext_lazy("Fields")),
    *((part, wording.FIELD_TITLES[part]) for part in wording.PART_TITLES),
]
_ACTS: dict[str, Text] = {
    "hall.item.edit.begun": gettext_lazy("Begun"),
    "hall.item.edit.sent": gettext_lazy("Sent to legal review"),
    "hall.item.edit.returned": gettext_lazy("Returned to the editor"),
    "hall.item.edit.approved": gettext_lazy("Approved"),
    "hall.item.edit.taken_over": gettext_lazy("Present wording taken over"),
    "hall.item.edit.scheduled": gettext_lazy("Day of publication set"),
    "hall.item.edit.published": gettext_lazy("In force"),
    "hall.item.edit.dropped": gettext_lazy("Given up"),
}


@permitted(EDIT, REVIEW)
def changes(request: HttpRequest) -> HttpResponse:
    """Changes on their way, and with `over` those that are done."""
    over = bool(request.GET.get("over"))
    found = queries.edits(actor_of(request), over=over)
    rows = [
        {
            "title": each.item.title,
            "url": reverse("hall:item_edit", args=[each.id]),
            "what": each.what,
            "department": each.item.department,
            "stage": (each.stage.words, TONES[each.stage]),
            "at": each.updated_at,
        }
        for each in found
    ]
    columns = [
        {"key": "title", "title": _("Item"), "kind": "link"},
        {"key": "what", "title": _("Change")},
        {"key": "department", "title": _("Office"), "kind": "office"},
        {"key": "stage", "title": _("Stage"), "kind": "chip"},
        {"key": "at", "title": _("Last act"), "kind": "time"},
    ]
    return render(request, "hall/items/changes.html", {"rows": rows, "columns": columns, "over": over})


@require_POST
@permitted(EDIT)
def begin(request: HttpRequest, key: str) -> HttpResponse:
    """Open the item's draft, made from the wording in force where there is none."""
    return redirect("hall:item_edit_part", editing.begin(actor_of(request), key).id, "fields")


@permitted(EDIT, REVIEW)
def change(request: HttpRequest, edit_id: str) -> HttpResponse:
    """One change: what it changes, what the rules say, who did what; its acts for those whose turn it is."""
    actor = actor_of(request)
    errors: dict[str, Any] = {}
    if request.method == "POST":
        try:
            return _act(request, edit_id)
        except Invalid as error:
            errors = error.errors
    row = editing.access_edit(actor, edit_id)
    found = queries.edit(row)
    editor, reviewer = (may(actor, permission, found.item.office) for permission in (EDIT, REVIEW))
    then = queries.body_of(row.item, row.base)
    own = identity.conflicts(actor, found.editors) is not None
    context = {
        "edit": found,
        "item": found.item,
        "tone": TONES[found.stage],
        "sections": [] if found.state else _sections(comparing.compare(then, found.body)),
        "findings": [] if found.state else _findings(found),
        "history": _history(found),
        "editor": editor,
        "reviewer": reviewer and found.stage is Stage.REVIEW and not own,
        "own": own and reviewer and found.stage is Stage.REVIEW,
        "publisher": editor and found.stage in (Stage.APPROVED, Stage.SCHEDULED),
        "open": found.stage in Stage.open(),
        "today": today(),
        "errors": errors,
        "typed": request.POST,
        "reason": request.POST.get("reason", found.reason),
        "tabs": TABS,
        "side": (_("Version %d") % found.base, _("This change")),
    }
    return render(request, "hall/items/change.html", context, status=422 if errors else 200)


def _act(request: HttpRequest, edit_id: str) -> HttpResponse:
    actor, typed = actor_of(request), request.POST
    revision = _number(typed.get("revision", ""))
    act = typed.get("act", "")
    if act == "send":
        editing.send(actor, edit_id, typed.get("reason", ""), revision)
    elif act == "approve":
        editing.approve(actor, edit_id, typed.get("opinion", ""), revision)
    elif act == "return":
        editing.send_back(actor, edit_id, typed.get("opinion", ""), revision)
    elif act == "publish":
        editing.publish_edit(actor, edit_id, _day(typed.get("on", "")), revision)
    elif act == "take_over":
        editing.take_over(actor, edit_id)
    elif act == "drop":
        editing.drop(actor, edit_id)
    else:
        raise NotFound()
    messages.success(request, str(_DONE[act]))
    return redirect("hall:item_edit", edit_id)


_DONE: dict[str, Text] = {
    "send": gettext_lazy("Sent to legal review. The reviewers have a message."),
    "approve": gettext_lazy("Approved. The editors have a message and can publish it."),
    "return": gettext_lazy("Returned. The editors have a message with your reasons."),
    "publish": gettext_lazy("Published, or set for its day. Open cases keep the version they began with."),
    "take_over": gettext_lazy("The draft now goes on from the present wording."),
    "drop": gettext_lazy("The change was given up."),
}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1


def _day(text: str) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(text)
    return None


def _sections(found: list[comparing.Section]) -> list[comparing.Section]:
    """Only what differs."""
    return [
        replace(section, rows=tuple(row for row in section.rows if row.kind != "same"))
        for section in found
        if section.changes
    ]


def _findings(found: Edit) -> list[dict[str, Any]]:
    return [
        {"field": wording.FIELD_TITLES.get(name, name), "level": level, "message": message}
        for name, _rule, level, message in editing.findings(found.body)
    ]


def _history(found: Edit) -> list[dict[str, Any]]:
    entries = ledger.history(found.ref)
    people = identity.people_by_ref({entry.by for entry in entries if entry.by})
    return [
        {
            "at": entry.at,
            "title": _ACTS.get(entry.kind, entry.kind),
            "who": people[entry.by].name if entry.by in people else _("automatically"),
            "note": entry.facts.get("opinion") or entry.facts.get("reason") or "",
        }
        for entry in entries
    ]


@permitted(EDIT)
def part(request: HttpRequest, edit_id: str, name: str) -> HttpResponse:
    """One page of the draft: its fields, or the entries of a part. What was typed stays when something is wrong."""
    row = editing.access_edit(actor_of(request), edit_id, EDIT)
    found = queries.edit(row)
    if not found.writable or found.state:
        return redirect("hall:item_edit", edit_id)
    if name not in dict(TABS):
        raise NotFound()
    make: Callable[[Any], Any] = (
        (lambda posted: forms.ItemForm(posted, initial=found.body))
        if name == "fields"
        else (lambda posted: forms.entries_form(name, found.body, posted))
    )
    more = request.POST.get("act") == "more"
    posted = forms.with_one_more(request.POST) if more else request.POST
    form = make(posted if request.method == "POST" else None)
    wrong = False
    if request.method == "POST" and not more:
        if form.is_valid():
            values = form.wording() if name == "fields" else {name: form.entries()}
            editing.save(actor_of(request), edit_id, _number(request.POST.get("revision", "")), values)
            messages.success(request, _("The draft was saved."))
            return redirect("hall:item_edit_part", edit_id, _next(name) if "next" in request.POST else name)
        wrong = True
    context = {
        "edit": found,
        "item": found.item,
        "name": name,
        "tabs": [(key, title, len(found.body.get(key) or ())) for key, title in TABS],
        "form": form,
        "groups": forms.groups(form) if name == "fields" else [],
        "entries": [] if name == "fields" else [_entry(name, each) for each in form.forms],
        "revision": request.POST.get("revision") or found.revision,
        "wrong": wrong,
        "errors": _errors(form) if wrong and name != "fields" else {},
        "more": more,
        "last": name == TABS[-1][0],
    }
    return render(request, "hall/items/draft.html", context, status=422 if wrong else 200)


def _next(name: str) -> str:
    keys = [key for key, _title in TABS]
    return keys[min(keys.index(name) + 1, len(keys) - 1)]


def _entry(name: str, form: Any) -> dict[str, Any]:
    fields = [field for field in form.visible_fields() if field.name not in ("ORDER", "DELETE")]
    first = fields[0].value() if fields else ""
    return {
        "title": forms.shown_title(name, {fields[0].name: first}),
        "fields": fields,
        "hidden": form.hidden_fields(),
        "order": form["ORDER"],
        "delete": form["DELETE"],
        "open": bool(form.errors) if form.is_bound else False,
        "new": not first,
    }


def _errors(formset: Any) -> dict[str, list[str]]:
    found = {
        f"{form.prefix}-{name}": [str(text) for text in texts]
        for form in formset.forms
        for name, texts in form.errors.items()
    }
    return {**found, **({"": [str(e) for e in formset.non_form_errors()]} if formset.non_form_errors() else {})}


@permitted(EDIT, REVIEW)
def versions(request: HttpRequest, key: str) -> HttpResponse:
    """All versions of an item, and any two of them side by side."""
    row = queries.access_item(key)
    listed = queries.versions(key)
    known = {version.version for version in listed}
    newer = _chosen(request.GET.get("b", ""), known, row.version)
    older = _chosen(request.GET.get("a", ""), known, max((v for v in known if v < newer), default=newer))
    every = bool(request.GET.get("all"))
    sections = comparing.compare(queries.body_of(row, older), queries.body_of(row, newer))
    writers = {version.by: Ref.parse(version.by) for version in listed if version.by}
    people = identity.people_by_ref(set(writers.values()))
    names = {by: people[ref].name for by, ref in writers.items() if ref in people}
    context = {
        "item": queries.item(key),
        "versions": [(version, names.get(version.by, "")) for version in listed],
        "older": older,
        "newer": newer,
        "all": every,
        "sections": sections if every else _sections(sections),
        "side": (_("Version %d") % older, _("Version %d") % newer),
        "count": sum(section.changes for section in sections),
    }
    return render(request, "hall/items/versions.html", context)


def _chosen(text: str, known: set[int], otherwise: int) -> int:
    number = _number(text)
    return number if number in known else otherwise


VERBS = {"pause": ItemState.PAUSED, "resume": ItemState.IN_USE, "cancel": ItemState.CANCELLED}


@permitted(EDIT)
def ask_state(request: HttpRequest, key: str, verb: str) -> HttpResponse:
    """Ask for the reason, then hand the pause, resumption or cancellation to legal review."""
    if verb not in VERBS:
        raise NotFound()
    found = queries.item(key)
    errors: dict[str, Any] = {}
    if request.method == "POST":
        try:
            change = editing.ask_state(actor_of(request), key, VERBS[verb], request.POST.get("reason", ""))
        except Invalid as error:
            errors = error.errors
        else:
            messages.success(request, str(_DONE["send"]))
            return redirect("hall:item_edit", change.id)
    context = {"item": found, "verb": verb, "errors": errors, "reason": request.POST.get("reason", "")}
    return render(request, "hall/items/state.html", context, status=422 if errors else 200)
