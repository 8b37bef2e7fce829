"""Staff pages: the inbox, the case page, and what can be done from it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongban.base.calendars.data import Procedure
from tongban.base.files import api as files
from tongban.base.kernel.api import Invalid, NotFound, Ref
from tongban.base.ledger import api as ledger
from tongban.engine.documents import api as documents
from tongban.engine.forms import api as forms
from tongban.engine.process import api as process
from tongban.trust.identity import api as identity
from tongban.trust.identity.api import actor_of, local_path, may, permitted

from ..access import access_case
from ..actions import decide as deciding
from ..actions import window
from ..actions.claims import claim
from ..data import CaseState, Outcome, WorkKind
from ..limits import EXTENSION_BOUND
from ..models import Case, Work
from ..queries.cases import case_view, parts
from ..queries.counting import day_sheet, days_left, with_days_left
from ..queries.evidence import PROVEN, waits_for_proof
from ..queries.inbox import colleagues_with_work, having, inbox, inbox_counts, office_cases
from .following import _entries

OPINIONS = [  # opinion templates; a click inserts one
    gettext_lazy("Examined; the application meets the conditions. Agreed."),
    gettext_lazy("Materials complete and in due form. Agreed."),
    gettext_lazy("Examined; the application does not meet the conditions. Not agreed, because:"),
]


@permitted("hall.work")
def desk(request: HttpRequest) -> HttpResponse:
    """My office's inbox, the most urgent first."""
    asked = {name: request.GET.get(name, "") for name in ("view", "kind", "words", "who", "after")}
    page = inbox(actor_of(request), **{**asked, "view": asked["view"] or "open"})
    with_days_left(page.rows)
    context = {
        "page": page,
        "counts": inbox_counts(actor_of(request)),
        "view": asked["view"] or "open",
        "asked": asked,
        "colleagues": _named(colleagues_with_work(actor_of(request))),
        "names": _names(row.claimed_by for row in page.rows),
        "kinds": WorkKind,
    }
    return render(request, "hall/desk/inbox.html", context)


def _names(refs: Any) -> dict[str, str]:
    people = identity.people_by_ref([Ref.parse(text) for text in {*refs} if text])
    return {str(ref): person.name for ref, person in people.items()}


def _named(counted: list[tuple[str, int]]) -> list[tuple[str, str, int]]:
    names = _names(ref for ref, _n in counted)
    return [(ref, names.get(ref, ""), n) for ref, n in counted]


@permitted("hall.work")
def bulk(request: HttpRequest) -> HttpResponse:
    """Take several tasks at once, or hand them back to the office."""
    chosen = request.POST.getlist("work")
    seen = {work: request.POST.get(f"seen-{work}", "") for work in chosen}
    done = claim(actor_of(request), chosen, take="release" not in request.POST, seen=seen)
    messages.success(request, _("%d tasks changed hands.") % done)
    return redirect(local_path(request.POST.get("back", ""), reverse("hall:inbox")))


@permitted("hall.work")
def cases(request: HttpRequest) -> HttpResponse:
    """Cases my office answers for as first handler."""
    asked = {name: request.GET.get(name, "") for name in ("state", "words", "late", "after")}
    page = office_cases(actor_of(request), **asked)
    with_days_left(page.rows)
    held = having(page.rows)
    for row in page.rows:
        row.held = held.get(row.pk, [])
    return render(request, "hall/desk/cases.html", {"page": page, "asked": asked, "states": list(CaseState)})


@permitted("hall.work")
def case(request: HttpRequest, case_id: str) -> HttpResponse:
    """The case page: facts and deadline, form and materials, the decision; below opinions, timeline, picture."""
    found = access_case(actor_of(request), case_id)
    with transaction.atomic():  # the applicant reads who looked (rule 8)
        ledger.write("hall.case.seen", Ref.parse(found.applicant), by=actor_of(request).by, why=str(found.ref))
        return _show(request, found)


