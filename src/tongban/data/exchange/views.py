"""The console: nodes on the map, one node's page, enrolment."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongban.base.files.api import disposition
from tongban.base.kernel.api import Invalid, NotFound, Refused, TongbanError
from tongban.data.transport import api as transport
from tongban.data.transport.data import CENTRE, Passage
from tongban.trust.identity.api import actor_of, limited, may, permitted, public

from . import certifying, checks, enrolling, mapping, nodes, queries, reconciling
from .data import Node, NodeState
from .forms import InviteForm
from .words import words

TONES = {
    NodeState.INVITED: "grey",
    NodeState.ENROLLED: "blue",
    NodeState.ACTIVE: "green",
    NodeState.SILENT: "amber",
    NodeState.BLOCKED: "alert",
    NodeState.CLOSED: "grey",
}
WORST = (NodeState.BLOCKED, NodeState.SILENT, NodeState.ACTIVE, NodeState.ENROLLED, NodeState.INVITED)


@permitted("exchange.read")
@require_safe
def console(request: HttpRequest) -> HttpResponse:
    """Everything at a glance."""
    return render(request, "exchange/console.html", _figures(request))


@permitted("exchange.read")
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The part of the console that changes, asked for again every ten seconds."""
    return render(request, "exchange/live.html", _figures(request))


def _figures(request: HttpRequest) -> dict[str, Any]:
    known = queries.nodes()
    titles = {one.key: one.title for one in known} | {CENTRE: _("Data centre")}
    flows = [
        replace(one, sender=titles.get(one.sender, one.sender), receiver=titles.get(one.receiver, one.receiver))
        for one in queries.flows()[:50]
    ]
    return {
        "nodes": [{"it": one, "tone": TONES[one.state]} for one in known],
        "places": _places(known),
        "wide": _wide(known),
        "map": mapping.here(),
        "reach": queries.reach(),
        "waits": [
            {"it": replace(one, who=titles.get(one.who, one.who)), "whom": titles.get(one.whom, one.whom)}
            for one in queries.waits()[:20]
        ],
        "flows": flows,
        "volumes": queries.volumes()[:50],
        "line": transport.line(),
        "manages": may(actor_of(request), "exchange.manage"),
    }


