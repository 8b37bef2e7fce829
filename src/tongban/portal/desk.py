"""Staff pages of notices: write with a preview, ask for publication; somebody else publishes or returns."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from tongban.base.kernel.api import Invalid, NotFound, Text
from tongban.trust.identity.api import actor_of, conflicts, may, people_by_ref, permitted

from . import actions, queries
from .actions import PUBLISH, WRITE
from .data import NoticeDraft


@permitted(WRITE, PUBLISH)
def desk(request: HttpRequest) -> HttpResponse:
    """What is being written, what waits, what is on the public site."""
    actor = actor_of(request)
    drafts = queries.drafts()
    people = people_by_ref({editor for draft in drafts for editor in draft.editors})
    context = {
        "drafts": [(draft, "、".join(people[e].name for e in draft.editors if e in people)) for draft in drafts],
        "notices": queries.notices(50),
        "writer": may(actor, WRITE),
        "publisher": may(actor, PUBLISH),
    }
    return render(request, "portal/desk.html", context)


@permitted(WRITE)
def begin(request: HttpRequest) -> HttpResponse:
    """Write a new notice."""
    return _written(request, None)


@permitted(WRITE, PUBLISH)
def draft(request: HttpRequest, id_: str) -> HttpResponse:
    """One notice before it is published: its text, how it will look, and what may be done with it."""
    return _written(request, queries.draft(id_))


def _written(request: HttpRequest, found: NoticeDraft | None) -> HttpResponse:
    actor, typed = actor_of(request), request.POST
    errors: dict[str, Any] = {}
    if request.method == "POST" and typed.get("act") != "preview":
        try:
            return _act(request, found)
        except Invalid as error:
            errors = error.errors
    publisher = may(actor, PUBLISH) and found is not None and found.asked_at is not None
    own = found is not None and conflicts(actor, found.editors) is not None
    context = {
        "draft": found,
        "title": typed.get("title", found.title if found else ""),
        "body": typed.get("body", found.body if found else ""),
        "revision": typed.get("revision") or (found.revision if found else 0),
        "reason": typed.get("reason", ""),
        "errors": errors,
        "writer": may(actor, WRITE),
        "publisher": publisher and not own,
        "own": publisher and own,
    }
    return render(request, "portal/write.html", context, status=422 if errors else 200)


def _act(request: HttpRequest, found: NoticeDraft | None) -> HttpResponse:
    actor, typed = actor_of(request), request.POST
    act, id_ = typed.get("act", ""), found.id if found else ""
    revision = 0
    with suppress(ValueError):
        revision = int(typed.get("revision", "0")[:9])
    if act in ("save", "ask"):
        kept = actions.write_notice(actor, typed.get("title", ""), typed.get("body", ""), id_, revision)
        if act == "ask":
            actions.ask_publication(actor, kept.id, kept.revision)
        messages.success(request, str(_DONE[act]))
        return redirect("portal:notice_draft", kept.id)
    if act == "publish":
        actions.publish_notice(actor, id_, revision)
    elif act == "return":
        actions.return_notice(actor, id_, typed.get("reason", ""), revision)
    elif act == "drop" and found:
        actions.drop_draft(actor, id_)
    else:
        raise NotFound()
    messages.success(request, str(_DONE[act]))
    return redirect("portal:desk")


_DONE: dict[str, Text] = {
    "save": gettext_lazy("The draft was saved."),
    "ask": gettext_lazy("Saved. Somebody else can publish it now."),
    "publish": gettext_lazy("The notice is on the public site."),
    "return": gettext_lazy("Returned to who wrote it, with your reason."),
    "drop": gettext_lazy("The draft was thrown away."),
}


@require_POST
@permitted(PUBLISH)
def withdraw(request: HttpRequest, id_: str) -> HttpResponse:
    """Take a notice off the public site."""
    actions.withdraw_notice(actor_of(request), id_)
    messages.success(request, _("The notice was withdrawn; it stays in the record."))
    return redirect("portal:desk")
