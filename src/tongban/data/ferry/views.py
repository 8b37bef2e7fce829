"""Staff pages of the ferry: channels and bundles, proposing, deciding, carrying, importing, the paper receipt."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tongban.base.kernel.api import Invalid, NotFound, Refused
from tongban.data.catalogue.api import ZONES
from tongban.data.catalogue.data import Zone
from tongban.engine.documents import api as documents
from tongban.trust.identity.api import actor_of, may, permitted

from . import actions, forms, packing, queries
from .data import State

ANY = queries.PERMISSIONS


@permitted(*ANY)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Channels, what is missing, bundles newest first."""
    rows, after = queries.bundles(request.GET.get("channel", "")[:40], request.GET.get("after", "")[:26])
    actor = actor_of(request)
    context = {
        "channels": queries.channels(),
        "rows": rows,
        "after": after,
        "zone": ZONES[Zone(settings.TONGBAN_ZONE)],
        "proposes": may(actor, "ferry.propose"),
        "imports": may(actor, "ferry.import"),
        "opens": may(actor, "ferry.channels"),
    }
    return render(request, "ferry/index.html", context)


@permitted("ferry.propose")
def propose(request: HttpRequest) -> HttpResponse:
    """Say what shall cross."""
    form = forms.Propose(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = actions.propose(
                actor_of(request), given["channel"], given["label"], given["reason"], given["registers"]
            )
        except Invalid as invalid:
            _wrong(form, invalid)
        else:
            messages.success(request, _("Proposed. Somebody else has to approve it."))
            return redirect("ferry:bundle", made.id)
    return render(request, "ferry/propose.html", {"form": form}, status=422 if form.errors else 200)


def _wrong(form: Form, invalid: Invalid) -> None:
    for field, message in invalid.errors.items():
        form.add_error(field if field in form.fields else None, str(message))


@permitted(*ANY)
@require_safe
def bundle(request: HttpRequest, id: str) -> HttpResponse:
    """One bundle: what is inside, who decided, what is to be done with it now."""
    actor = actor_of(request)
    found = queries.bundle(actor, id)
    context: dict[str, Any] = {"bundle": found, "decides": False, "carries": False}
    if found.state is State.PROPOSED:
        context["decides"] = may(actor, "ferry.approve") and found.proposer != actor.by
    if found.state in (State.APPROVED, State.EXPORTED, State.ACKNOWLEDGED):
        context["carries"] = may(actor, "ferry.propose") or may(actor, "ferry.approve")
    if found.state is State.IMPORTED:
        context["qr"] = mark_safe(documents.qr_code(found.receipt))  # noqa: S308 - drawn by us from our own text
        context["code"] = found.receipt.rsplit(" ", 1)[-1]
    return render(request, "ferry/bundle.html", context)


@permitted("ferry.approve")
@require_POST
def decide(request: HttpRequest, id: str) -> HttpResponse:
    """Let it cross, or not."""
    actor = actor_of(request)
    try:
        if "approve" in request.POST:
            actions.approve(actor, id)
            messages.success(request, _("Approved. The file can be made and carried over."))
        else:
            actions.decline(actor, id, request.POST.get("reason", ""))
            messages.success(request, _("Declined."))
    except Invalid as invalid:
        messages.error(request, " ".join(str(text) for text in invalid.errors.values()))
    return redirect("ferry:bundle", id)


@permitted("ferry.propose", "ferry.approve")
@require_POST
def carry(request: HttpRequest, id: str) -> FileResponse:
    """The file of an approved bundle, made at the first time."""
    actor = actor_of(request)
    made, path = actions.export(id, by=actor.by)
    if not path.exists():
        raise NotFound(_("The file of this bundle is no longer kept here."))
    return FileResponse(path.open("rb"), as_attachment=True, filename=made.name, content_type="application/zip")


@permitted("ferry.propose")
@require_POST
def receipt(request: HttpRequest) -> HttpResponse:
    """The receipt that came back on paper."""
    try:
        found = actions.acknowledge(actor_of(request), request.POST.get("receipt", "")[:200])
    except Invalid as invalid:
        messages.error(request, " ".join(str(text) for text in invalid.errors.values()))
        return redirect("ferry:index")
    messages.success(request, _("Number %d arrived and was taken in.") % (found.number or 0))
    return redirect("ferry:bundle", found.id)


@permitted("ferry.import")
@require_POST
def bring(request: HttpRequest) -> HttpResponse:
    """Take in a bundle that somebody carried here."""
    upload = request.FILES.get("bundle")
    if upload is None:
        messages.error(request, _("Please choose the file of a bundle."))
        return redirect("ferry:index")
    with tempfile.TemporaryDirectory(dir=packing.folder("arriving")) as place:
        path = Path(place) / "bundle.zip"
        with path.open("wb") as out:
            for chunk in upload.chunks():
                out.write(chunk)
        try:
            found = actions.bring(path, by=actor_of(request).by)
        except Refused as refusal:
            messages.error(request, str(refusal.message))
            return redirect("ferry:index")
    if found.state is State.WAITING:
        messages.warning(request, _("Kept. It is taken in as soon as the missing bundle before it arrives."))
    else:
        messages.success(request, _("Taken in. Print the receipt and send it back."))
    return redirect("ferry:bundle", found.id)


@permitted("ferry.channels")
def channel(request: HttpRequest) -> HttpResponse:
    """Open one end of a channel; the other side's certificate is carried here by hand."""
    form = forms.Open(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data | {"certificate": form.cleaned_data["certificate"].encode()}
        try:
            actions.open_channel(actor_of(request), **given)
        except Invalid as invalid:
            _wrong(form, invalid)
        else:
            messages.success(request, _("The channel is open."))
            return redirect("ferry:index")
    return render(request, "ferry/channel.html", {"form": form}, status=422 if form.errors else 200)


@permitted("ferry.channels")
@require_safe
def certificate(request: HttpRequest, kind: str) -> HttpResponse:
    """What the other side needs of us: the certificate to close bundles to, or the root of our authority."""
    content = actions.own_certificate() if kind == "encryption" else actions.own_root()
    headers = {"Content-Disposition": f'attachment; filename="tongban-{settings.TONGBAN_ZONE}-{kind}.pem"'}
    return HttpResponse(content, content_type="application/x-pem-file", headers=headers)


@permitted("ferry.channels")
@require_POST
def skip(request: HttpRequest, key: str) -> HttpResponse:
    """Give up on what is missing."""
    try:
        found = actions.skip(actor_of(request), key, request.POST.get("reason", ""))
        messages.success(request, _("Given up, and %d waiting bundles taken in.") % len(found))
    except Invalid as invalid:
        messages.error(request, " ".join(str(text) for text in invalid.errors.values()))
    return redirect("ferry:index")
