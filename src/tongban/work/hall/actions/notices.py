"""Every step that the law wants in writing: a dated notice as PDF, and a message to the applicant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from tongban.base.kernel.api import Ref, local, today
from tongban.engine.documents import api as documents
from tongban.engine.notify import api as notify
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OFFICE

from ..models import Case

# What happened -> the document it needs; what is not here is told without one.
DOCUMENTS: Mapping[str, str] = {
    "submitted": "receipt",
    "accepted": "acceptance",
    "correction": "correction",
    "declined": "decline",
    "not_accepted": "refuse_acceptance",
    "suspended": "suspension",
    "extended": "extension",
    "granted": "decision_grant",
    "refused": "decision_refuse",
    "withdrawn": "withdrawal",
}


def send_notice(kind: str, case: Case, facts: dict[str, Any], issuer: str = "") -> None:
    """Ask for the notice to be drawn and tell the applicant. Inside the caller's transaction; the work is done later.

    `issuer` is the first office's title where the caller has it at hand.
    """
    if kind in DOCUMENTS:
        common = {
            "issuer": issuer or identity.office(Ref(OFFICE, case.first_office)).title,
            "number": case.case_no if kind == "submitted" else f"{case.case_no}-{case.version}",
            "date": today(),
            "addressee": case.applicant_name,
            "item": case.item_title,
            "case_no": case.case_no,
            "submitted": local(case.submitted_at),
            "licensing": case.permit,
            "demo": settings.TONGBAN_DEMO,
            "query_url": f"{settings.PUBLIC_URL}/progress/",
        }
        if kind != "submitted":  # a receipt binds nobody
            common["office"] = str(Ref(OFFICE, case.first_office))
        if case.accepted_at:
            common["accepted"] = local(case.accepted_at).date()
        documents.request(DOCUMENTS[kind], case.ref, {**common, **facts})
    if kind != "submitted":
        tell_applicant(kind, case)


def tell_applicant(kind: str, case: Case) -> None:
    """A message in the applicant's inbox (and their agent's), with a link to the case."""
    facts = {"case_no": case.case_no, "item": case.item_title}
    for text in {case.applicant, case.agent} - {""}:
        recipient = Ref.parse(text)
        if recipient.kind == "identity.person":
            notify.tell(recipient, f"hall.{kind}", facts, link=f"/my/cases/{case.public_id}/")
