"""Pages of authorisation: asking for rights, deciding on them, reviewing them, emergencies, and what auditors watch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from tongban.base.kernel.api import Invalid, Ref, now
from tongban.base.ledger.api import history

from .. import data, people
from ..access import may
from ..authority import emergency, forms, requests, reviews
from ..authority.data import ALARMS, RequestState, RightsRequest, Scope, Verdict
from ..models import Reorganisation
from ..policies import permitted, staff
from .manage import _actor, _tell

MANAGE, CONFIRM, AUDIT, EMERGENCY = "identity.manage", "identity.confirm", "identity.audit", "identity.emergency"

STATES = {
    RequestState.ASKED: (_("Waits for a decision"), "blue"),
    RequestState.CONFIRMED: (_("Confirmed"), "green"),
    RequestState.REFUSED: (_("Refused"), "alert"),
    RequestState.WITHDRAWN: (_("Taken back"), "grey"),
}
VERDICTS = {
    Verdict.OPEN: (_("Not looked at"), "blue"),
    Verdict.KEEP: (_("Kept"), "green"),
    Verdict.END: (_("Ended"), "grey"),
    Verdict.EXPIRED: (_("Expired"), "alert"),
}


def names_of(texts: Iterable[str]) -> dict[str, str]:
    """Names of people by the text of their reference."""
    found = people.people_by_ref(Ref.parse(text) for text in set(texts) if text.startswith(data.PERSON))
    return {str(ref): person.name for ref, person in found.items()}


def _shown(rows: list[RightsRequest]) -> list[dict[str, Any]]:
    names = names_of(str(ref) for row in rows for ref in (row.asked_by, row.decided_by) if ref)
    return [
        {
            "row": row,
            "state": STATES[row.state],
            "asked_by": names.get(str(row.asked_by), ""),
            "decided_by": names.get(str(row.decided_by), ""),
        }
        for row in rows
    ]


@permitted(CONFIRM, MANAGE)
def rights(request: HttpRequest) -> HttpResponse:
    """Rights that wait for a security administrator."""
    actor = _actor(request)
    context = {"requests": _shown(requests.open_requests(actor)), "decides": may(actor, CONFIRM), "tab": "rights"}
    return render(request, "identity/rights.html", context)


@require_POST
@permitted(CONFIRM)
def decide(request: HttpRequest, id_: str) -> HttpResponse:
    """Confirm or refuse."""
    try:
        requests.decide_request(
            _actor(request), id_, request.POST.get("do") == "confirm", request.POST.get("reason", "")
        )
    except Invalid as invalid:
        context = {
            "requests": _shown(requests.open_requests(_actor(request))),
            "decides": True,
            "errors": {id_: next(iter(invalid.errors.values()))},
            "tab": "rights",
        }
        return render(request, "identity/rights.html", context, status=422)
    return redirect("identity:rights")


@staff
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a right of one's own; what was asked before stands below."""
    actor = _actor(request)
    form = forms.GrantForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            requests.ask_grant(actor, actor.person, **grant_of(form))
            return redirect("identity:my_rights")
        except Invalid as invalid:
            _tell(form, invalid)
    context = {"form": form, "requests": _shown(requests.requests_of(actor.person))}
    return render(request, "identity/my_rights.html", context, status=422 if form.errors else 200)


def grant_of(form: forms.GrantForm) -> dict[str, Any]:
    """The arguments of a request for a grant."""
    values = dict(form.cleaned_data)
    fields = tuple(values.pop("fields_").split())
    scope = Scope(values.pop("register"), fields, values.pop("level"), values.pop("zone"))
    office = values.pop("office")
    return {**values, "office": office.ref, "scope": scope if scope != Scope() else None}


@require_POST
@staff
def withdraw(request: HttpRequest, id_: str) -> HttpResponse:
    """Take back what one asked for."""
    requests.withdraw_request(_actor(request), id_)
    return redirect("identity:my_rights")


@permitted(CONFIRM, AUDIT)
def review_list(request: HttpRequest) -> HttpResponse:
    """Review rounds; a security administrator begins one here."""
    actor = _actor(request)
    form = forms.ReviewForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            row = reviews.open_review(actor, form.cleaned_data["title"], form.cleaned_data["due"], _office(form))
            return redirect("identity:review", id_=row.public_id)
        except Invalid as invalid:
            _tell(form, invalid)
    context = {"rounds": reviews.reviews(actor), "form": form, "decides": may(actor, CONFIRM), "tab": "reviews"}
    return render(request, "identity/reviews.html", context, status=422 if form.errors else 200)


def _office(form: forms.ReviewForm) -> Ref | None:
    office = form.cleaned_data["office"]
    return office.ref if office else None


@permitted(CONFIRM)
def review(request: HttpRequest, id_: str) -> HttpResponse:
    """A round, a page at a time: keep or end each right."""
    row = reviews.access_review(_actor(request), id_)
    if request.method == "POST":
        verdicts = {
            int(name[1:]): Verdict(value)
            for name, value in request.POST.items()
            if name[:1] == "v" and name[1:].isdigit() and value in (Verdict.KEEP.value, Verdict.END.value)
        }
        reviews.decide_lines(_actor(request), id_, verdicts)
        return redirect(request.get_full_path())
    after = request.GET.get("after", "")
    lines = reviews.lines_of(row, int(after) if after.isdigit() else 0)
    context = {
        "round": row,
        "lines": [(line, VERDICTS[Verdict(line.verdict)]) for line in lines],
        "page": {"next": str(lines[-1].id) if len(lines) == 50 else ""},
        "tab": "reviews",
    }
    return render(request, "identity/review.html", context)


@permitted(EMERGENCY)
def emergency_desk(request: HttpRequest) -> HttpResponse:
    """Ask for emergency access, or agree as the second officer."""
    actor = _actor(request)
    form = forms.EmergencyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        subject = people.person_by_id_number(form.cleaned_data["id_number"])
        if subject is None:
            form.add_error("id_number", _("There is no such person."))
        else:
            try:
                emergency.ask_emergency(actor, subject.ref, form.cleaned_data["reason"])
                return redirect("identity:emergencies")
            except Invalid as invalid:
                _tell(form, invalid)
    context = {"form": form, "rows": _emergencies(), "me": str(actor.person)}
    return render(request, "identity/emergencies.html", context, status=422 if form.errors else 200)


@require_POST
@permitted(EMERGENCY)
def emergency_second(request: HttpRequest, id_: str) -> HttpResponse:
    """Agree as the second officer."""
    emergency.second_emergency(_actor(request), id_)
    return redirect("identity:emergencies")


def _emergencies() -> list[dict[str, Any]]:
    rows = emergency.emergencies()
    names = names_of(text for row in rows for text in (row.officer, row.second, row.subject))
    return [
        {
            "row": row,
            "officer": names.get(row.officer, ""),
            "second": names.get(row.second, ""),
            "subject": names.get(row.subject, row.subject),
            "waits": not row.second and row.asked_at >= now() - emergency.WAITS,
        }
        for row in rows
    ]


@permitted(AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """What the audit administrator watches, and changes nothing of: rights, emergencies, mass look-ups, reforms."""
    context = {
        "requests": _shown(requests.latest_requests()),
        "emergencies": _emergencies(),
        "alarms": [
            {"at": leaf.at, "facts": leaf.facts, "name": names_of([str(leaf.by)]).get(str(leaf.by), "")}
            for leaf in reversed(history(ALARMS)[-30:])
        ],
        "reorganisations": Reorganisation.objects.order_by("-pk")[:20],
        "tab": "audit",
    }
    return render(request, "identity/audit.html", context)
