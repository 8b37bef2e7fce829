"""Public pages of an application: begin, fill in page by page, add materials, read all, hand in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongban.base.files import api as files
from tongban.base.kernel.api import Invalid, NotFound, Ref, Stale, TongbanError
from tongban.data.licences import api as licences
from tongban.engine.forms import api as forms
from tongban.trust.identity.api import actor_of, signed_in

from ..actions import drafts
from ..actions.reports import report_value
from ..actions.submit import handed_in, submit_draft
from ..models import Draft
from ..queries.earlier import earlier_papers
from ..queries.items import item_title
from ..queries.people import known_about, number_shown

MATERIALS, REVIEW = "materials", "review"


@signed_in
def begin(request: HttpRequest, item: str) -> HttpResponse:
    """Open the draft of an item, or make it with what the registers already know."""
    draft = drafts.open_draft(actor_of(request), item)
    fill_in(request, draft)
    return redirect(step_url(draft, first_step(draft)))


def fill_in(request: HttpRequest, draft: Draft) -> None:
    """A new draft begins with the situation from the guide and with everything the registers know."""
    form = drafts.draft_form(draft)
    if not draft.answers:
        situation = {q.name: request.GET[q.name] for q in form.situations if q.name in request.GET}
        known = forms.prefill(form, known_about(draft))
        drafts.save_draft(actor_of(request), draft.public_id, {**forms.answers_known(known), **situation})


def steps_of(draft: Draft) -> list[tuple[str, str]]:
    """The steps of an application that apply now: (name, title). The situation questions come first."""
    form = drafts.draft_form(draft)
    fragment = forms.fragment(form, None, draft.answers)
    steps = [("situation", _("Your situation"))] if form.situations else []
    steps += [(page.name, str(page.title)) for page in fragment.pages]
    if fragment.materials:
        steps.append((MATERIALS, _("Materials")))
    return [*steps, (REVIEW, _("Read and hand in"))]


def first_step(draft: Draft) -> str:
    return steps_of(draft)[0][0]


def step_url(draft: Draft, step: str) -> str:
    return reverse("hall:step", args=[draft.public_id, step])


def after(draft: Draft, step: str) -> str:
    """Address of the step that follows."""
    names = [name for name, _title in steps_of(draft)]
    return step_url(draft, names[min(names.index(step) + 1, len(names) - 1)] if step in names else names[0])


@signed_in
def step(request: HttpRequest, draft_id: str, step: str) -> HttpResponse:
    """One step of the application. A draft that was handed in (a double click, a lost answer) leads to its case."""
    if done := handed_in(actor_of(request), draft_id):
        return redirect("hall:case" if done.corrected else "hall:receipt", done.case.id)
    draft = drafts.access_draft(actor_of(request), draft_id)
    if step == MATERIALS:
        return _materials(request, draft)
    if step == REVIEW:
        return _review(request, draft)
    if request.method == "POST":
        return _save_page(request, draft, step)
    return _page(request, draft, step)


def frame(draft: Draft, step: str) -> dict[str, Any]:
    """What every step's page shows around its own content."""
    steps = steps_of(draft)
    names = [name for name, _title in steps]
    place = names.index(step) if step in names else 0
    return {
        "draft": draft,
        "title": item_title(draft.item),
        "step": step,
        "step_title": steps[place][1],
        "steps": [(title, step_url(draft, name)) for name, title in steps],
        "current": place + 1,
        "back": step_url(draft, names[place - 1]) if place else "",
        "counter": draft.owner.startswith("hall.counter:"),
    }


def _shown(request: HttpRequest, draft: Draft) -> None:
    """Remember which version of the draft this browser shows."""
    if request.session.get(f"draft:{draft.public_id}") != draft.version:
        request.session[f"draft:{draft.public_id}"] = draft.version


def _keep(request: HttpRequest, draft: Draft, answers: dict[str, Any]) -> Draft:
    """Save what this browser sent. `Stale` when another device has changed the draft since it was shown here (R11)."""
    seen = request.session.get(f"draft:{draft.public_id}")
    try:
        draft = drafts.save_draft(actor_of(request), draft.public_id, answers, version=seen)
    except Stale as stale:
        titles = {field.name: str(field.title) for field in drafts.draft_form(draft)}
        raise Stale(stale.message, {titles.get(name, name): pair for name, pair in stale.changes.items()}) from None
    _shown(request, draft)
    return draft


def _page(request: HttpRequest, draft: Draft, step: str, errors: Any = None, status: int = 200) -> HttpResponse:
    form = drafts.draft_form(draft)
    known = forms.prefill(form, known_about(draft))
    try:
        view = forms.page_view(
            form,
            "" if step == "situation" else step,
            draft.answers,
            errors=errors or {},
            prefilled=known,
            fragment_url=reverse("hall:fragment", args=[draft.public_id, step]),
            report_url=reverse("hall:report", args=[draft.public_id]),
        )
    except KeyError:
        return redirect(step_url(draft, first_step(draft)))
    _shown(request, draft)
    context = {**frame(draft, step), "view": view, "errors": errors or {}}
    return render(request, "hall/apply/step.html", context, status=status)


