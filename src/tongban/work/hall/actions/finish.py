"""The single answer (一口受理、统一答复): what follows when the process has ended."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Ref, emit, now, today
from tongban.base.ledger import api as ledger
from tongban.data.licences import api as licences
from tongban.engine.forms import api as forms
from tongban.engine.notify import api as notify
from tongban.engine.process import api as process
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OFFICE, Actor

from ..assign import assign
from ..data import CaseClosed, CaseState, Outcome, Result, Service
from ..expressions import evaluated
from ..models import Case
from ..queries.services import service_of
from . import rights
from .notices import send_notice


def finish_if_decided(case: Case, state: process.CaseState) -> None:
    """When the process has completed, give the one answer: grant with licence and register row, or refuse.

    The process may say so itself (variable `answer`, set by a decision table); otherwise one refusal refuses.
    """
    if state.status != "completed":
        return
    refusals = [d.opinion for d in case.decisions.filter(outcome=Outcome.REFUSE).order_by("id")]
    service = service_of(case)
    refusals += rights.reasons_against(case, service.result.right)
    answer = Outcome.REFUSE if refusals else state.variables.get("answer")
    if answer == Outcome.REFUSE:
        close_case(case, CaseState.REFUSED, by=None, kind="hall.case.refused")
        send_notice("refused", case, {"reasons": refusals or [str(_("The conditions of this item are not met."))]})
    else:
        _grant(case, service)


def answers_of(case: Case) -> dict[str, Any]:
    """The answers of the latest round, with their types, as the rules of a pack compute with them."""
    last = case.rounds.order_by("-round").first()
    return forms.typed(forms.definition(case.form), last.answers) if last else {}


def _grant(case: Case, service: Service) -> None:
    result = service.result
    known = {**answers_of(case), "case_no": case.case_no, "today": today(), "applicant": case.applicant_name}
    case.reservations.all().delete()
    if result.right:
        rights.carry_out(case, result, known)
    elif result.register:
        values = evaluated(result.values, known | assign(result.assign, case))
        registers.write(result.register, values, by=None, reason=str(case.ref), source=f"hall:{service.item}")
        known |= values
    if result.licence:
        case.licence = _issue(case, result, known)
        case.save(update_fields=["licence"])
    close_case(case, CaseState.GRANTED, by=None, kind="hall.case.granted", licence=case.licence)
    results = [{"label": str(_("Licence number")), "value": case.licence}] if case.licence else []
    send_notice("granted", case, {"results": results})
    for role in service.tell:
        office = identity.office_by_role(role, case.division)
        name = str(known.get("name") or case.applicant_name)
        notify.tell(office.ref, "hall.registered", {"item": case.item_title, "case_no": case.case_no, "name": name})


def _issue(case: Case, result: Result, known: dict[str, Any]) -> str:
    face = evaluated(result.face, known)
    licence = licences.issue(
        result.licence,
        Ref.parse(case.applicant),
        str(face.get(result.holder_name) or case.applicant_name),
        str(face.get(result.holder_number) or ""),
        face,
        Ref(OFFICE, case.first_office),
        subject=case.ref,
        holder_kind="legal_entity" if result.register == "legal_entity" else "",
        case_number=case.case_no,
    )
    return str(licence.number)


def close_case(case: Case, state: CaseState, *, by: Actor | None, kind: str, **facts: Any) -> None:
    """End a case in any way: clocks stop, open work is withdrawn, what it held is free again."""
    case.state, case.closed_at = state, now()
    case.version += 1
    case.save(update_fields=["state", "closed_at", "version"])
    case.work.filter(open=True).update(open=False, closed_at=now())
    case.reservations.all().delete()
    dropped = state not in (CaseState.GRANTED, CaseState.REFUSED)
    for subject in [case.ref, *(work.ref for work in case.work.all())]:
        calendars.close(subject, dropped=dropped)
    ledger.write(kind, case.ref, by=by.by if by else None, office=case.first_office, **facts)
    emit(CaseClosed(case.ref, state.value))