def _wide(known: list[Node]) -> list[dict[str, Any]]:
    """Nodes of the whole province, which are in no county: squares in the corner of the map, six to a row."""
    mine = [one for one in known if one.division[2:] == "0000" and one.state != NodeState.CLOSED]
    return [{"it": one, "x": 6 + at % 6 * 34, "y": 6 + at // 6 * 34} for at, one in enumerate(mine)]


def _places(known: list[Node]) -> list[dict[str, Any]]:
    """Divisions of the map, each with its nodes and the state that most needs somebody."""
    drawn, marked = mapping.here(), set[str]()
    found: list[dict[str, Any]] = []
    for shape in drawn.shapes if drawn else ():
        mine = [one for one in known if _lies_in(one.division, shape.code) and one.state != NodeState.CLOSED]
        worst = next((state for state in WORST if any(one.state == state for one in mine)), "")
        named = "; ".join(f"{one.title} {one.state_title}" for one in mine)
        label = f"{shape.name}: {named}" if mine else shape.name
        fresh = [one for one in mine if one.key not in marked]  # a city's node is marked once, in its first county
        marked.update(one.key for one in fresh)
        found.append(
            {"shape": shape, "marks": len(fresh), "state": worst, "label": label, "to": mine[0] if mine else None}
        )
    return found


def _lies_in(division: str, code: str) -> bool:
    """Whether a node's division is this county, a township of it, or the city it is in."""
    return division.startswith(code) or (
        division.endswith("00") and division[2:] != "0000" and division[:4] == code[:4]
    )


@permitted("exchange.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Enter a node and hand out its enrolment file, this one time."""
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            row, file = enrolling.invite(
                actor_of(request), told["key"], told["office"], level=told["level"], division=told["division"],
                title=told["title"], contact=told["contact"],
            )  # fmt: skip
            return _attached(row.key, file)
        except Invalid as invalid:
            for field, text in invalid.errors.items():
                form.add_error(field, str(text))
    context = {"form": form, "fingerprint": certifying.fingerprint()}
    return render(request, "exchange/invite.html", context, status=422 if form.errors else 200)


def _attached(key: str, file: bytes) -> HttpResponse:
    answer = HttpResponse(file, content_type="application/json")
    answer["Content-Disposition"] = disposition(f"{key}.enrolment.json")
    answer["Cache-Control"] = "no-store, private"
    return answer


@permitted("exchange.read")
@require_safe
def node(request: HttpRequest, key: str) -> HttpResponse:
    """One node: how it does, what is wrong, what flows, what both ends say."""
    return _node(request, queries.node(key))


def _node(request: HttpRequest, one: Node, errors: dict[str, Any] | None = None) -> HttpResponse:
    context = {
        "node": one,
        "tone": TONES[one.state],
        "checks": checks.looked_at(one.key),
        "names": _finding_names(),
        "subscriptions": queries.subscriptions(one.key),
        "volumes": queries.volumes(node=one.key)[:30],
        "days": reconciling.days(one.key),
        "manages": may(actor_of(request), "exchange.manage", one.office),
        "errors": errors,
    }
    return render(request, "exchange/node.html", context, status=422 if errors else 200)


def _finding_names() -> dict[str, str]:
    return {
        "state": pgettext("node check", "Registry"),
        "certificate": pgettext("node check", "Certificate"),
        "line": pgettext("node check", "Line"),
        "clock": pgettext("node check", "Clock"),
        "version": pgettext("node check", "Version"),
        "quota": pgettext("node check", "Quota and messages"),
        "sources": pgettext("node check", "Sources"),
        "grant": pgettext("node check", "Grants and deliveries"),
    }


@permitted("exchange.manage")
@require_POST
def act(request: HttpRequest, key: str) -> HttpResponse:
    """Block, unblock, close, enrol anew, replay, settle a day."""
    actor, told = actor_of(request), request.POST
    try:
        match told.get("do", ""):
            case "block":
                nodes.block(actor, key, told.get("why", ""), compromised="compromised" in told)
            case "unblock":
                nodes.unblock(actor, key, told.get("why", ""))
            case "close":
                nodes.close(actor, key, told.get("why", ""))
            case "invite":
                return _attached(key, enrolling.invite_again(actor, key))
            case "test":
                nodes.ask_it(actor, key)
            case "replay":
                reconciling.replay(actor, key, _day(told.get("since", ""), "since"))
            case "settle":
                reconciling.settle(actor, key, _day(told.get("day", ""), "day"), told.get("note", ""))
            case _:
                raise Refused
    except Invalid as invalid:
        return _node(request, queries.node(key), dict(invalid.errors))
    messages.success(request, _("Done. It is recorded."))
    return redirect("exchange:node", key=key)


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid({field: _("Please give a day.")}) from None


@permitted("exchange.read")
@require_safe
def messages_of(request: HttpRequest, key: str) -> HttpResponse:
    """A node's messages with the centre: envelopes only, nobody here opens a body."""
    one, sent = queries.node(key), request.GET.get("way") == "sent"
    before = _moment(request.GET.get("after", ""))
    found: list[Passage] = (transport.outbox if sent else transport.inbox)(peer=key, before=before, most=queries.PAGE)
    after = found[-1].at.isoformat() if len(found) == queries.PAGE else ""
    said = [(passage, passage.text or (words(passage.code) if passage.code else "")) for passage in found]
    context = {"node": one, "passages": said, "sent": sent, "page": {"next": after}, "after": after}
    return render(request, "exchange/messages.html", context)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise NotFound from None


@csrf_exempt  # a program with a one-time token; no cookie is looked at
@public
@require_POST
def enrol(request: HttpRequest) -> HttpResponse:
    """A node shows its token and its certificate request."""
    if limited(f"exchange-enrol:{request.META.get('REMOTE_ADDR', '')}", 20, 600):
        return JsonResponse({"error": _("Too many tries. Please wait ten minutes."), "code": "too_many"}, status=429)
    try:
        told = json.loads(request.body)
        fields = [str(told[name]) for name in ("node", "token", "csr")] + [str(told.get("line_csr", ""))]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return JsonResponse({"error": _("This is not an enrolment."), "code": "malformed"}, status=422)
    try:
        return JsonResponse(enrolling.enrol(*fields))
    except TongbanError as problem:
        return JsonResponse({"error": str(problem), "code": problem.code or "refused"}, status=problem.status)
