"""What an applicant does after handing in: answer a correction, withdraw, collect, rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, Ref, Refused, emit, now, today
from tongban.base.ledger import api as ledger
from tongban.engine.forms import api as forms
from tongban.engine.process import api as process
from tongban.trust.identity.data import Actor

from ..access import access_own_case
from ..data import GRADES, CaseRated, CaseState, CaseSubmitted
from ..models import Answers, Case, Draft, Rating
from ..queries.services import service_of
from .finish import close_case
from .notices import send_notice
from .submit import Papers, keep_papers, require_papers, reserve, to_accept


def answer_correction(
    actor: Actor, case_ref: Ref | str, answers: Mapping[str, Any], papers: Papers, nonce: str = ""
) -> Case:
    """Hand in the corrected application. The former round stays as it was. `nonce`: see `submit`."""
    with transaction.atomic():
        case = access_own_case(actor, case_ref, lock=True)
        correction = case.corrections.filter(answered_at=None).first()
        if case.state != CaseState.CORRECTION or correction is None:
            raise Refused(_("There is nothing to correct in this case."), code="state")
        form = forms.definition(case.form)
        clean = forms.checked(form, dict(answers))
        require_papers(form, clean, papers)
        case.reservations.all().delete()
        reserve(case, service_of(case), clean)
        case.round += 1
        case.state = CaseState.SUBMITTED
        case.version += 1
        case.save(update_fields=["round", "state", "version"])
        Answers.objects.create(case=case, round=case.round, answers=clean, nonce=nonce, at=now())
        keep_papers(actor, case, papers)
        correction.answered_at = now()
        correction.save(update_fields=["answered_at"])
        to_accept(case)
        emit(CaseSubmitted(case.ref, case.item))
        ledger.write("hall.case.corrected", case.ref, by=actor.by, office=case.first_office, round=case.round)
    return case


def correction_draft(actor: Actor, case: Case) -> Draft:
    """The draft in which a correction is made: it begins with everything that was handed in before."""
    if case.state != CaseState.CORRECTION:
        raise Refused(_("There is nothing to correct in this case."), code="state")
    last = case.rounds.order_by("-round").first()
    papers: dict[str, list[dict[str, Any]]] = {}
    for paper in case.papers.filter(round=case.round):
        held = {"file": paper.file} if paper.file else {"licence": paper.licence}
        papers.setdefault(paper.slot, []).append({**held, "name": paper.name})
    with transaction.atomic():
        draft, _made = Draft.objects.get_or_create(
            owner=str(actor.applicant),
            applicant=case.applicant,
            item=case.item,
            corrects=case.public_id,
            defaults={
                "form": case.form,
                "answers": last.answers if last else {},
                "papers": papers,
                "updated_at": now(),
            },
        )
    return draft


def withdraw(actor: Actor, case_ref: Ref | str, reason: str = "") -> Case:
    """Take the application back before the answer is out."""
    with transaction.atomic():
        case = access_own_case(actor, case_ref, lock=True)
        state = CaseState(case.state)
        if state.ended:
            raise Refused(_("This case has already ended and cannot be withdrawn."), code="state")
        if state in (CaseState.HANDLING, CaseState.SUSPENDED):
            process.cancel(case.ref, "withdrawn by the applicant")
        close_case(case, CaseState.WITHDRAWN, by=actor, kind="hall.case.withdrawn", reason=reason)
        send_notice("withdrawn", case, {"withdrawn": today(), "reason": reason})
    return case


def collect(actor: Actor, case_ref: Ref | str) -> Case:
    """The applicant has taken the result over (送达)."""
    with transaction.atomic():
        case = access_own_case(actor, case_ref, lock=True)
        if case.state != CaseState.GRANTED:
            raise Refused(_("There is nothing to collect in this case."), code="state")
        if case.collected_at is None:
            case.collected_at = now()
            case.save(update_fields=["collected_at"])
            ledger.write("hall.case.collected", case.ref, by=actor.by)
    return case


def rate(actor: Actor, case_ref: Ref | str, grade: int, tags: Sequence[str] = (), comment: str = "") -> Rating:
    """Rate the service, once, after it ended. The two lowest grades need a tag or a word (好差评)."""
    with transaction.atomic():
        case = access_own_case(actor, case_ref, lock=True)
        if not CaseState(case.state).ended:
            raise Refused(_("You can rate the service once the case has ended."), code="state")
        if grade not in GRADES:
            raise Invalid({"grade": _("Please choose one of the five grades.")})
        if grade >= 4 and not tags and not comment.strip():
            raise Invalid({"comment": _("Please tell us what was wrong, so that it can be put right.")})
        try:
            with transaction.atomic():
                rating = Rating.objects.create(
                    case=case, grade=grade, tags=list(tags), comment=comment.strip(), at=now()
                )
        except IntegrityError:
            raise Refused(_("You have already rated this service."), code="done") from None
        ledger.write("hall.case.rated", case.ref, grade=grade)  # who rated stays hidden from the window
        emit(CaseRated(case.ref, grade))
    return rating
