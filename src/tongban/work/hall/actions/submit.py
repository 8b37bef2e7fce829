"""Handing in: one application makes one case, however often the button is pressed (T36, R8)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, NotFound, Refused, TongbanError, emit, now, today
from tongban.base.ledger import api as ledger
from tongban.data.licences import api as licences
from tongban.engine.forms import api as forms
from tongban.engine.forms.data import FormDefinition
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor

from ..data import Applicant, CaseSubmitted, Channel, OpenService, Service, Submitted, WorkKind
from ..models import Answers, Case, Draft, Paper, Reservation, Work
from ..numbers import new_case_no, new_query_code, query_hash
from ..queries.people import applicant_of, visitor
from ..queries.services import open_service
from .drafts import access_draft, counter_owner
from .notices import send_notice

Papers = Mapping[str, Sequence[Mapping[str, Any]]]


def submit_draft(actor: Actor, draft_id: str) -> Submitted:
    """Hand in a draft. Repeating it gives the same case: the draft's id is the idempotency key."""
    with transaction.atomic():
        try:
            draft = access_draft(actor, draft_id, lock=True)
        except NotFound:  # perhaps the other click of a double click was quicker
            if done := handed_in(actor, draft_id):
                return done
            raise
        form = forms.definition(draft.form)
        if draft.corrects:
            done = _corrected(actor, draft)
            draft.delete()
            return done
        at_window = draft.owner == counter_owner(actor)
        applicant = visitor(draft) if at_window else applicant_of(actor)
        channel = Channel.WINDOW if at_window else Channel.ONLINE
        done = submit(
            actor, draft.item, applicant, draft.answers, draft.papers, nonce=draft.public_id, form=form, channel=channel
        )
        draft.delete()
    return done


def _corrected(actor: Actor, draft: Draft) -> Submitted:
    from .follow import answer_correction  # follow builds on this file

    case = answer_correction(actor, draft.corrects, draft.answers, draft.papers, draft.public_id)
    return Submitted(case.ref, case.case_no, "", corrected=True)


def submit(
    actor: Actor,
    item: str,
    applicant: Applicant,
    answers: Mapping[str, Any],
    papers: Papers,
    *,
    nonce: str,
    form: FormDefinition | None = None,
    channel: Channel = Channel.ONLINE,
) -> Submitted:
    """An applicant hands in an application. The legal clock starts at acceptance, not here.

    `Invalid` has a message per field or material; `Refused` when the item is paused or the level does not reach.
    The same `nonce` from the same person gives the first case again, without its query code.
    """
    try:
        with transaction.atomic():
            return _submit(actor, item, applicant, answers, papers, nonce, form, channel)
    except (TongbanError, IntegrityError):
        # Whatever stands in the way of a repetition (its own name is taken now), the first case is the answer.
        if done := handed_in(actor, nonce):
            return done
        raise


def _submit(
    actor: Actor,
    item: str,
    applicant: Applicant,
    answers: Mapping[str, Any],
    papers: Papers,
    nonce: str,
    form: FormDefinition | None,
    channel: Channel,
) -> Submitted:
    service = open_service(item)
    if actor.acting_for:
        identity.require_agent(actor, actor.acting_for, item)
    if channel == Channel.ONLINE and actor.level < service.level:
        raise Refused(_("This item needs a real-name account. Please confirm your identity first."), code="level")
    form = form or forms.current(service.form)
    clean = forms.checked(form, dict(answers))
    require_papers(form, clean, papers)
    return _create(actor, service, applicant, form, clean, papers, nonce, channel)


def handed_in(actor: Actor, nonce: str) -> Submitted | None:
    """What this person has handed in under this nonce (a draft's id) before: an application, or a correction of one."""
    if case := Case.objects.filter(filed_by=str(actor.person), nonce=nonce).first():
        return Submitted(case.ref, case.case_no, "")
    case = Case.objects.filter(applicant=str(actor.applicant), rounds__nonce=nonce).first() if nonce else None
    return Submitted(case.ref, case.case_no, "", corrected=True) if case else None


