"""Staff pages: registries and deliveries, the review desk, difference lists, the tax-governance topic."""

from __future__ import annotations

from types import SimpleNamespace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from tongban.base.kernel.api import Invalid, NotFound
from tongban.trust.identity.api import actor_of, may, permitted

from . import desk, lists, taxation
from .data import ReviewState, SuspectState, Verdict, Why
from .golden.registries import REGISTRIES, registry
from .models import Suspect

STATES = {
    ReviewState.OPEN: gettext_lazy("to be judged"),
    ReviewState.SECOND: gettext_lazy("needs a second opinion"),
    ReviewState.UNSURE: gettext_lazy("cannot be told"),
    ReviewState.MERGED: gettext_lazy("merged"),
    ReviewState.APART: gettext_lazy("kept apart"),
}
WHYS = {
    Why.ALIKE: gettext_lazy("Alike, without a number"),
    Why.ONE_NUMBER: gettext_lazy("One number, two names"),
    Why.TWO_NUMBERS: gettext_lazy("Two numbers, one person or body"),
}
SUSPECTS = {
    SuspectState.FOUND: gettext_lazy("found"),
    SuspectState.HANDED: gettext_lazy("with the tax office"),
    SuspectState.CONFIRMED: gettext_lazy("tax owed"),
    SuspectState.EXPLAINED: gettext_lazy("explained"),
    SuspectState.SETTLED: gettext_lazy("settled by newer data"),
}


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response


@permitted("linkage.read", "linkage.review")
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The base registries, their sources and what waits."""
    rights = {f"may_{name}": may(actor_of(request), f"linkage.{name}") for name in ("read", "review")}
    context = {"registries": lists.overview(), **rights}
    return render(request, "linkage/index.html", context)


@permitted("linkage.read")
@require_safe
def deliveries(request: HttpRequest) -> HttpResponse:
    """What came and what it gave, newest first."""
    rows, after = lists.deliveries(request.GET.get("after", ""))
    context = {"rows": rows, "headings": [lists.COUNTS[name] for name in lists.SHOWN], "page": {"after": after}}
    return render(request, "linkage/deliveries.html", context)


@permitted("linkage.read")
@require_safe
def delivery(request: HttpRequest, id: str) -> HttpResponse:
    """How far a delivery has come; the page renews itself while it is under way."""
    template = "linkage/progress.html" if getattr(request, "htmx", False) else "linkage/delivery.html"
    return render(request, template, lists.progress(id))


@permitted("linkage.review")
@require_safe
def queue(request: HttpRequest, key: str) -> HttpResponse:
    """What waits to be judged in a registry, the most gained by it first."""
    state = request.GET.get("state", "open")
    if state not in STATES:
        raise NotFound
    rows = [
        {**row, "why": WHYS[Why(row["why"])], "percent": f"{row['probability']:.0%}"} for row in desk.queue(key, state)
    ]
    context = {"registry": registry(key).definition, "rows": rows, "state": state, "states": STATES.items()}
    return render(request, "linkage/queue.html", context)


@permitted("linkage.review")
def review(request: HttpRequest, id: str) -> HttpResponse:
    """Two records side by side; a posted reason shows them unmasked."""
    errors = {}
    try:
        pair = desk.look(actor_of(request), id, request.POST.get("reason", "") if request.method == "POST" else None)
    except Invalid as invalid:
        errors, pair = invalid.errors, desk.look(actor_of(request), id)
    return _review(request, pair, errors)


def _review(request: HttpRequest, pair: object, errors: object) -> HttpResponse:
    context = {"pair": pair, "errors": errors, "why": WHYS[pair.why], "state": STATES[pair.state],  # type: ignore[attr-defined]
               "register": registry(pair.registry).definition}  # type: ignore[attr-defined]  # fmt: skip
    return _private(render(request, "linkage/review.html", context, status=422 if errors else 200))


@permitted("linkage.review")
@require_POST
def judge(request: HttpRequest, id: str) -> HttpResponse:
    """Merge, keep apart, cannot tell; or split what was merged."""
    actor, said = actor_of(request), request.POST.get("verdict", "")
    try:
        if said == "split":
            desk.undo(actor, id, request.POST.get("why", ""))
            messages.success(request, _("The records are two again, and kept apart."))
        elif said in list(Verdict):
            state = desk.judge(actor, id, Verdict(said), request.POST.get("why", ""))
            messages.success(request, _("Noted: {state}.").format(state=STATES[state]))
        else:
            raise Invalid({"verdict": _("Please choose what you found.")})
    except Invalid as invalid:
        return _review(request, desk.look(actor, id), {"why": next(iter(invalid.errors.values()))})
    return redirect("linkage:review", id=id)


@permitted("linkage.differences")
@require_safe
def own_sources(request: HttpRequest) -> HttpResponse:
    """The sources of one's own office and how many differences each has."""
    return render(request, "linkage/sources.html", {"sources": lists.own_sources(actor_of(request))})


