"""What a person may ask about their own data: a copy, a correction, the end of the account (个人信息权利, PIPL 44-47).

They are cases like any other: a clock, a decision, reasons, a notice. What the law has kept stays kept: cases, licences
and the ledger outlive the account, and an open case holds it (legal hold).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, Ref, Refused, local, system, today
from tongban.data.licences import api as licences
from tongban.engine.documents import api as documents
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OFFICE

from ..data import CaseState, Result, Right
from ..models import Case

MOST = 200  # rows of one section of a copy


def reasons_against(case: Case, right: str) -> list[str]:
    """Why the law or an open matter stands against closing the account; empty where nothing does."""
    if right != Right.CLOSE:
        return []
    open_ = Case.objects.filter(applicant=case.applicant, closed_at=None).exclude(id=case.id).order_by("id")
    numbers = list(open_.values_list("case_no", flat=True)[:10])
    if not numbers:
        return []
    return [_("Open cases hold the account: %s. Wait for their answers or withdraw them first.") % "、".join(numbers)]


def carry_out(case: Case, result: Result, known: Mapping[str, Any]) -> None:
    """Do what was granted, in the transaction of the decision. `Refused` when the register says otherwise by now."""
    with system():  # the answer was given; who gave it need not see what it opens
        if result.right == Right.COPY:
            _copy(case)
        elif result.right == Right.CORRECT:
            _correct(case, result.register, str(known.get("field") or ""), known.get("value"))
        elif result.right == Right.CLOSE:
            identity.disable(Ref.parse(case.applicant), reason=str(case.ref))


def _copy(case: Case) -> None:
    """Everything registers, cases and the licence library hold about the applicant, as a document of the case."""
    person = identity.person(Ref.parse(case.applicant))
    sections = [{"title": title, "rows": rows} for title, rows in _held(case, person)]
    facts = {
        "issuer": identity.office(Ref(OFFICE, case.first_office)).title,
        "number": f"{case.case_no}-{case.version}",
        "date": today(),
        "addressee": case.applicant_name,
        "item": case.item_title,
        "case_no": case.case_no,
        "demo": settings.TONGBAN_DEMO,
        "sections": sections,
    }
    documents.request("personal_copy", case.ref, facts)


def _held(case: Case, person: Any) -> Iterator[tuple[str, list[dict[str, str]]]]:
    actor = identity.actor_for(person.ref)
    account = {_("Name"): person.name, _("Phone"): person.phone, _("Identity number"): person.id_number}
    yield _("Account"), [_line(str(label), value) for label, value in account.items()]
    for register, row in registers.own_rows(actor):
        pairs = [(str(f.title), registers.shown(f, row.values.get(f.name))) for f in register.live]
        yield str(register.title), [_line(label, text) for label, text in pairs if text]
    cases = Case.objects.filter(applicant=case.applicant).order_by("-id")[:MOST]
    yield (
        _("Cases"),
        [
            _line(one.case_no, f"{one.item_title} · {local(one.submitted_at):%Y-%m-%d} · {CaseState(one.state).label}")
            for one in cases
        ],
    )
    held = licences.of_holder(person.ref)[:MOST]
    if held:
        yield _("Licences"), [_line(one.number, str(one.title)) for one in held]


def _line(label: str, value: object) -> dict[str, str]:
    return {"label": label, "value": str(value or "—")}


def _correct(case: Case, register: str, field: str, value: Any) -> None:
    """One value of the applicant's own row; the number in the answers says nothing about whose row it is."""
    actor = identity.actor_for(Ref.parse(case.applicant))
    row = next((row for known, row in registers.own_rows(actor) if known.key == register), None)
    if row is None:
        raise Refused(_("The register has no record of this person any more."), code="no_record")
    try:
        registers.change(register, row.id, {field: value}, by=None, reason=str(case.ref), source="hall:correction")
    except Invalid as invalid:
        raise Refused(next(iter(invalid.errors.values())), code="value") from None