def require_papers(form: FormDefinition, answers: dict[str, Any], papers: Papers) -> None:
    """`Invalid` names every required material that is not there."""
    given = {slot for slot, held in papers.items() if held}
    if absent := forms.missing(form, answers, given):
        raise Invalid(absent)


def _create(
    actor: Actor,
    service: OpenService,
    applicant: Applicant,
    form: FormDefinition,
    answers: dict[str, Any],
    papers: Papers,
    nonce: str,
    channel: Channel,
) -> Submitted:
    moment = now()
    division = str(answers.get("division") or _home_division())
    office = identity.office_by_role(service.first, division)
    code = new_query_code()
    number = new_case_no(office.division, today())
    case = Case.objects.create(
        case_no=number,
        query_hash=query_hash(number, code),
        nonce=nonce,
        item=service.item,
        item_version=service.version,
        item_title=service.title,
        permit=service.permit,
        form=form.digest,
        channel=channel,
        applicant=str(applicant.ref),
        applicant_kind=applicant.kind,
        applicant_name=applicant.name,
        agent=str(applicant.agent or ""),
        filed_by=str(actor.person),
        division=division,
        first_office=office.ref.id,
        submitted_at=moment,
    )
    Answers.objects.create(case=case, round=1, answers=answers, at=moment)
    keep_papers(actor, case, papers)
    reserve(case, service, answers)
    ledger.write("hall.case.submitted", case.ref, by=actor.by, office=office.ref.id, item=service.item, channel=channel)
    send_notice("submitted", case, {"query_code": code}, office.title)
    emit(CaseSubmitted(case.ref, service.item))
    if not service.automatic:  # those are accepted by the job that CaseSubmitted starts
        to_accept(case)
    return Submitted(case.ref, number, code)


def to_accept(case: Case) -> Work:
    """Lay the application on the first office's desk. Its clock (XK.NOTICE) is started by the job that follows."""
    return Work.objects.create(
        case=case,
        kind=WorkKind.ACCEPT,
        office=case.first_office,
        title=case.item_title,
        applicant_name=case.applicant_name,
        opened_at=now(),
    )


def _home_division() -> str:
    return identity.office_by_code("province").division


def keep_papers(actor: Actor, case: Case, papers: Papers) -> None:
    """Write down what was handed in for this round; licences of the library and files of earlier cases count as an
    upload saved (DATA-40)."""
    rows = [
        Paper(
            case=case,
            round=case.round,
            slot=slot,
            file=paper.get("file", ""),
            licence=paper.get("licence", ""),
            name=paper.get("name", ""),
        )
        for slot, held in papers.items()
        for paper in held
    ]
    Paper.objects.bulk_create(rows)
    for row in rows:
        if row.licence:
            licences.reuse(row.licence, case.ref, row.slot)
    for slot, held in papers.items():
        for paper in held:
            if paper.get("earlier"):
                facts = {name: paper[name] for name in ("file", "sha256", "earlier", "at")}
                ledger.write("hall.paper.reused", case.ref, by=actor.by, slot=slot, **facts)


def reserve(case: Case, service: Service, answers: Mapping[str, Any]) -> None:
    """Hold what must be unique until the case ends. `Invalid` says who has it: a register, or another open case."""
    for unique in service.unique:
        value = str(answers.get(unique.answer, "")).strip()
        if not value:
            continue
        clash = next(iter(registers.similar(unique.register, unique.field, value, limit=1, floor=1.0)), None)
        if clash:
            text = _("“%s” is already registered. Please choose another name.") % clash.value
            raise Invalid({unique.answer: text})
        try:
            with transaction.atomic():
                Reservation.objects.create(register=unique.register, field=unique.field, value=core(value), case=case)
        except IntegrityError:
            message = _("Another application for this name is being handled. Please choose another name.")
            raise Invalid({unique.answer: message}) from None


def core(value: str) -> str:
    """A name without spaces, brackets' width and case, so that two spellings of one name are one name."""
    return "".join(unicodedata.normalize("NFKC", value).split()).casefold()
