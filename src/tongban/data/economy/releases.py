"""Releases on the staff site: list, prepare from a file, look at findings, approve, withdraw."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.kernel.api import SHANGHAI, Invalid
from tongban.trust.identity.api import actor_of, may, people_by_ref, permitted

from . import actions, queries
from .data import Release, State
from .reading import read
from .sheets import rows

WORDS = {
    State.DRAFT: (pgettext_lazy("economy", "Waits for approval"), "amber"),
    State.APPROVED: (gettext_lazy("Approved, waits for its hour"), "blue"),
    State.RELEASED: (gettext_lazy("Released"), "green"),
    State.WITHDRAWN: (gettext_lazy("Withdrawn"), "grey"),
}
_SHOWN = 200


@permitted("economy.prepare", "economy.approve")
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The releases, the newest first."""
    actor = actor_of(request)
    found, after = queries.releases(actor, request.GET.get("after", ""))
    context = {
        "rows": [(one, WORDS[one.state]) for one in found],
        "page": {"next": after},
        "after": after,
        "may_prepare": may(actor, "economy.prepare"),
    }
    return render(request, "economy/releases.html", context)


@permitted("economy.prepare")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Prepare a release from a file; a file with errors can be laid ready too, without the rows that are wrong."""
    errors: dict[str, object] = {}
    if request.method == "POST":
        try:
            made = _prepared(request)
        except Invalid as invalid:
            errors = dict(invalid.errors)
        else:
            messages.success(request, _("The release is laid ready. Somebody else approves it."))
            return redirect("economy:release", id=made.id)
    return render(request, "economy/release_new.html", {"errors": errors}, status=422 if errors else 200)


def _prepared(request: HttpRequest) -> Release:
    file, at = request.FILES.get("file"), _moment(request.POST.get("release_at", ""))
    if file is None or file.file is None:
        raise Invalid({"file": _("Choose a file.")})
    area, indicator = request.POST.get("area", "").strip(), request.POST.get("indicator", "").strip()
    delivery = read(rows(file.file, file.name or ""), indicator=indicator, area=area)
    return actions.prepare(actor_of(request), request.POST.get("title", ""), delivery, at)


def _moment(text: str) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise Invalid({"release_at": _("Give day and hour of the release.")})
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)


@permitted("economy.prepare", "economy.approve")
@require_http_methods(["GET", "POST"])
def detail(request: HttpRequest, id: str) -> HttpResponse:
    """One release with its figures and findings; approve or withdraw it."""
    actor, errors = actor_of(request), {}
    if request.method == "POST":
        try:
            if request.POST.get("do") == "approve":
                actions.approve(actor, id)
                messages.success(request, _("Approved. The figures become public at their hour."))
            else:
                actions.withdraw(actor, id, request.POST.get("reason", ""))
                messages.success(request, _("The release is withdrawn."))
            return redirect("economy:release", id=id)
        except Invalid as invalid:
            errors = dict(invalid.errors)
    one = queries.release(actor, id)
    people = people_by_ref([ref for ref in (one.prepared_by, one.approved_by) if ref])
    own = one.prepared_by == actor.by
    titles = queries.titles(sorted({figure.indicator for figure in one.figures}))
    context = {
        "one": one,
        "state": WORDS[one.state],
        "figures": [(titles.get(figure.indicator, figure.indicator), figure) for figure in one.figures[:_SHOWN]],
        "more": max(len(one.figures) - _SHOWN, 0),
        "preparer": people.get(one.prepared_by),
        "approver": people.get(one.approved_by) if one.approved_by else None,
        "may_approve": one.state is State.DRAFT and not own and may(actor, "economy.approve"),
        "may_withdraw": one.state in (State.DRAFT, State.APPROVED),
        "errors": errors,
    }
    return render(request, "economy/release.html", context, status=422 if errors else 200)
