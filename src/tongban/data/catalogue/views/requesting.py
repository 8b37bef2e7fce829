"""Requests and grants: ask, follow, check, decide, mediate; what a grant was used for."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Invalid, NotFound, Text, today
from tongban.trust.identity.api import Actor, actor_of, may, permitted

from .. import granting, queries, requesting, supplying, titles
from .. import requested as asked
from ..data import Grant, GrantState, Request, RequestState, Resource
from ..forms import WishForm
from ..queries import DECIDE, MANAGE, REQUEST, require_shown
from .catalogue import offices_named
from .editing import told

TONES = {
    RequestState.GRANTED: "green", RequestState.PARTIAL: "green", RequestState.REFUSED: "grey",
    RequestState.WITHDRAWN: "grey", RequestState.RETURNED: "amber", RequestState.MEDIATION: "amber",
}  # fmt: skip
GRANT_TONES = {GrantState.ACTIVE: "green", GrantState.SUSPENDED: "amber"}


@permitted(REQUEST)
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, id_: str) -> HttpResponse:
    """Ask for items of a resource."""
    actor = actor_of(request)
    resource = require_shown(queries.access_resource(actor, id_))
    form = WishForm(actor, resource, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with told(form):
            made = requesting.request(actor, form.wish())
            messages.success(request, _("Your request has the number {number}.").format(number=made.number))
            return redirect("catalogue:request", made.id)
    return _ask_page(request, form, resource)


def _ask_page(request: HttpRequest, form: WishForm, resource: Resource, made: Request | None = None) -> HttpResponse:
    context = {"form": form, "one": resource, "made": made, "sharing": titles.SHARING[resource.sharing]}
    return render(request, "catalogue/ask.html", context, status=422 if form.errors else 200)


@permitted(REQUEST, DECIDE, MANAGE)
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """What one's offices have asked for and may take."""
    actor, after = actor_of(request), request.GET.get("after", "")
    found: list[Request] = []
    given: list[Grant] = []
    for office in actor.offices:
        found += asked.requests(office=office, after=after, size=30)
        given += granting.grants(office=office, limit=50)
    context = {
        "rows": rows_of(found),
        "columns": request_columns(),
        "grants": [grant_row(one) for one in given],
        "grant_columns": grant_columns(),
        "after": found[-1].id if len(actor.offices) == 1 and len(found) == 30 else "",
    }
    return render(request, "catalogue/requests.html", context)


@permitted(DECIDE, MANAGE)
@require_safe
def to_decide(request: HttpRequest) -> HttpResponse:
    """Requests that wait for this person, the nearest due first, and the grants of one's own data."""
    actor = actor_of(request)
    given = [
        one
        for office in actor.offices
        if may(actor, DECIDE, office)
        for one in granting.grants(provider=office, limit=50)
    ]
    context = {
        "rows": rows_of(asked.to_do(actor)),
        "columns": request_columns(),
        "grants": [grant_row(one) for one in given],
        "grant_columns": grant_columns(),
    }
    return render(request, "catalogue/to_decide.html", context)


def request_columns() -> list[dict[str, Any]]:
    """Columns of a list of requests."""
    return [
        {"key": "title", "title": titles.FIELDS["title"]},
        {"key": "number", "title": _("Request number"), "kind": "code"},
        {"key": "office", "title": _("Asking office"), "kind": "office"},
        {"key": "provider", "title": titles.FIELDS["provider"], "kind": "office"},
        {"key": "state", "title": _("Stage"), "kind": "chip"},
        {"key": "due", "title": _("Due"), "kind": "due"},
    ]


def rows_of(found: list[Request]) -> list[dict[str, Any]]:
    """Requests as lines of a list."""
    names = offices_named({ref for one in found for ref in (one.office, one.provider)})
    return [
        {
            "id": one.id,
            "url": reverse("catalogue:request", args=[one.id]),
            "title": one.resource_title,
            "number": one.number,
            "office": names.get(one.office, ""),
            "provider": names.get(one.provider, ""),
            "state": (titles.REQUEST_STATES[one.state], TONES.get(one.state, "blue")),
            "due": due_of(one.due),
        }
        for one in found
    ]


