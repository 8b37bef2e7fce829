"""Quality: scores and tickets of all, the rules and measurements of one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tongban.base.kernel.api import Invalid, NotFound, Text
from tongban.trust.identity.api import actor_of, may, permitted

from .. import quality, queries, tickets, titles
from ..data import Resource, Rule, TicketState
from ..forms import RuleForms
from ..queries import EDIT, MANAGE, READ

TONES = {TicketState.OPEN: "amber", TicketState.ANSWERED: "blue"}


@permitted(READ, EDIT, MANAGE)
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Open tickets: one's own office's, or all for the authority. The source answers here."""
    actor, error = actor_of(request), ""
    if request.method == "POST":
        try:
            tickets.answer_ticket(actor, request.POST.get("ticket", ""), request.POST.get("answer", ""))
        except Invalid as invalid:
            error = str(invalid.errors["answer"])
        else:
            messages.success(request, _("Answered. The next measurement sees whether it holds."))
            return redirect("catalogue:quality")
    if may(actor, MANAGE):
        found = tickets.tickets()
    else:
        found = [one for office in actor.offices for one in tickets.tickets(provider=office)]
    known = {one.resource: queries.resource(one.resource) for one in found}
    rows = [
        {
            "one": one,
            "rule": rule_words(known[one.resource], one.rule),
            "state": titles.TICKET_STATES[one.state],
            "tone": TONES.get(one.state, "grey"),
            "mine": may(actor, EDIT, one.provider),
        }
        for one in found
    ]
    return render(request, "catalogue/quality.html", {"rows": rows, "error": error}, status=422 if error else 200)


def rule_words(one: Resource, rule: Rule) -> str:
    """A rule as people read it: the item, what is asked of it, the setting."""
    item = one.item(rule.item)
    return " ".join(part for part in (item.title if item else "", str(titles.RULES[rule.kind]), rule.setting) if part)


@permitted(READ, EDIT, MANAGE)
@require_http_methods(["GET", "POST"])
def detail(request: HttpRequest, id_: str) -> HttpResponse:
    """The rules of one resource, its measurements, and what broke."""
    actor = actor_of(request)
    one = queries.access_resource(actor, id_)
    editor = may(actor, EDIT, one.provider_office) or may(actor, MANAGE, one.provider_office)
    errors: dict[str, Text] = {}
    rules = quality.rules(id_)
    posted = request.POST if request.method == "POST" and request.POST.get("act") != "measure" else None
    initial = [{"kind": str(rule.kind), "item": rule.item, "setting": rule.setting} for rule in rules]
    forms = RuleForms(posted, initial=initial, form_kwargs={"resource": one}, prefix="rules")
    if request.method == "POST":
        if not editor:
            raise NotFound
        if posted is None:
            quality.ask_assessment(actor, id_)
            messages.success(request, _("The measurement has begun; its result appears here."))
            return redirect("catalogue:rules", id_)
        if forms.is_valid():
            try:
                quality.set_rules(actor, id_, [rule for form in forms.forms if (rule := form.rule())])
            except Invalid as invalid:
                errors = invalid.errors
            else:
                messages.success(request, _("Saved."))
                return redirect("catalogue:rules", id_)
    found = quality.assessments(id_)
    context = {
        "one": one,
        "editor": editor,
        "forms": forms,
        "errors": errors,
        "rules": [rule_words(one, rule) for rule in rules],
        "assessments": found,
        "broken": [(rule_words(one, each.rule), each.broken, each.samples) for each in found[0].results if each.broken]
        if found
        else [],
    }
    return render(request, "catalogue/rules.html", context, status=422 if errors else 200)
