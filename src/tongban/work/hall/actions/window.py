"""At the window: accept, ask once for corrections, decline, refuse acceptance (行政许可法 32; standards.md 1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Invalid, Ref, Refused, TongbanError, emit, now, today
from tongban.base.ledger import api as ledger
from tongban.engine.process import api as process
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor

from ..access import access_work
from ..data import CaseAccepted, CaseReturned, CaseState, Service, WorkKind
from ..expressions import evaluated
from ..limits import CORRECTION_DAYS, LEGAL, NOTICE, PROMISED, STEP
from ..models import Case, Correction, Work
from ..queries.items import limits
from ..queries.services import service_of
from .finish import answers_of, close_case, finish_if_decided
from .notices import send_notice
from .submit import to_accept


def accept(actor: Actor, work: Ref) -> Case:
    """Accept an application. The legal clock starts today; every office that has to decide gets its task."""
    with transaction.atomic():
        task = access_work(actor, work, "hall.accept")
        _still_to_accept(task)
        _done(task, actor)
        accept_case(task.case, service_of(task.case), by=actor)
    return task.case


def take_in(case_ref: Ref) -> None:
    """What follows a submission: an item that needs nobody at the window (秒批) is accepted at once; for others the
    window's own clock starts (XK.NOTICE). Run by a job; repeating it changes nothing.

    What cannot be done by itself goes to the window: a case never waits for nobody.
    """
    with transaction.atomic():
        case = Case.objects.select_for_update().filter(public_id=case_ref.id, state=CaseState.SUBMITTED).first()
        if case is None:
            return
        service = service_of(case)
        if service.automatic and not case.work.exists():
            try:
                with transaction.atomic():
                    accept_case(case, service, by=None)
                return
            except TongbanError as refusal:
                to_accept(case)
                ledger.write("hall.case.by_hand", case.ref, office=case.first_office, error=type(refusal).__name__)
        for task in case.work.filter(open=True, kind=WorkKind.ACCEPT, due=None):
            task.due = calendars.open_deadline(task.ref, NOTICE, task.opened_at).due
            task.save(update_fields=["due"])


def accept_case(case: Case, service: Service, by: Actor | None) -> None:
    """Start clock and process, inside the caller's transaction. `by` is None for items accepted automatically."""
    moment = now()
    case.state, case.accepted_at = CaseState.HANDLING, moment
    case.accepted_by = str(by.person) if by else ""
    case.version += 1
    promised, legal = limits(case.item, case.item_version)
    basis = str(_("promised limit of the item"))
    deadline = calendars.open_deadline(case.ref, PROMISED, today(), promised.n, promised.unit, basis)
    if legal:
        calendars.open_deadline(case.ref, LEGAL, today(), legal.n, legal.unit, str(_("legal limit of the item")))
    case.due = deadline.due
    case.save(update_fields=["state", "accepted_at", "accepted_by", "due", "version"])
    state = process.start(
        service.process, case.ref, {"offices": list(service.offices), **process_inputs(case, service)}
    )
    open_work(case, state)
    actor = by.person if by else None
    ledger.write(
        "hall.case.accepted", case.ref, by=actor, office=case.first_office, due=str(deadline.due), why=deadline.why
    )
    send_notice("accepted", case, {"due": deadline.due, "limit": str(promised), "why": deadline.why})
    emit(CaseAccepted(case.ref))
    finish_if_decided(case, state)


def process_inputs(case: Case, service: Service) -> dict[str, Any]:
    """What steers the process, computed from the answers as the pack declares. Case data itself stays in the case."""
    if not service.inputs:
        return {}
    return evaluated(service.inputs, answers_of(case) | {"today": today()})