def _show(request: HttpRequest, found: Case, errors: Any = None, act: str = "", status: int = 200) -> HttpResponse:
    view = case_view(found)
    form = forms.definition(found.form)
    rounds = list(found.rounds.order_by("round"))
    mine = [
        w for w in found.work.filter(open=True).order_by("id") if w.office in {o.id for o in actor_of(request).offices}
    ]
    work = mine[0] if mine else None
    former = rounds[-2].answers if len(rounds) > 1 else None
    sheet = (
        forms.sheet(form, rounds[-1].answers, former) if former is not None else forms.sheet(form, rounds[-1].answers)
    )
    context = {
        "case": view,
        "row": found,
        "work": work,
        "left": days_left([view.due]).get(view.due) if view.due else None,
        "entries": _entries(view),
        "parts": parts(found),
        "days": day_sheet(found.ref) if view.accepted_at else None,
        "sheet": sheet,
        "papers": _papers(found, form, view.reused),
        "opinions": _opinions(found),
        "mine_to_accept": work
        if work and work.kind == WorkKind.ACCEPT and may(actor_of(request), "hall.accept")
        else None,
        "mine_to_decide": work
        if work and work.kind == WorkKind.DECIDE and may(actor_of(request), "hall.decide")
        else None,
        "corrected_once": found.corrections.exists(),
        "procedures": [(p.value, p.label) for p in Procedure][:8],
        "bound": EXTENSION_BOUND,
        "templates": OPINIONS,
        "points": _points(request) if act == "correct" else [{}] * 4,
        "places": [str(one.title) for one in (*form, *form.materials)],
        "picture": _picture(found),
        "errors": errors or {},
        "act": act,
        "typed": request.POST,
    }
    return render(request, "hall/desk/case.html", context, status=status)


def _points(request: HttpRequest) -> list[dict[str, str]]:
    """What was typed into the correction notice, to show again."""
    what, problem, need = (request.POST.getlist(name) for name in ("what", "problem", "need"))
    return [{"what": w, "problem": p, "need": n} for w, p, n in zip(what, problem, need, strict=False)]


def _papers(found: Case, form: Any, reused: frozenset[str]) -> list[dict[str, Any]]:
    titles = {material.name: str(material.title) for material in form.materials}
    rows = list(found.papers.filter(round=found.round).order_by("id"))
    kept = files.files_by_id([paper.file for paper in rows if paper.file])
    return [
        {
            "title": titles.get(paper.slot, paper.slot),
            "name": paper.name,
            "licence": paper.licence,
            "url": reverse("hall:paper", args=[found.public_id, paper.pk]) if paper.file else "",
            "size": kept[paper.file].size if paper.file in kept else None,
            "earlier": kept[paper.file].at if paper.file in reused and paper.file in kept else None,
            "image": paper.file in kept and kept[paper.file].mime.startswith("image/"),
        }
        for paper in rows
    ]


def _opinions(found: Case) -> list[dict[str, Any]]:
    rows = list(found.decisions.order_by("id"))
    offices = identity.offices_by_ref([Ref("identity.office", row.office) for row in rows])
    names = _names(row.officer for row in rows)
    return [
        {
            "office": getattr(offices.get(Ref("identity.office", row.office)), "title", ""),
            "officer": names.get(row.officer, ""),
            "outcome": row.outcome,
            "opinion": row.opinion,
            "at": row.at,
        }
        for row in rows
    ]


def _picture(found: Case) -> Any:
    try:
        return process.picture(process.state(found.ref).instance)
    except NotFound:
        return None


@permitted("hall.accept")
def receipt(request: HttpRequest, case_id: str) -> HttpResponse:
    """The receipt to print for somebody at the window, with the query code."""
    found = access_case(actor_of(request), case_id)
    code = request.session.get(f"receipt:{case_id}", "")
    papers = documents.documents_of(found.ref)
    context = {"case": found, "code": code, "documents": papers, "waits_for_proof": waits_for_proof(papers)}
    context["at_window"] = True
    return render(request, "hall/case/receipt.html", context)


@permitted("hall.work")
def picture(request: HttpRequest, case_id: str) -> HttpResponse:
    """The diagram of the case's process, for the viewer."""
    found = access_case(actor_of(request), case_id)
    shown = _picture(found)
    if shown is None:
        raise NotFound()
    return HttpResponse(shown.xml, content_type="application/xml")


