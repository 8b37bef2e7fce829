"""Who sealed this file? For anyone; and the register of seals for those who keep it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongban.base.kernel.api import Invalid, NotFound, Refused
from tongban.trust.identity.api import actor_of, limited, people_at, permitted, person, person_by_username, public

from . import actions, queries
from .data import Seal, SealState
from .forms import MakeForm
from .reasons import said
from .verdicts import WORST, Change, Signature
from .verifying import verify_file

MOST = 20 * 1024 * 1024
TRIES, WINDOW = 20, 600


@public
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Drop a file, read who sealed it. The file is read in a process of its own and kept nowhere (T12, T21, T22)."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        if limited(f"seal:{request.META.get('REMOTE_ADDR', '')}", TRIES, WINDOW):
            raise Refused(_("Too many files from your network. Please wait ten minutes and try again."), "too_many")
        context = _examined(request)
    response = render(request, "seals/verify.html", context, status=422 if "error" in context else 200)
    response["Cache-Control"] = "private, no-store"
    return response


def _examined(request: HttpRequest) -> dict[str, Any]:
    file, beside = request.FILES.get("file"), request.FILES.get("content")
    if file is None:
        return {"error": _("Please choose a file.")}
    if (file.size or 0) + ((beside.size or 0) if beside else 0) > MOST:
        return {"error": _("The file is larger than 20 MB.")}
    report = verify_file(file.read(), beside.read() if beside else None)
    seals = [_shown(one) for one in report.signatures if one.kind != "timestamp"]
    stamps = [_shown(one) for one in report.signatures if one.kind == "timestamp"]
    return {"report": report, "name": file.name, "why": said(report.reason, _), "seals": seals + stamps}


def _shown(one: Signature) -> dict[str, Any]:
    """A seal with its sentences in the reader's language, and its changes by page."""
    pages: dict[int, list[Change]] = {}
    for change in one.changes:
        pages.setdefault(change.page, []).append(change)
    told = [
        (page, list(dict.fromkeys((said(change.what, _), change.allowed) for change in changes)))
        for page, changes in sorted(pages.items())
    ]
    return {
        "seal": one,
        "why": said(one.reason, _),
        "notes": [said(note, _) for note in one.notes],
        "pages": told,
        "sound": one.verdict in WORST[:2],
    }


# The register


@permitted("seals.manage")
@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """All seals."""
    return render(request, "seals/register.html", {"seals": queries.kept_by(actor_of(request))})


@permitted("seals.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def make(request: HttpRequest) -> HttpResponse:
    """A new seal: the office, what stands on it, and who answers for it."""
    form = MakeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        made = actions.make_seal(actor_of(request), told["office"], told["custodian"], told["caption"])
        messages.success(request, _("The seal has been made."))
        return redirect("seals:detail", seal_id=made.id)
    return render(request, "seals/make.html", {"form": form}, status=422 if form.errors else 200)


@permitted("seals.manage")
@require_safe
def detail(request: HttpRequest, seal_id: str) -> HttpResponse:
    """One seal."""
    return _detail(request, queries.access_seal(actor_of(request), seal_id))


@permitted("seals.manage")
@require_POST
def move(request: HttpRequest, seal_id: str) -> HttpResponse:
    """Suspend, use again, revoke."""
    to = request.POST.get("to", "")
    known = queries.access_seal(actor_of(request), seal_id)
    if to not in set(SealState):
        raise Refused
    try:
        actions.move_seal(actor_of(request), seal_id, SealState(to), request.POST.get("reason", ""))
    except Invalid as invalid:
        return _detail(request, known, str(invalid.errors["reason"]))
    messages.success(request, _("The seal's state has been changed."))
    return redirect("seals:detail", seal_id=seal_id)


@permitted("seals.manage")
@require_POST
def hand_over(request: HttpRequest, seal_id: str) -> HttpResponse:
    """Somebody else answers for it."""
    actor = actor_of(request)
    known = queries.access_seal(actor, seal_id)
    try:
        actions.hand_over(actor, seal_id, person_by_username(request.POST.get("custodian", "").strip()[:150]).ref)
    except (Invalid, NotFound):
        return _detail(request, known, unknown=_("Nobody of this user name holds a post in this office."))
    messages.success(request, _("The seal has been handed over."))
    return redirect("seals:detail", seal_id=seal_id)


def _detail(request: HttpRequest, known: Seal, error: str = "", unknown: str = "") -> HttpResponse:
    context = {
        "unknown": unknown,
        "orphaned": known.custodian not in {post.person for post in people_at(known.office)},
        "seal": known,
        "custodian": person(known.custodian).name,
        "movable": known.state is not SealState.REVOKED,
        "error": error,
    }
    return render(request, "seals/detail.html", context, status=422 if error or unknown else 200)