@permitted("linkage.differences")
@require_safe
def differences(request: HttpRequest, id: str) -> HttpResponse:
    """The difference list of one source."""
    return _differences(request, id, {})


def _differences(request: HttpRequest, id: str, errors: object) -> HttpResponse:
    source = lists.access_source(actor_of(request), id)
    after = request.GET.get("after", "")
    rows, last = lists.differences(actor_of(request), source, int(after) if after.isdigit() else 0)
    context = {"source": source, "rows": rows, "page": SimpleNamespace(after=last), "errors": errors,
               "register": registry(source.registry).definition}  # fmt: skip
    return _private(render(request, "linkage/differences.html", context, status=422 if errors else 200))


@permitted("linkage.differences")
@require_POST
def download(request: HttpRequest, id: str) -> HttpResponse:
    """The whole list as a file, for a stated reason."""
    source = lists.access_source(actor_of(request), id)
    try:
        content = lists.download(actor_of(request), source, request.POST.get("reason", ""))
    except Invalid as invalid:
        return _differences(request, id, invalid.errors)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="differences.csv"'
    return _private(response)


@permitted("register.read")
@require_safe
def lineage(request: HttpRequest, key: str, id: str) -> HttpResponse:
    """A golden record with the source of every value."""
    if key not in REGISTRIES:
        raise NotFound
    return _private(render(request, "linkage/lineage.html", lists.lineage(actor_of(request), key, id)))


@permitted("linkage.topics", "linkage.tax")
@require_safe
def topic(request: HttpRequest) -> HttpResponse:
    """The tax-governance list with its totals."""
    asked = {name: request.GET.get(name, "") for name in ("rule", "state", "after")}
    rows = Suspect.objects.order_by("id")
    if asked["rule"] in taxation.RULES:
        rows = rows.filter(rule=asked["rule"])
    rows = rows.filter(state=asked["state"]) if asked["state"] in SUSPECTS else rows.exclude(state=SuspectState.SETTLED)
    if asked["after"].isdigit():
        rows = rows.filter(id__gt=int(asked["after"]))
    found = list(rows[: lists.PAGE + 1])
    for row in found:
        row.rule_title, row.state_title = taxation.RULES[row.rule][0], SUSPECTS[SuspectState(row.state)]
    taxation.masked(found)
    actor = actor_of(request)
    context = {
        "rows": found[: lists.PAGE],
        "page": SimpleNamespace(after=found[lists.PAGE - 1].pk if len(found) > lists.PAGE else None),
        "totals": taxation.totals(),
        "rules": [(key, title) for key, (title, _sql) in taxation.RULES.items()],
        "states": SUSPECTS.items(),
        "asked": asked,
        "may_work": may(actor, "linkage.topics"),
        "may_answer": may(actor, "linkage.tax"),
    }
    return render(request, "linkage/topic.html", context)


@permitted("linkage.topics")
@require_POST
def topic_work(request: HttpRequest) -> HttpResponse:
    """Apply the rules anew, or hand the chosen ones over."""
    actor = actor_of(request)
    if request.POST.get("do") == "find":
        counts = taxation.find(by=actor.by)
        messages.success(request, _("Found: {count} new.").format(count=sum(counts[r] for r in taxation.RULES)))
    else:
        count = taxation.hand_over(actor, request.POST.getlist("id"))
        messages.success(request, _("Handed to the tax office: {count}.").format(count=count))
    return redirect("linkage:topic")


@permitted("linkage.topics", "linkage.tax")
def suspect(request: HttpRequest, id: str) -> HttpResponse:
    """One entry, and the tax office's answer."""
    actor, errors = actor_of(request), {}
    found = taxation.access_suspect(actor, id)
    if request.method == "POST":
        try:
            confirmed = request.POST.get("confirmed") == "yes"
            taxation.answer(actor, id, confirmed=confirmed, text=request.POST.get("text", ""),
                            recovered=request.POST.get("recovered", ""))  # fmt: skip
            messages.success(request, _("The answer is noted."))
            return redirect("linkage:suspect", id=id)
        except Invalid as invalid:
            errors = invalid.errors
    taxation.masked([found])
    names = {"status": _("Registration status"), "founded": _("Founded on"), "tax_state": _("Tax status"),
             "insured": _("People insured")}  # fmt: skip
    statuses = registry("legal_entity").definition.field("status").choices
    facts = [
        {
            "label": names[key],
            "value": str(statuses.get(value, value)) if key == "status" else value,
            "day": parse_date(value) if key == "founded" else None,
        }
        for key, value in found.facts.items()
    ]
    answerable = found.state in (SuspectState.HANDED, SuspectState.CONFIRMED, SuspectState.EXPLAINED)
    context = {"suspect": found, "facts": facts, "errors": errors, "rule": taxation.RULES[found.rule][0],
               "state": SUSPECTS[SuspectState(found.state)], "posted": request.POST,
               "may_answer": answerable and may(actor, "linkage.tax")}  # fmt: skip
    return render(request, "linkage/suspect.html", context, status=422 if errors else 200)