def due_of(due: date | None) -> dict[str, Any] | None:
    """A date with the working days left, as the pill shows it."""
    return {"due": due, "left": calendars.between(today(), due).days, "unit": "workday"} if due else None


def grant_columns() -> list[dict[str, Any]]:
    """Columns of a list of grants."""
    return [
        {"key": "title", "title": titles.FIELDS["title"]},
        {"key": "number", "title": _("Grant number"), "kind": "code"},
        {"key": "mode", "title": titles.FIELDS["modes"]},
        {"key": "until", "title": _("Ends on"), "kind": "date"},
        {"key": "rows", "title": _("Rows taken"), "kind": "number"},
        {"key": "state", "title": _("State of the grant"), "kind": "chip"},
    ]


def grant_row(one: Grant) -> dict[str, Any]:
    """A grant as a line of a list."""
    return {
        "id": one.id,
        "url": reverse("catalogue:grant", args=[one.id]),
        "title": one.resource_title,
        "number": one.number,
        "mode": titles.MODES[one.mode],
        "until": one.until,
        "rows": str(one.rows),
        "state": (titles.GRANT_STATES[one.state], GRANT_TONES.get(one.state, "grey")),
    }


@permitted(REQUEST, DECIDE, MANAGE)
@require_http_methods(["GET", "POST"])
def detail(request: HttpRequest, id_: str) -> HttpResponse:
    """One request and what this person may do with it."""
    actor = actor_of(request)
    one = asked.access(actor, id_)
    errors: dict[str, Text] = {}
    if request.method == "POST" and request.POST.get("act") != "resubmit":
        try:
            _act(request, one)
        except Invalid as invalid:
            errors = invalid.errors
        else:
            messages.success(request, _("Done."))
            return redirect("catalogue:request", id_)
    resource = queries.resource(one.resource)
    acts = _acts(actor, one)
    form = None
    if "resubmit" in acts:
        initial = {**vars(one), "office": one.office.id}
        form = WishForm(actor, resource, request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            with told(form):
                requesting.resubmit(actor, id_, form.wish(), _version(request))
                messages.success(request, _("Submitted for review."))
                return redirect("catalogue:request", id_)
    context = {
        "one": one,
        "resource": resource,
        "form": form,
        "acts": acts,
        "errors": errors,
        "typed": request.POST,
        "facts": _facts(one, resource),
        "state": titles.REQUEST_STATES[one.state],
        "tone": TONES.get(one.state, "blue"),
        "due": due_of(one.due),
        "asked": [(name, item.title if (item := resource.item(name)) else name) for name in one.items],
        "clocks": calendars.deadlines(one.ref),
    }
    return render(request, "catalogue/request.html", context, status=422 if errors or (form and form.errors) else 200)


def _facts(one: Request, resource: Resource) -> list[tuple[Any, Any, str]]:
    names = offices_named({one.office, one.provider})

    def listed(items: tuple[str, ...]) -> str:
        return "、".join(item.title if (item := resource.item(name)) else name for name in items)

    pairs = [
        (_("Asking office"), names.get(one.office, ""), ""),
        (titles.FIELDS["provider"], names.get(one.provider, ""), ""),
        (_("Items needed"), listed(one.items), ""),
        (_("Items granted"), listed(one.given), ""),
        (_("Basis in law"), one.basis, ""),
        (_("Purpose"), one.purpose, ""),
        (_("System that uses it"), one.system, ""),
        (titles.FIELDS["modes"], titles.MODES[one.mode], ""),
        (_("Frequency"), one.frequency, ""),
        (_("Needed until"), date_format(one.until), ""),
        (_("Opinion given"), one.reason, ""),
        (titles.FIELDS["law"], one.law, ""),
    ]
    return [pair for pair in pairs if pair[1]]


def _acts(actor: Actor, one: Request) -> list[str]:
    """What this person may do now."""
    asks, decides, manages = (
        may(actor, REQUEST, one.office), may(actor, DECIDE, one.provider), may(actor, MANAGE, one.provider),
    )  # fmt: skip
    possible = {
        RequestState.CHECK: [("check", manages), ("withdraw", asks)],
        RequestState.OWNER: [("decide", decides), ("withdraw", asks)],
        RequestState.RETURNED: [("resubmit", asks), ("withdraw", asks)],
        RequestState.REFUSED: [("mediation", asks)],
        RequestState.MEDIATION: [("mediate", manages), ("withdraw", asks)],
    }
    return [act for act, allowed in possible.get(one.state, []) if allowed]


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isdigit() and len(text) < 9 else 0


def _act(request: HttpRequest, one: Request) -> None:
    actor, typed, version = actor_of(request), request.POST, _version(request)
    reason, given = typed.get("reason", ""), typed.getlist("given")
    match typed.get("act"):
        case "check":
            requesting.check(actor, one.id, typed.get("passed") == "yes", reason, version)
        case "decide":
            requesting.decide(actor, one.id, given, reason, typed.get("law", ""), version)
        case "mediation":
            requesting.mediation(actor, one.id, reason, version)
        case "mediate":
            requesting.mediate(actor, one.id, given, reason, version)
        case "withdraw":
            requesting.withdraw(actor, one.id, version)
        case _:
            raise NotFound


@permitted(REQUEST, DECIDE, MANAGE)
@require_http_methods(["GET", "POST"])
def grant(request: HttpRequest, id_: str) -> HttpResponse:
    """One grant: what it allows, what was taken day by day; suspend, resume, revoke."""
    actor = actor_of(request)
    one = granting.access(actor, id_)
    errors: dict[str, Text] = {}
    if request.method == "POST":
        try:
            _act_on_grant(request, id_)
        except Invalid as invalid:
            errors = invalid.errors
        else:
            messages.success(request, _("Done."))
            return redirect("catalogue:grant", id_)
    giver = may(actor, DECIDE, one.provider) or may(actor, MANAGE, one.provider)
    resource = queries.resource(one.resource)
    names = offices_named({one.office, one.provider})
    context = {
        "one": one,
        "errors": errors,
        "typed": request.POST,
        "giver": giver,
        "holder": may(actor, REQUEST, one.office),
        "live": one.state in granting.LIVE,
        "state": titles.GRANT_STATES[one.state],
        "tone": GRANT_TONES.get(one.state, "grey"),
        "days": granting.use_by_day(id_),
        "said": supplying.feedback(id_),
        "due": due_of(one.supply_due),
        "supplies": may(actor, DECIDE, one.provider) and one.state == GrantState.ACTIVE and not one.supplied_at,
        "facts": [
            (_("Grant number"), one.number, ""),
            (titles.FIELDS["code"], one.resource_code, ""),
            (titles.FIELDS["provider"], names.get(one.provider, ""), ""),
            (_("Asking office"), names.get(one.office, ""), ""),
            (
                _("Items granted"),
                "、".join(item.title if (item := resource.item(name)) else name for name in one.items),
                "",
            ),
            (titles.FIELDS["modes"], titles.MODES[one.mode], ""),
            (_("Frequency"), one.frequency, ""),
            (_("Purpose"), one.purpose, ""),
            (_("Basis in law"), one.basis, ""),
            (_("Needed until"), date_format(one.until), ""),
            *([(_("Supplied since"), one.supplied_at, "")] if one.supplied_at else []),
            (_("Times used"), str(one.uses), ""),
            (_("Rows taken"), str(one.rows), ""),
            *([(_("Reason"), one.reason, "")] if one.reason else []),
        ],
    }
    return render(request, "catalogue/grant.html", context, status=422 if errors else 200)


def _act_on_grant(request: HttpRequest, id_: str) -> None:
    actor, typed = actor_of(request), request.POST
    match typed.get("act"):
        case "suspend":
            granting.suspend(actor, id_, typed.get("reason", ""))
        case "revoke":
            granting.revoke(actor, id_, typed.get("reason", ""))
        case "resume":
            granting.resume(actor, id_)
        case "supply":
            supplying.supply(actor, id_)
        case "feedback":
            cases, score = (_number(typed.get(name, "")) for name in ("cases", "score"))
            supplying.give_feedback(actor, id_, typed.get("effect", ""), cases, score)
        case _:
            raise NotFound


def _number(text: str) -> int:
    """A whole number as typed, -1 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