def _save_page(request: HttpRequest, draft: Draft, step: str) -> HttpResponse:
    form = drafts.draft_form(draft)
    page = page_of(form, step)
    answers = forms.read(form, page, request.POST, draft.answers)
    draft = _keep(request, draft, answers)
    if forms.pressed(request.POST):
        return _page(request, draft, step)
    if "_later" in request.POST:
        return redirect("hall:counter" if draft.owner.startswith("hall.counter:") else "hall:mine")
    wanted = {q.name for q in form.situations} if not page else {field.name for field in form.page(page).fields}
    if errors := errors_in(form, draft.answers, wanted):
        return _page(request, draft, step, errors, 422)
    return redirect(after(draft, step))


def page_of(form: Any, step: str) -> str:
    """Name of the form's page behind a step; none for the situation questions. `NotFound` for an unknown step."""
    if step == "situation":
        return ""
    if step not in {page.name for page in form.pages}:
        raise NotFound()
    return step


def errors_in(form: Any, answers: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """Messages of the fields named (all of a group under its name)."""
    try:
        forms.checked(form, answers)
    except Invalid as error:
        return {key: text for key, text in error.errors.items() if key.partition(".")[0] in names}
    return {}


@signed_in
def fragment(request: HttpRequest, draft_id: str, step: str) -> HttpResponse:
    """The page again after an answer that others depend on has changed; keeps what was typed."""
    draft = drafts.access_draft(actor_of(request), draft_id)
    form = drafts.draft_form(draft)
    page = page_of(form, step)
    answers = forms.read(form, page, request.POST, draft.answers)
    draft = _keep(request, draft, answers)
    url = reverse("hall:fragment", args=[draft.public_id, step])
    return render(request, "forms/fields.html", {"view": forms.page_view(form, page, answers, fragment_url=url)})


@signed_in
def autosave(request: HttpRequest, draft_id: str, step: str) -> HttpResponse:
    """Keep what was typed so far, quietly."""
    draft = drafts.access_draft(actor_of(request), draft_id)
    if step not in (MATERIALS, REVIEW):
        form = drafts.draft_form(draft)
        answers = forms.read(form, page_of(form, step), request.POST, draft.answers)
        _keep(request, draft, answers)
    return JsonResponse({"saved": True})


def _materials(request: HttpRequest, draft: Draft) -> HttpResponse:
    errors: dict[str, Any] = {}
    _use_licences(request, draft)
    if request.method == "POST":
        try:
            _change_papers(request, draft)
            if chosen := request.POST.get("_earlier", ""):
                drafts.use_earlier(actor_of(request), draft.public_id, *chosen.partition(":")[::2])
        except Invalid as error:
            errors = error.errors
        draft.refresh_from_db()
        if "_next" in request.POST and not errors:
            form = drafts.draft_form(draft)
            errors = dict(forms.missing(form, draft.answers, {slot for slot, held in draft.papers.items() if held}))
            if not errors:
                return redirect(after(draft, MATERIALS))
        elif not errors:
            return redirect(step_url(draft, MATERIALS))
    _shown(request, draft)
    earlier = earlier_papers(actor_of(request), draft)
    shown = [
        {
            **slot,
            "error": errors.get(slot["name"], ""),
            "earlier": () if slot["licence"] else earlier.get(slot["name"], ()),
        }
        for slot in slots(draft)
    ]
    context = {**frame(draft, MATERIALS), "slots": shown, "errors": errors}
    context["labels"] = {slot["name"]: slot["label"] for slot in context["slots"]}
    return render(request, "hall/apply/materials.html", context, status=422 if errors else 200)


def _change_papers(request: HttpRequest, draft: Draft) -> None:
    errors: dict[str, Any] = {}
    for slot in request.FILES:
        for upload in request.FILES.getlist(slot):
            try:
                drafts.add_paper(actor_of(request), draft.public_id, str(slot), upload, upload.name or "")
            except Invalid as error:
                errors[str(slot)] = next(iter(error.errors.values()))
    if errors:
        raise Invalid(errors)


def _use_licences(request: HttpRequest, draft: Draft) -> None:
    """What the licence library already has need not be handed in (DATA-40)."""
    for slot in slots(draft):
        if slot["licence"] and not draft.papers.get(slot["name"]):
            drafts.use_licence(actor_of(request), draft.public_id, slot["name"], slot["licence"]["identifier"])
    draft.refresh_from_db()


@signed_in
def remove_paper(request: HttpRequest, draft_id: str, slot: str, place: int) -> HttpResponse:
    """Take a file out of its slot, after asking."""
    draft = drafts.access_draft(actor_of(request), draft_id)
    back = step_url(draft, MATERIALS)
    if request.method == "POST":
        drafts.remove_paper(actor_of(request), draft_id, slot, place)
        return redirect(back)
    held = draft.papers.get(slot, [])
    name = held[place]["name"] if place < len(held) else ""
    context = {
        "title": _("Remove this file?"),
        "question": name,
        "verb": _("Remove the file"),
        "cancel_url": back,
        "danger": True,
    }
    return render(request, "site/confirm.html", context)


@signed_in
def draft_paper(request: HttpRequest, draft_id: str, slot: str, place: int) -> HttpResponseBase:
    """A file of the draft: to look at again before handing in."""
    held = drafts.access_draft(actor_of(request), draft_id).papers.get(slot, [])
    if place >= len(held) or not held[place].get("file"):
        raise NotFound()
    return files.download(held[place]["file"])


def slots(draft: Draft) -> list[dict[str, Any]]:
    """The material slots that apply, as `{% file_slot %}` shows them."""
    form = drafts.draft_form(draft)
    own = {
        one.type: {"title": one.title, "number": number_shown(one.number), "identifier": one.identifier}
        for one in licences.of_holder(Ref.parse(draft.applicant))
        if one.status == "valid"
    }
    return [
        {
            "name": material.name,
            "label": str(material.title),
            "hint": str(material.help or ""),
            "formats": material.formats,
            "max_bytes": material.max_bytes,
            "required": material.required,
            "multiple": material.max_files > 1,
            "licence": own.get(material.licence or ""),
            "files": [
                {
                    "name": paper["name"],
                    "size": paper.get("size"),
                    "state": "ok",
                    "message": _handed_in_before(paper),
                    "url": (link := reverse("hall:draft_paper", args=[draft.public_id, material.name, place])),
                    "preview_url": link if str(paper.get("type", "")).startswith("image/") else "",
                    "remove_url": reverse("hall:remove_paper", args=[draft.public_id, material.name, place]),
                }
                for place, paper in enumerate(draft.papers.get(material.name, []))
                if not paper.get("licence")
            ],
        }
        for material in forms.fragment(form, None, draft.answers).materials
    ]


def _handed_in_before(paper: dict[str, Any]) -> str:
    """Where a file that was not uploaded for this application comes from."""
    return _("Handed in before, for case %s.") % paper["case_no"] if paper.get("earlier") else ""


def _review(request: HttpRequest, draft: Draft) -> HttpResponse:
    form = drafts.draft_form(draft)
    errors: dict[str, Any] = {}
    refusal = ""
    if request.method == "POST":
        try:
            return _hand_in(request, draft)
        except Invalid as error:
            errors = error.errors
        except TongbanError as error:
            refusal = str(error.message)
    context = {
        **frame(draft, REVIEW),
        "sheet": forms.sheet(form, draft.answers),
        "slots": slots(draft),
        "problems": _problems(draft, form, errors),
        "refusal": refusal,
    }
    return render(request, "hall/apply/review.html", context, status=422 if errors or refusal else 200)


def _problems(draft: Draft, form: Any, errors: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What is wrong, each with the address of the step where it is put right: (address, title, message)."""
    steps = {field.name: (page.name, str(field.title)) for page in form.pages for field in page.fields}
    steps |= {question.name: ("situation", str(question.title)) for question in form.situations}
    steps |= {material.name: (MATERIALS, str(material.title)) for material in form.materials}
    found = []
    for key, message in errors.items():
        step, title = steps.get(key.partition(".")[0], (first_step(draft), ""))
        found.append((step_url(draft, step), title, str(message)))
    return found


def _hand_in(request: HttpRequest, draft: Draft) -> HttpResponseRedirect:
    done = submit_draft(actor_of(request), draft.public_id)
    if done.query_code:
        request.session[f"receipt:{done.case.id}"] = done.query_code
    return redirect("hall:case" if done.corrected else "hall:receipt", done.case.id)


@signed_in
def report(request: HttpRequest, draft_id: str) -> HttpResponse:
    """Report a prefilled value that is wrong: it goes to the source that gave it."""
    draft = drafts.access_draft(actor_of(request), draft_id)
    form = drafts.draft_form(draft)
    key = request.GET.get("field", request.POST.get("field", ""))
    known = forms.prefill(form, known_about(draft)).get(key)
    if known is None:
        return redirect(step_url(draft, first_step(draft)))
    field, top = form.field_at(key), form.field(key.partition(".")[0])
    back = step_url(draft, next((page.name for page in form.pages if top in page.fields), first_step(draft)))
    errors: dict[str, Any] = {}
    if request.method == "POST":
        try:
            report_value(actor_of(request), draft, field, known, request.POST.get("right", ""))
        except Invalid as error:
            errors = error.errors
        else:
            messages.success(request, _("Reported. The office that keeps this value will check it."))
            return redirect(back)
    context = {"draft": draft, "field": field, "key": key, "known": known, "back": back, "errors": errors}
    return render(request, "hall/apply/report.html", context, status=422 if errors else 200)
