"""One case as people see it: who has it, until when, why, and everything that happened (Where is my application?)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Ref, Text, local
from tongban.base.ledger import api as ledger
from tongban.engine.documents import api as documents
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OFFICE

from ..data import CaseState, CaseView, Holder, Outcome, Step, WorkKind
from ..limits import PROMISED
from ..models import Case, Rating
from .counting import days_left

STEP_TITLES: Mapping[str, Text] = {
    "hall.case.submitted": _("Application handed in"),
    "hall.case.accepted": _("Accepted; the legal clock starts"),
    "hall.case.returned": _("Correction requested"),
    "hall.case.corrected": _("Corrected application handed in"),
    "hall.case.decided": _("An office has decided on its part"),
    "hall.case.suspended": _("Suspended for a special procedure"),
    "hall.case.resumed": _("Resumed"),
    "hall.case.extended": _("Limit extended"),
    "hall.case.moved": _("A working day changed; the limit moved"),
    "hall.case.rehomed": _("Passed on by a reorganisation of offices"),
    "hall.case.granted": _("Granted: the single answer is out"),
    "hall.case.refused": _("Refused: the single answer is out"),
    "hall.case.declined": _("Not taken: another way or authority applies"),
    "hall.case.not_accepted": _("Acceptance refused"),
    "hall.case.withdrawn": _("Withdrawn by the applicant"),
    "hall.case.collected": _("Result collected"),
    "hall.case.rated": _("Service rated"),
}


def case_view(case: Case) -> CaseView:
    """Everything a case page shows, in a fixed number of queries."""
    work = list(case.work.all().order_by("id"))
    entries = ledger.history(case.ref)
    title = identity.titles_over_time(
        Ref(OFFICE, id_)
        for id_ in {case.first_office, *(w.office for w in work), *(e.facts.get("office", "") for e in entries)}
        if id_
    )
    clocks = calendars.deadlines_of([case.ref, *(w.ref for w in work if w.open)])
    promised = next((d for d in clocks.get(case.ref, ()) if d.code == PROMISED), None)
    correction = case.corrections.order_by("-id").first()
    state = CaseState(case.state)
    return CaseView(
        ref=case.ref,
        case_no=case.case_no,
        title=case.item_title,
        item=case.item,
        state=state,
        applicant_name=case.applicant_name,
        submitted_at=case.submitted_at,
        accepted_at=case.accepted_at,
        closed_at=case.closed_at,
        due=case.due,
        due_why=promised.why if promised else "",
        due_provisional=promised.provisional if promised else False,
        division=case.division,
        first_office=title(case.office, None),
        version=case.version,
        holders=tuple(_holders(work, title, clocks)),
        steps=tuple(_step(entry, title) for entry in entries if entry.kind in STEP_TITLES),
        reused=frozenset(entry.facts["file"] for entry in entries if entry.kind == "hall.paper.reused"),
        documents=tuple(documents.documents_of(case.ref)),
        licence=case.licence,
        asked=tuple(correction.asked) if correction and state == CaseState.CORRECTION else (),
        asked_until=correction.until if correction else None,
        rated=Rating.objects.filter(case=case).exists(),
        collected_at=case.collected_at,
    )


@dataclass(frozen=True)
class Part:
    """One office's part of a case: what, since when, until when, and how it stands."""

    office: str
    title: str
    opened_at: datetime
    due: date | None
    left: int | None
    state: str
    closed_at: datetime | None
    outcome: str = ""


def parts(case: Case) -> list[Part]:
    """Every office's part, open or done, in the order they came: the first handler sees here who is late."""
    rows = list(case.work.order_by("id"))
    offices = _offices({row.office for row in rows})
    left = days_left(row.due for row in rows if row.open)
    outcomes = dict(case.decisions.values_list("work_id", "outcome"))
    return [
        Part(
            office=offices.get(row.office, ""),
            title=str(_("Check and accept")) if row.kind == WorkKind.ACCEPT else row.title,
            opened_at=row.opened_at,
            due=row.due,
            left=left.get(row.due) if row.due and row.open else None,
            state="suspended" if row.suspended and row.open else "" if row.open else "done",
            closed_at=row.closed_at,
            outcome=outcomes.get(row.pk, ""),
        )
        for row in rows
    ]


def case_view_of(case: Ref) -> CaseView:
    """The same for a program that acts under its own authority; people reach a case through `access`."""
    return case_view(Case.objects.get(public_id=case.id))


TitleOf = Callable[[Ref, date | None], str]


def _offices(ids: set[str]) -> dict[str, str]:
    found = identity.offices_by_ref([Ref(OFFICE, id_) for id_ in ids if id_])
    return {ref.id: office.title for ref, office in found.items()}


def _holders(work: list[Any], title_of: TitleOf, clocks: Mapping[Ref, Any]) -> list[Holder]:
    holders = []
    for task in work:
        if not task.open:
            continue
        clock = next(iter(clocks.get(task.ref, ())), None)
        title = str(_("Check and accept")) if task.kind == WorkKind.ACCEPT else task.title
        holders.append(
            Holder(
                office=title_of(Ref(OFFICE, task.office), None),
                task=title,
                opened_at=task.opened_at,
                due=task.due,
                why=clock.why if clock else "",
                provisional=clock.provisional if clock else False,
            )
        )
    return holders


def _step(entry: Any, title_of: TitleOf) -> Step:
    """An act under the name that its office had on that day."""
    facts = entry.facts
    note: Text = ""
    if entry.kind == "hall.case.decided":
        note = _("agreed") if facts.get("outcome") == Outcome.GRANT else _("did not agree")
    elif entry.kind == "hall.case.suspended":
        note = f"{calendars.Procedure(facts['procedure']).label}：{facts.get('reason', '')}"
    elif entry.kind == "hall.case.returned":
        note = _("%d points to correct") % facts.get("asked", 0)
    else:
        note = facts.get("reason") or facts.get("result") or ""
    return Step(
        at=entry.at,
        kind=entry.kind,
        title=STEP_TITLES.get(entry.kind, entry.kind),
        office=title_of(Ref(OFFICE, facts["office"]), local(entry.at).date()) if facts.get("office") else "",
        note=str(note),
        why=str(facts.get("why", "")),
        due=facts.get("due"),
    )