def open_work(case: Case, state: process.CaseState) -> None:
    """Give every open task of the process that has none yet to its office, with a deadline of its own."""
    known = set(case.work.values_list("task", flat=True))
    rows = []
    for task in state.open:
        if task.id in known:
            continue
        office = identity.office_by_role(task.office or service_of(case).first, case.division)
        row = Work(
            case=case,
            kind=WorkKind.DECIDE,
            office=office.ref.id,
            title=task.name,
            applicant_name=case.applicant_name,
            task=task.id,
            task_version=task.version,
            opened_at=now(),
        )
        if task.limit is not None:
            basis = str(_("limit of the step"))
            row.due = calendars.open_deadline(row.ref, STEP, today(), task.limit, task.unit, basis).due
        rows.append(row)
    Work.objects.bulk_create(rows)


def ask_correction(actor: Actor, work: Ref, asked: Sequence[dict[str, str]]) -> Case:
    """The one-time notice: everything that is missing or wrong, at once (5 working days, XK.NOTICE).

    Each entry says `what` (an answer or material), its `problem` and the `need`. A second notice is refused: the law
    allows one.
    """
    with transaction.atomic():
        task = access_work(actor, work, "hall.accept")
        _still_to_accept(task)
        case = task.case
        listed = [entry for entry in asked if entry.get("what", "").strip() and entry.get("need", "").strip()]
        if not listed:
            raise Invalid({"asked": _("Please list what has to be corrected.")})
        if case.corrections.exists():
            raise Refused(_("A correction notice was already sent. The law allows one: accept, or refuse acceptance."))
        _done(task, actor)
        until = today() + timedelta(days=CORRECTION_DAYS)
        Correction.objects.create(case=case, round=case.round, asked=listed, office=task.office, at=now(), until=until)
        _move(case, CaseState.CORRECTION)
        ledger.write("hall.case.returned", case.ref, by=actor.by, office=task.office, asked=len(listed))
        send_notice("correction", case, {"lacks": listed, "until": until})
        emit(CaseReturned(case.ref))
    return case


def decline(actor: Actor, work: Ref, reason: str, instead: str = "") -> Case:
    """不受理: no permit is needed, or another authority is responsible; the notice says which."""
    return _turn_away(actor, work, CaseState.DECLINED, "declined", reason, instead)


def refuse_acceptance(actor: Actor, work: Ref, reason: str) -> Case:
    """不予受理: the materials still do not hold, or the conditions are plainly not met."""
    return _turn_away(actor, work, CaseState.NOT_ACCEPTED, "not_accepted", reason, "")


def _turn_away(actor: Actor, work: Ref, state: CaseState, kind: str, reason: str, instead: str) -> Case:
    if not reason.strip():
        raise Invalid({"reason": _("Please give the reason. The applicant reads it in the notice.")})
    with transaction.atomic():
        task = access_work(actor, work, "hall.accept")
        _still_to_accept(task)
        _done(task, actor)
        close_case(task.case, state, by=actor, kind=f"hall.case.{kind}", reason=reason, instead=instead)
        send_notice(kind, task.case, {"reason": reason, "instead": instead})
    return task.case


def _still_to_accept(task: Work) -> None:
    if not task.open or task.kind != WorkKind.ACCEPT:
        raise Refused(_("This application has already been dealt with."), code="done")


def _done(task: Work, actor: Actor) -> None:
    calendars.close(task.ref)
    task.open, task.closed_at, task.claimed_by = False, now(), str(actor.person)
    task.save(update_fields=["open", "closed_at", "claimed_by"])


def _move(case: Case, state: CaseState) -> None:
    case.state = state
    case.version += 1
    case.save(update_fields=["state", "version"])


def give_up_unanswered() -> int:
    """Close the cases whose correction notice ran out without an answer; gives their number."""
    late = Case.objects.filter(
        state=CaseState.CORRECTION, corrections__until__lt=today(), corrections__answered_at=None
    )
    closed = 0
    for case in late.select_for_update(of=("self",), skip_locked=True):
        reason = str(_("The correction was not handed in by the date in the notice."))
        close_case(case, CaseState.WITHDRAWN, by=None, kind="hall.case.withdrawn", reason=reason)
        send_notice("withdrawn", case, {"withdrawn": today(), "reason": reason})
        closed += 1
    return closed
