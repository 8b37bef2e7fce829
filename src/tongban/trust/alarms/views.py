"""Staff pages: the security console and what was closed."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tongban.base.kernel.api import Invalid, Ref, system
from tongban.trust.identity.api import actor_of, may, people_by_ref, permitted
from tongban.trust.identity.data import PERSON

from . import actions, queries
from .data import Alarm


@permitted("alarms.see")
@require_safe
def console(request: HttpRequest) -> HttpResponse:
    """Sign-ins, refusals, alarms, certificates that run out, leaves that wait, witnesses behind."""
    found = queries.situation()
    context = {"situation": found, "alarms": _named(found.alarms), "closes": may(actor_of(request), "alarms.close")}
    return render(request, "alarms/console.html", context)


@permitted("alarms.see")
@require_safe
def closed(request: HttpRequest) -> HttpResponse:
    """What was looked at, and what it was."""
    rows, after = queries.closed_alarms(request.GET.get("after", "")[:26])
    return render(request, "alarms/closed.html", {"rows": _named(rows), "after": after})


@permitted("alarms.close")
@require_POST
def close(request: HttpRequest, id: str) -> HttpResponse:
    """Say what it was."""
    try:
        actions.close(actor_of(request), id, request.POST.get("note", ""))
        messages.success(request, _("The alarm is closed."))
    except Invalid as invalid:
        messages.error(request, " ".join(str(text) for text in invalid.errors.values()))
    return redirect("alarms:console")


def _named(alarms: Sequence[Alarm]) -> list[tuple[Alarm, str, str]]:
    """Each with the names of whom it is about and who closed it."""
    about = {alarm.subject: Ref.parse(alarm.subject) for alarm in alarms if alarm.subject.startswith(f"{PERSON}:")}
    closers = [alarm.closed_by for alarm in alarms if alarm.closed_by]
    with system():  # names only
        people = people_by_ref([*about.values(), *closers])

    def name(ref: Ref | None) -> str:
        return people[ref].name if ref in people else ""

    return [(alarm, name(about.get(alarm.subject)) or alarm.subject, name(alarm.closed_by)) for alarm in alarms]
