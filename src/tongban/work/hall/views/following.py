"""Public pages of a case: the receipt, the timeline with and without signing in, and what an applicant can do."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongban.base.kernel.api import Invalid, NotFound
from tongban.engine.documents import api as documents
from tongban.trust.identity.api import actor_of, signed_in, with_query_code

from ..access import access_case_by_code, access_own_case
from ..actions import drafts, follow
from ..data import GRADES, CaseState, CaseView, Step
from ..items.queries import item as item_of
from ..models import Case, Draft
from ..queries.cases import case_view
from ..queries.counting import day_sheet, days_left
from ..queries.evidence import PROVEN, waits_for_proof
from ..queries.inbox import own_cases, own_questions
from ..queries.items import item_title
from .applying import first_step, step_url

STOPS = {"hall.case.refused", "hall.case.not_accepted", "hall.case.declined", "hall.case.withdrawn"}
TAGS = [
    gettext_lazy("Long wait"),
    gettext_lazy("Unclear guide"),
    gettext_lazy("Asked for too much"),
    gettext_lazy("Unfriendly"),
    gettext_lazy("The site did not work"),
]


@signed_in
def receipt(request: HttpRequest, case_id: str) -> HttpResponse:
    """What the applicant gets at once. The query code is shown here and on the PDF, and nowhere else."""
    case = access_own_case(actor_of(request), case_id)
    code = request.session.get(f"receipt:{case_id}", "")
    papers = documents.documents_of(case.ref)
    context = {"case": case, "code": code, "documents": papers, "waits_for_proof": waits_for_proof(papers)}
    return render(request, "hall/case/receipt.html", context)


@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """My applications: drafts to go on with, and cases."""
    own = Draft.objects.filter(owner=str(actor_of(request).applicant)).order_by("-updated_at")[:20]
    rows = [
        {
            "title": item_title(draft.item),
            "at": draft.updated_at,
            "url": step_url(draft, first_step(draft)),
            "id": draft.public_id,
        }
        for draft in own
    ]
    page = own_cases(actor_of(request), request.GET.get("after", ""))
    return render(request, "hall/case/mine.html", {"drafts": rows, "page": page, "states": CaseState})


@signed_in
def discard(request: HttpRequest, draft_id: str) -> HttpResponse:
    """Throw a draft away, after asking."""
    draft = drafts.access_draft(actor_of(request), draft_id)
    if request.method == "POST":
        drafts.discard_draft(actor_of(request), draft_id)
        return redirect("hall:mine")
    context = {
        "title": _("Throw this draft away?"),
        "question": item_title(draft.item),
        "consequences": [_("All answers and files of the draft are gone.")],
        "verb": _("Throw the draft away"),
        "cancel_url": reverse("hall:mine"),
        "danger": True,
    }
    return render(request, "site/confirm.html", context)


@signed_in
def case(request: HttpRequest, case_id: str) -> HttpResponse:
    """The applicant's own case."""
    found = access_own_case(actor_of(request), case_id)
    return render(request, "hall/case/case.html", _context(found, own=True))


def _context(found: Case, *, own: bool) -> dict[str, Any]:
    view = case_view(found)
    state = view.state
    return {
        "case": view,
        "own": own,
        "waits_for_proof": own and waits_for_proof(view.documents),
        "entries": _entries(view),
        "left": days_left([view.due]).get(view.due) if view.due and not state.ended else None,
        "days": day_sheet(found.ref) if view.accepted_at and not state.ended else None,
        "can_withdraw": own and not state.ended,
        "can_collect": own and state == CaseState.GRANTED and view.collected_at is None,
        "can_rate": own and state.ended and not view.rated,
        "grades": GRADES,
        "tags": TAGS,
    }


def _entries(view: CaseView) -> list[dict[str, Any]]:
    """The timeline: what was done, who has it now until when and why, and what comes next."""
    return [*_past(view), *_present(view), *_future(view)]


def _past(view: CaseView) -> list[dict[str, Any]]:
    return [_done(step, view.due) for step in view.steps]


def _done(step: Step, due: date | None) -> dict[str, Any]:
    moved = bool(step.due and due and str(step.due) != str(due))
    return {
        "title": step.title,
        "at": step.at,
        "office": step.office,
        "note": _moved(step.due) if moved else step.note,
        "why": "" if moved else step.why,
        "until": due if moved else step.due,
        "state": "stopped" if step.kind in STOPS else "done",
    }


def _moved(former: date | str | None) -> str:
    """A line of the timeline names the present date; the former one is told beside it."""
    day = date.fromisoformat(former) if isinstance(former, str) else former
    return _("The date was %s at first; it has moved since.") % date_format(day) if day else ""


