"""Describing resources: by hand, from a register, by file; the reviews desk."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.kernel.api import Invalid, NotFound, Refused, Text
from tongban.trust.identity.api import actor_of, may, permitted

from .. import actions, descriptions, elements, queries, registering, sources, titles
from ..data import Description, Edition, Finding, Resource, State
from ..forms import DescriptionForm, ItemForms, offices_with
from ..queries import EDIT, MANAGE, REVIEW, SECRECY
from .catalogue import item_rows, metadata

_OFFERED = 300  # elements that the browser proposes while somebody types


@permitted(EDIT)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Describe a resource by hand."""
    return _form(request, None, None, None)


@permitted(EDIT)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, id_: str) -> HttpResponse:
    """Edit what is being prepared, or begin the next edition."""
    one = queries.access_resource(actor_of(request), id_)
    if not may(actor_of(request), EDIT, one.provider_office):
        raise NotFound
    under_way = next((edition for edition in queries.editions(id_) if edition.state in queries.OPEN), None)
    if under_way and under_way.state is not State.DRAFT:
        raise Refused(_("This entry is being reviewed; it can be changed again when it comes back."), code="stage")
    return _form(request, one, under_way, under_way.description if under_way else one)


def _form(
    request: HttpRequest, one: Resource | None, edition: Edition | None, shown: Description | None
) -> HttpResponse:
    actor = actor_of(request)
    posted: QueryDict | None = request.POST if request.method == "POST" else None
    picking = posted is not None and posted.get("act") == "pick"
    form = DescriptionForm(offices_with(actor, EDIT), posted, initial=DescriptionForm.of(shown) if shown else None)
    rows = (
        [{name: getattr(item, name) for name in titles.ITEM_FIELDS if name != "item"} for item in shown.items]
        if shown
        else []
    )
    if posted is not None and picking:
        posted, typed = _picked(posted), posted
        read = {name: field.widget.value_from_datadict(typed, {}, name) for name, field in form.fields.items()}
        form = DescriptionForm(offices_with(actor, EDIT), None, initial=read)  # nothing is judged yet
    items = ItemForms(posted, initial=rows, prefix="items")
    if posted is not None and not picking and form.is_valid() and items.is_valid():
        made = tuple(item for line in items.forms if (item := line.item()))
        description = form.described(made, shown.register if shown else "")
        with told(form):
            return _kept(request, one, edition, description)
    found = (
        [*descriptions.findings(shown), *sources.judged(shown, one.id if one else "")]
        if shown and posted is None
        else []
    )
    context = {
        "form": form,
        "items": items,
        "one": one,
        "edition": edition,
        "findings": found,
        "picking": picking,
        "elements": elements.elements(size=_OFFERED),
    }
    return render(request, "catalogue/edit.html", context, status=422 if posted is not None and not picking else 200)


def _picked(posted: QueryDict) -> QueryDict:
    """What was typed, with a line more for each standard data element that was named."""
    given, wanted = posted.copy(), posted.get("pick", "").replace("、", " ").replace("，", " ").split()
    told = given.get("items-TOTAL_FORMS", "")
    count = int(told) if told.isdigit() and len(told) < 4 else 0
    free = [at for at in range(count) if not given.get(f"items-{at}-title") and not given.get(f"items-{at}-name")]
    for element in elements.named(wanted[:50]):
        at = free.pop(0) if free else count
        count = max(count, at + 1)
        item = elements.item_of(element)
        for name in ("title", "name", "type", "length", "codes", "element"):
            given[f"items-{at}-{name}"] = str(getattr(item, name) or "")
    given["items-TOTAL_FORMS"] = str(count)
    return given


class told(suppress):  # noqa: N801 - reads as a word
    """Puts what a verb found wrong beside the fields of the form."""

    def __init__(self, form: Any) -> None:
        super().__init__(Invalid)
        self.form = form

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        if isinstance(error, Invalid):
            for name, text in error.errors.items():
                self.form.add_error(name if name in self.form.fields else None, str(text))
        return super().__exit__(kind, error, traceback)


def _kept(
    request: HttpRequest, one: Resource | None, edition: Edition | None, description: Description
) -> HttpResponse:
    actor = actor_of(request)
    if one is None:
        id_, revision = actions.compile(actor, description).id, 1
    else:
        seen = request.POST.get("revision", "")
        read = int(seen) if seen.isdigit() and len(seen) < 9 else 0
        id_, revision = one.id, actions.change(actor, one.id, description, read if edition else 0).revision
    messages.success(request, _("Saved."))
    if request.POST.get("act") == "more":
        return redirect("catalogue:edit", id_)
    if request.POST.get("act") == "submit":
        try:
            actions.submit(actor, id_, revision)
        except Invalid as invalid:
            for text in invalid.errors.values():
                messages.error(request, str(text))
            return redirect("catalogue:edit", id_)
        messages.success(request, _("Submitted for review."))
    return redirect("catalogue:resource", id_)


