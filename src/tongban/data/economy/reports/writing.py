"""Writing, reviewing, publishing: pages of the staff site."""

from __future__ import annotations

from contextlib import suppress

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from tongban.base.kernel.api import Invalid, NotFound, Text
from tongban.trust.identity.api import actor_of, permitted

from ..data import Report, Stage
from . import actions, queries
from .actions import REVIEW, WRITE
from .forms import ReportForm
from .views import shown

_DONE: dict[str, Text] = {
    "hand_in": gettext_lazy("Handed in. Somebody else reviews it."),
    "publish": gettext_lazy("The report is in the library."),
    "send_back": gettext_lazy("Returned to its author with your remark."),
    "correct": gettext_lazy("A new version is begun. The published one stays until this one is published."),
    "withdraw": gettext_lazy("Withdrawn."),
}


@permitted(WRITE)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write a report."""
    return _written(request, None)


@permitted(WRITE)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, id: str) -> HttpResponse:
    """Go on writing one's own draft, also one that was returned."""
    actor = actor_of(request)
    mine = [one for one in queries.versions(actor, id) if one.written_by == actor.person]
    draft = next((one for one in mine if one.stage in (Stage.DRAFT, Stage.RETURNED)), None)
    if draft is None:
        raise NotFound()
    return _written(request, queries.report(actor, id, draft.version))


def _written(request: HttpRequest, former: Report | None) -> HttpResponse:
    form = ReportForm(request.POST or None, request.FILES or None, former)
    if request.method == "POST" and form.is_valid():
        try:
            made = _kept(request, form, former)
        except Invalid as invalid:
            form.refuse(invalid.errors)
        else:
            messages.success(request, _("The draft was saved."))
            return _to(made.id, made.version)
    status = 422 if form.errors else 200
    return render(request, "economy/report_write.html", {"form": form, "former": former}, status=status)


def _kept(request: HttpRequest, form: ReportForm, former: Report | None) -> Report:
    actor, content = actor_of(request), form.content(former)
    if former is None:
        return actions.write(actor, content, form.upload)
    leave_out = bool(form.cleaned_data.get("without_file"))
    return actions.change(actor, former.id, content, form.upload, without_file=leave_out)


@permitted(WRITE, REVIEW)
@require_POST
def act(request: HttpRequest, id: str) -> HttpResponse:
    """Hand in, publish, return, correct or withdraw a report."""
    actor, typed = actor_of(request), request.POST
    do, version = typed.get("do", ""), 0
    with suppress(ValueError):
        version = int(typed.get("version", "")[:4])
    try:
        if do == "hand_in":
            actions.hand_in(actor, id)
        elif do == "publish":
            actions.publish(actor, id)
        elif do == "send_back":
            actions.send_back(actor, id, typed.get("remark", ""))
        elif do == "correct":
            version = actions.correct(actor, id, typed.get("reason", "")).version
        elif do == "withdraw":
            actions.withdraw(actor, id, version, typed.get("withdrawal", ""))
        else:
            raise NotFound()
    except Invalid as invalid:
        return shown(request, id, version or None, invalid.errors)
    messages.success(request, str(_DONE[do]))
    if do == "correct":
        return redirect("economy:report_edit", id=id)
    with suppress(NotFound):  # who withdrew a draft of somebody else's, or their right to it, does not see it any more
        return _to(queries.report(actor, id, version or None).id, version)
    return redirect("economy:reports")


def _to(id: str, version: int) -> HttpResponse:
    return redirect(reverse("economy:report", args=[id]) + (f"?version={version}" if version else ""))
