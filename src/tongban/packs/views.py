"""Pages for administrators: which packs there are, what one would change, and installing it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tongban.trust.identity.api import actor_of, permitted

from .asking import PERMISSION, access_run, ask_apply, ask_plan
from .data import RunKind, RunState
from .queries import all_packs, latest, one_pack, ran


@require_GET
@permitted(PERMISSION)
def index(request: HttpRequest) -> HttpResponse:
    """Every pack that lies here or is installed."""
    return render(request, "packs/index.html", {"packs": all_packs()})


@require_GET
@permitted(PERMISSION)
def detail(request: HttpRequest, key: str) -> HttpResponse:
    """One pack: what it gives, what is wrong with it, what was done with it."""
    return render(request, "packs/detail.html", {"shown": one_pack(key), "runs": latest(key)})


@require_POST
@permitted(PERMISSION)
def plan(request: HttpRequest, key: str) -> HttpResponse:
    """Ask for a plan; its page follows it."""
    run = ask_plan(actor_of(request), key, older=request.POST.get("older") == "1")
    return redirect("packs:run", run.public_id)


@require_GET
@permitted(PERMISSION)
def run(request: HttpRequest, id: str) -> HttpResponse:
    """A plan or an installation: how far it is, and what it came to. May be left and opened again."""
    found = ran(access_run(actor_of(request), id))
    part = "packs/progress.html" if request.headers.get("HX-Request") else "packs/run.html"
    return render(request, part, {"run": found})


@require_http_methods(["GET", "POST"])
@permitted(PERMISSION)
def install(request: HttpRequest, id: str) -> HttpResponse:
    """The page before installing what a plan showed; then ask for it."""
    if request.method == "POST":
        return redirect("packs:run", ask_apply(actor_of(request), id).public_id)
    planned = ran(access_run(actor_of(request), id))
    if planned.kind != RunKind.PLAN or planned.state != RunState.DONE:
        return redirect("packs:run", id)
    rights = [f"{change.key}: {change.detail}" for change in planned.rights]
    context = {
        "title": _("Install the pack “%s”?") % planned.pack,
        "question": _("Exactly what the plan showed is installed, all or nothing. Running cases are not touched."),
        "consequences": [
            _("%d changes are made.") % len(planned.changes),
            *(_("Right given: %s") % right for right in rights),
            *(f"{key} · SHA-256 {digest}" for key, digest in planned.digests.items()),
        ],
        "verb": _("Install"),
        "action_url": reverse("packs:install", args=[id]),
        "cancel_url": reverse("packs:run", args=[id]),
    }
    return render(request, "site/confirm.html", context)