@permitted(EDIT)
@require_http_methods(["GET", "POST"])
def registers(request: HttpRequest) -> HttpResponse:
    """Registers that are declared but not in the catalogue: one click describes one."""
    actor = actor_of(request)
    offices = {one.code: one for one in offices_with(actor, EDIT)}
    if request.method == "POST":
        office = offices.get(request.POST.get("office", ""))
        key = request.POST.get("register", "")
        if office is None or key not in {one.key for one in registering.unregistered()}:
            raise NotFound
        made = actions.compile(actor, registering.describe_register(key, office))
        messages.success(request, _("Its items come from its definition. Add what only people know, then submit it."))
        return redirect("catalogue:edit", made.id)
    context = {"found": registering.unregistered(), "offices": list(offices.values())}
    return render(request, "catalogue/registers.html", context)


# --- reviews ------------------------------------------------------------------------------------------

WORK: dict[str, Text] = {
    "edit": gettext_lazy("Edit"),
    "review": gettext_lazy("Unit review"),
    "secrecy": gettext_lazy("Secrecy review"),
    "authority": gettext_lazy("Authority review"),
    "publish": gettext_lazy("Publish"),
}


@permitted(EDIT, REVIEW, SECRECY, MANAGE)
@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """What is being prepared: first what waits for this person."""
    actor = actor_of(request)
    rows = []
    for edition, one in queries.waiting(actor):
        work = queries.work_in(edition, one, actor)
        rows.append(
            {
                "edition": edition,
                "one": one,
                "work": work,
                "verb": WORK.get(work, ""),
                "state": titles.STATES[edition.state],
            }
        )
    rows.sort(key=lambda line: not line["work"] or line["work"] == "edit")
    return render(request, "catalogue/reviews.html", {"rows": rows})


@permitted(EDIT, REVIEW, SECRECY, MANAGE)
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, id_: str) -> HttpResponse:
    """One edition before somebody who reviews it: what it says, what changed, what the program found."""
    actor = actor_of(request)
    one = queries.access_resource(actor, id_)
    edition = next((each for each in queries.editions(id_) if each.state in queries.OPEN), None)
    if edition is None or not queries.works_on(actor, one):
        raise NotFound
    errors: dict[str, Text] = {}
    if request.method == "POST":
        try:
            return _reviewed(request, one, edition)
        except Invalid as invalid:
            errors = invalid.errors
    found: list[Finding] = [*descriptions.findings(edition.description), *sources.judged(edition.description, one.id)]
    shown = Resource(
        **{**vars(one), **{name: getattr(edition.description, name) for name in vars(edition.description)}}
    )
    context = {
        "one": one,
        "edition": edition,
        "state": titles.STATES[edition.state],
        "metadata": metadata(shown),
        "items": item_rows(shown),
        "findings": found,
        "work": (work := queries.work_in(edition, one, actor)),
        "verb": WORK.get(work, ""),
        "errors": errors,
        "typed": request.POST,
    }
    return render(request, "catalogue/review.html", context, status=422 if errors else 200)


def _reviewed(request: HttpRequest, one: Resource, edition: Edition) -> HttpResponse:
    actor, typed = actor_of(request), request.POST
    seen = typed.get("revision", "")
    revision = int(seen) if seen.isdigit() and len(seen) < 9 else 0
    act, passed, opinion = typed.get("act", ""), typed.get("passed") == "yes", typed.get("opinion", "")
    if act in ("review", "authority"):
        actions.review(actor, one.id, passed, opinion, revision)
    elif act == "secrecy":
        actions.clear_secrecy(actor, one.id, passed, opinion, typed.get("filing_number", ""), revision)
    elif act == "submit":
        actions.submit(actor, one.id, revision)
    elif act == "publish":
        actions.publish(actor, one.id, revision)
    elif act == "drop":
        actions.drop(actor, one.id, revision)
    else:
        raise NotFound
    messages.success(request, _("Done."))
    return redirect("catalogue:reviews")


@permitted(MANAGE)
@require_http_methods(["GET", "POST"])
def retire(request: HttpRequest, id_: str) -> HttpResponse:
    """Take a resource out of the catalogue, with a reason."""
    actor = actor_of(request)
    one = queries.access_resource(actor, id_)
    error = ""
    if request.method == "POST":
        try:
            actions.retire(actor, id_, request.POST.get("reason", ""))
        except Invalid as invalid:
            error = str(invalid.errors["reason"])
        else:
            messages.success(request, _("The resource was retired; its grants have ended."))
            return redirect("catalogue:resource", id_)
    return render(request, "catalogue/retire.html", {"one": one, "error": error}, status=422 if error else 200)