@permitted("hall.work")
def paper(request: HttpRequest, case_id: str, paper_id: int) -> HttpResponseBase:
    """A material of the case, as a download."""
    found = access_case(actor_of(request), case_id)
    row = found.papers.filter(pk=paper_id).exclude(file="").first()
    if row is None:
        raise NotFound()
    return files.download(row.file)


@permitted("hall.work")
def document(request: HttpRequest, case_id: str, document_id: str) -> HttpResponse:
    """A notice of the case as PDF."""
    found = access_case(actor_of(request), case_id)
    if documents.document(document_id).subject != found.ref:
        raise NotFound()
    return documents.response(document_id, proving=PROVEN)


@permitted("hall.work")
def act(request: HttpRequest, work_id: str, verb: str) -> HttpResponse:
    """Do one thing with a task; what was typed is kept when it is refused."""
    work = Work.objects.select_related("case").filter(public_id=work_id).first()
    if work is None or request.method != "POST":
        raise NotFound()
    found = access_case(actor_of(request), work.case.public_id)
    try:
        done = _VERBS[verb](request, work.ref)
    except KeyError:
        raise NotFound() from None
    except Invalid as error:
        return _show(request, found, error.errors, verb, 422)
    messages.success(request, done)
    return redirect("hall:desk_case", found.public_id)


def day_words(day: date | None) -> str:
    """A date in a sentence."""
    return date_format(day) if day else ""


def _accept(request: HttpRequest, work: Ref) -> str:
    case = window.accept(actor_of(request), work)
    return _("Accepted. The clock has started; the offices have their tasks. Due %s.") % day_words(case.due)


def _correct(request: HttpRequest, work: Ref) -> str:
    rows = zip(
        request.POST.getlist("what"), request.POST.getlist("problem"), request.POST.getlist("need"), strict=False
    )
    window.ask_correction(actor_of(request), work, [{"what": w, "problem": p, "need": n} for w, p, n in rows])
    return _("The one-time correction notice was sent.")


def _decline(request: HttpRequest, work: Ref) -> str:
    window.decline(actor_of(request), work, request.POST.get("reason", ""), request.POST.get("instead", ""))
    return _("Declined; the notice was sent.")


def _refuse_acceptance(request: HttpRequest, work: Ref) -> str:
    window.refuse_acceptance(actor_of(request), work, request.POST.get("reason", ""))
    return _("Acceptance was refused; the notice was sent.")


def _decide(request: HttpRequest, work: Ref) -> str:
    outcome = request.POST.get("outcome", "")
    if outcome not in Outcome.__members__.values():
        raise Invalid({"outcome": _("Please choose: agree, or do not agree.")})
    deciding.decide(actor_of(request), work, Outcome(outcome), request.POST.get("opinion", ""))
    return _("Your decision is recorded.")


def _suspend(request: HttpRequest, work: Ref) -> str:
    procedure = request.POST.get("procedure", "")
    if procedure not in Procedure.__members__.values():
        raise Invalid({"procedure": _("Please choose the legal procedure.")})
    deciding.suspend(actor_of(request), work, Procedure(procedure), request.POST.get("reason", ""))
    return _("Suspended; the applicant was told.")


def _resume(request: HttpRequest, work: Ref) -> str:
    case = deciding.resume(actor_of(request), work, request.POST.get("result", ""))
    return _("Resumed. The new date is %s.") % day_words(case.due)


def _extend(request: HttpRequest, work: Ref) -> str:
    days = request.POST.get("days", "")
    case = deciding.extend(actor_of(request), work, int(days) if days.isdigit() else 0, request.POST.get("reason", ""))
    return _("Extended. The new date is %s.") % day_words(case.due)


_VERBS = {
    "accept": _accept,
    "correct": _correct,
    "decline": _decline,
    "refuse": _refuse_acceptance,
    "decide": _decide,
    "suspend": _suspend,
    "resume": _resume,
    "extend": _extend,
}