def _present(view: CaseView) -> list[dict[str, Any]]:
    if view.state == CaseState.CORRECTION:
        return [{"title": _("Waiting for your correction"), "until": view.asked_until, "state": "waiting"}]
    return [
        {"title": h.task, "at": h.opened_at, "office": h.office, "until": h.due, "why": h.why, "state": "current"}
        for h in view.holders
    ]


def _future(view: CaseView) -> list[dict[str, Any]]:
    """What comes next: handling begins, the single answer, the result."""
    if view.state == CaseState.GRANTED and view.collected_at is None:
        return [{"title": _("You collect the result"), "state": "next"}]
    if view.state.ended:
        return []
    coming: list[dict[str, Any]] = []
    if view.accepted_at is None:
        offices = "、".join(dict.fromkeys(step.office for step in steps_of_item(view.item) if step.office))
        note = _("Within five working days you hear whether the application is accepted.")
        coming += [
            {"title": _("Acceptance; the legal clock starts"), "office": view.first_office, "note": note},
            {"title": _("The offices handle it side by side"), "note": offices},
        ]
    coming.append({"title": _("The single answer"), "office": view.first_office, "until": view.due})
    return [{**entry, "state": "next"} for entry in coming]


def steps_of_item(key: str) -> Any:
    """The steps that the item's guide names."""
    try:
        return item_of(key).steps
    except NotFound:
        return ()


@with_query_code
def progress(request: HttpRequest) -> HttpResponse:
    """Where is my application? By case number and query code, without signing in (T14, T15)."""
    number, code, error = request.POST.get("case_no", ""), request.POST.get("code", ""), ""
    if request.method == "POST":
        try:
            found = access_case_by_code(number, code)
        except NotFound as refusal:
            error = str(refusal.message)
        else:
            return render(request, "hall/case/case.html", _context(found, own=False))
    status = 422 if error else 200
    number = number or request.GET.get("case_no", "")
    return render(request, "hall/case/progress.html", {"case_no": number, "error": error}, status=status)


@signed_in
def document(request: HttpRequest, case_id: str, document_id: str) -> HttpResponse:
    """A notice or receipt of the applicant's own case as PDF."""
    found = access_own_case(actor_of(request), case_id)
    if documents.document(document_id).subject != found.ref:
        raise NotFound()
    return documents.response(document_id, proving=PROVEN)


@signed_in
def correct(request: HttpRequest, case_id: str) -> HttpResponse:
    """Answer a correction notice: a draft with all former answers and materials, handed in again."""
    found = access_own_case(actor_of(request), case_id)
    draft = follow.correction_draft(actor_of(request), found)
    return redirect(step_url(draft, first_step(draft)))


@signed_in
def withdraw(request: HttpRequest, case_id: str) -> HttpResponse:
    """Take the application back, after asking."""
    found = access_own_case(actor_of(request), case_id)
    back = reverse("hall:case", args=[case_id])
    if request.method == "POST":
        follow.withdraw(actor_of(request), case_id, request.POST.get("reason", ""))
        return redirect(back)
    context = {
        "title": _("Withdraw this application?"),
        "question": f"{found.item_title} {found.case_no}",
        "consequences": [_("Handling stops at once."), _("You may apply again at any time.")],
        "verb": _("Withdraw the application"),
        "cancel_url": back,
        "danger": True,
    }
    return render(request, "site/confirm.html", context)


@signed_in
def collect(request: HttpRequest, case_id: str) -> HttpResponse:
    """Take the result over."""
    if request.method == "POST":
        follow.collect(actor_of(request), case_id)
        messages.success(request, _("The result is in your hands. Thank you."))
    return redirect("hall:case", case_id)


@signed_in
def rate(request: HttpRequest, case_id: str) -> HttpResponse:
    """Rate the service, once."""
    if request.method != "POST":
        return redirect("hall:case", case_id)
    grade = request.POST.get("grade", "")
    try:
        follow.rate(
            actor_of(request),
            case_id,
            int(grade) if grade.isdigit() else 0,
            request.POST.getlist("tags"),
            request.POST.get("comment", ""),
        )
    except Invalid as error:
        found = access_own_case(actor_of(request), case_id)
        context = {**_context(found, own=True), "errors": error.errors, "typed": request.POST}
        return render(request, "hall/case/case.html", context, status=422)
    messages.success(request, _("Thank you for your rating."))
    return redirect("hall:case", case_id)


@signed_in
def questions(request: HttpRequest) -> HttpResponse:
    """What I asked, and the answers."""
    return render(
        request, "hall/questions/mine.html", {"page": own_questions(actor_of(request), request.GET.get("after", ""))}
    )
