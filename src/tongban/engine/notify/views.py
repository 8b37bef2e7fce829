"""The inbox on both sites, the preferences, and the demonstration's phone."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tongban.base.kernel.api import Invalid, system
from tongban.trust.identity.api import actor_of, public, signed_in, staff

from . import actions, queries
from .channels import channels


@require_safe
def _inbox(request: HttpRequest) -> HttpResponse:
    actor, unread_only = actor_of(request), request.GET.get("unread") == "1"
    page = queries.messages(actor, request.GET.get("after", ""), unread_only)
    unread = queries.unread(actor)
    return render(request, "notify/inbox.html", {"page": page, "unread_only": unread_only, "unread": unread})


@require_safe
def _message(request: HttpRequest, id: str) -> HttpResponse:
    """Show one message; whoever opens it has read it, for an office on everybody's behalf."""
    return render(request, "notify/message.html", {"message": actions.read(actor_of(request), id)})


@require_POST
def _read_all(request: HttpRequest) -> HttpResponse:
    actions.read_all(actor_of(request))
    return redirect("notify:inbox")


inbox, staff_inbox = signed_in(_inbox), staff(_inbox)
message, staff_message = signed_in(_message), staff(_message)
read_all, staff_read_all = signed_in(_read_all), staff(_read_all)


@signed_in
def settings_page(request: HttpRequest) -> HttpResponse:
    """What the person wants besides the inbox."""
    person, errors = actor_of(request).person, {}
    wanted = queries.preference(person)
    email, off = wanted.email, set(wanted.off)
    if request.method == "POST":
        email, off = request.POST.get("email", ""), set(channels) - set(request.POST.getlist("on"))
        try:
            actions.prefer(person, email, off, request.POST.get("language", "zh-hans"))
        except Invalid as invalid:
            errors = invalid.errors
        else:
            flash.success(request, _("Saved."))
            return redirect("notify:settings")
    ways = [{"key": key, "title": channel.title, "on": key not in off} for key, channel in channels.items()]
    context = {"email": email, "ways": ways, "language": wanted.language, "errors": errors}
    return render(request, "notify/settings.html", context, status=422 if errors else 200)


@public
@require_safe
def demo_phone(request: HttpRequest) -> HttpResponse:
    """The text messages a demonstration would have sent. There is no such page elsewhere."""
    if not getattr(settings, "TONGBAN_DEMO", False):
        raise Http404
    with system():
        texts = queries.outbox("sms")
    return render(request, "notify/demo_phone.html", {"texts": texts})
