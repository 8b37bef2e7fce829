"""Departments decide side by side; suspend and extend within the law (SVC-04; standards.md 1.5)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Invalid, Ref, Refused, emit, now, today
from tongban.base.ledger import api as ledger
from tongban.engine.process import api as process
from tongban.trust.identity.data import Actor

from ..access import access_work
from ..data import CaseDecided, CaseState, Outcome, WorkKind
from ..limits import EXTENSION_BOUND, PROMISED
from ..models import Case, Decision, Suspension, Work
from .finish import finish_if_decided
from .notices import send_notice, tell_applicant
from .window import _done, _move, open_work


def decide(actor: Actor, work: Ref, outcome: Outcome, opinion: str) -> Case:
    """One office decides on its part, with its opinion. The last decision brings the single answer."""
    if not opinion.strip():
        raise Invalid({"opinion": _("Please write your opinion. It becomes part of the file.")})
    with transaction.atomic():
        task = access_work(actor, work, "hall.decide")
        _still_to_decide(task)
        case = task.case
        _done(task, actor)
        Decision.objects.create(
            case=case,
            work=task,
            office=task.office,
            officer=str(actor.person),
            outcome=outcome,
            opinion=opinion.strip(),
            at=now(),
        )
        answer = {"outcome": outcome.value, "office": task.office}
        state = process.complete(task.task, answer, by=actor.person)
        case.version += 1
        case.save(update_fields=["version"])
        ledger.write(
            "hall.case.decided", case.ref, by=actor.by, office=task.office, outcome=outcome.value, work=task.public_id
        )
        emit(CaseDecided(case.ref, Ref("identity.office", task.office), outcome.value))
        withdraw_stale_work(case, state)
        open_work(case, state)
        finish_if_decided(case, state)
    return case


def withdraw_stale_work(case: Case, state: process.CaseState) -> None:
    """Close the work whose task the process has cancelled (say after the first refusal)."""
    current = {task.id for task in state.open}
    for task in case.work.filter(open=True, kind=WorkKind.DECIDE).exclude(task__in=current):
        task.open, task.closed_at = False, now()
        task.save(update_fields=["open", "closed_at"])
        calendars.close(task.ref, dropped=True)


def follow_process(case_ref: Ref) -> None:
    """A timer or message moved the process: open and withdraw work, and give the answer if it has ended. Idempotent."""
    with transaction.atomic():
        case = Case.objects.select_for_update().filter(public_id=case_ref.id, state=CaseState.HANDLING).first()
        if case is None:
            return
        state = process.state(case.ref)
        withdraw_stale_work(case, state)
        open_work(case, state)
        finish_if_decided(case, state)


def suspend(actor: Actor, work: Ref, procedure: calendars.Procedure, reason: str) -> Case:
    """Stop the clock for a procedure whose time the law does not count. The applicant is told in writing."""
    if not reason.strip():
        raise Invalid({"reason": _("Please say why this procedure is needed. The applicant reads it.")})
    with transaction.atomic():
        task = access_work(actor, work, "hall.decide")
        _still_to_decide(task)
        case = task.case
        Suspension.objects.create(
            case=case,
            procedure=procedure,
            reason=reason.strip(),
            officer=str(actor.person),
            office=task.office,
            start=now(),
        )
        for subject in _clocks(case):
            calendars.suspend(subject, procedure, by=actor.person)
        case.work.filter(open=True).update(suspended=True)
        _move(case, CaseState.SUSPENDED)
        ledger.write(
            "hall.case.suspended", case.ref, by=actor.by, office=task.office, procedure=procedure.value, reason=reason
        )
        send_notice("suspended", case, {"procedure": str(procedure.label), "reason": reason, "since": today()})
    return case


def resume(actor: Actor, work: Ref, result: str) -> Case:
    """The procedure is over: the clock goes on and every deadline moves, with its explanation."""
    with transaction.atomic():
        task = access_work(actor, work, "hall.decide")
        case = task.case
        open_one = case.suspensions.filter(end=None).first()
        if open_one is None:
            raise Refused(_("This case is not suspended."), code="not_suspended")
        open_one.end = now()
        open_one.save(update_fields=["end"])
        for subject in _clocks(case):
            calendars.resume(subject, by=actor.person)
        refresh_due(case)
        case.work.filter(open=True).update(suspended=False)
        _move(case, CaseState.HANDLING)
        due = case.due.isoformat() if case.due else None
        ledger.write("hall.case.resumed", case.ref, by=actor.by, office=task.office, result=result, due=due)
        tell_applicant("resumed", case)
    return case


def extend(actor: Actor, work: Ref, days: int, reason: str) -> Case:
    """Ask for more time within the legal bound: at most ten working days, with the reason told to the applicant."""
    if not reason.strip():
        raise Invalid({"reason": _("Please give the reason. The applicant reads it in the notice.")})
    if not 1 <= days <= EXTENSION_BOUND:
        raise Invalid({"days": _("The law allows an extension of 1 to %d working days.") % EXTENSION_BOUND})
    with transaction.atomic():
        task = access_work(actor, work, "hall.decide")
        _still_to_decide(task)
        case = task.case
        for subject in [case.ref, task.ref]:
            calendars.extend(subject, days, by=actor.person, basis="行政许可法 42", bound=EXTENSION_BOUND)
        refresh_due(case)
        ledger.write("hall.case.extended", case.ref, by=actor.by, office=task.office, days=days, reason=reason)
        send_notice("extended", case, {"days": days, "reason": reason, "due": case.due})
    return case


def refresh_due(case: Case) -> None:
    """Copy the clock's dates onto the rows that lists are sorted by."""
    work = list(case.work.filter(open=True, kind=WorkKind.DECIDE))
    clocks = calendars.deadlines_of([case.ref, *(task.ref for task in work)])
    case.due = next((d.due for d in clocks.get(case.ref, ()) if d.code == PROMISED), case.due)
    case.save(update_fields=["due"])
    for task in work:
        for deadline in clocks.get(task.ref, ()):
            if deadline.due != task.due:
                task.due = deadline.due
                task.save(update_fields=["due"])


def _clocks(case: Case) -> list[Ref]:
    """What runs for the case: its own limits, and those of the open steps that have one."""
    steps = [work.ref for work in case.work.filter(open=True, kind=WorkKind.DECIDE)]
    running = calendars.deadlines_of(steps)
    return [case.ref, *(ref for ref in steps if running.get(ref))]


def _still_to_decide(task: Work) -> None:
    if not task.open or task.kind != WorkKind.DECIDE:
        raise Refused(_("This task has already been decided."), code="done")
    if task.suspended:
        raise Refused(_("This case is suspended. Resume it first."), code="suspended")
