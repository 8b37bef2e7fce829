"""What the hall gives for evidence packages and for an applicant's sealed record (TRUST-06)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from tongban.base.calendars.data import Cause
from tongban.base.files import api as files
from tongban.base.kernel.api import NotFound, Ref, Refused
from tongban.engine.documents import api as documents
from tongban.engine.documents.data import Document, State
from tongban.trust.identity.data import PERSON, Actor
from tongban.trust.witness.api import evidence_sources, record_access, record_titles
from tongban.trust.witness.data import Period

from ..access import access_own_case
from ..data import CASE, CaseSubmitted
from ..models import Case
from .cases import STEP_TITLES

_TITLES = {
    **STEP_TITLES,
    "hall.paper.reused": _("A paper handed in before was used again"),
    "hall.case.by_hand": _("Passed to the window"),
    "documents.document.requested": _("A document is being made"),
    "documents.document.ready": _("A document was made and sealed"),
    f"calendars.deadline.{Cause.OPENED}": _("A time limit began"),
    f"calendars.deadline.{Cause.SUSPENDED}": _("A time limit was suspended"),
    f"calendars.deadline.{Cause.RESUMED}": _("A time limit runs again"),
    f"calendars.deadline.{Cause.EXTENDED}": _("A time limit was extended"),
    f"calendars.deadline.{Cause.CALENDAR}": _("A time limit moved with the calendar"),
    "calendars.deadline.closed": _("A time limit ended"),
}
for _kind, _title in _TITLES.items():
    record_titles.register(_kind, _title)

PROVEN = (CaseSubmitted.kind,)  # the leaves whose proof a receipt carries, beside that of its own digest


@evidence_sources("hall")
def case_papers(subject: Ref, period: Period) -> Iterable[tuple[str, bytes]]:
    """A case as it stands with its answers, decisions, papers and documents; of a person the list of their cases."""
    if subject.kind == CASE:
        case = Case.objects.filter(public_id=subject.id).first()
        if case is not None:
            yield from _papers(case, period)
    elif subject.kind == PERSON:
        rows = Case.objects.filter(applicant=str(subject)).order_by("submitted_at")
        yield "cases.json", _json([_head(case) for case in rows if period.holds(case.submitted_at)])


def _papers(case: Case, period: Period) -> Iterable[tuple[str, bytes]]:
    rounds = [{"round": each.round, "at": each.at, "answers": each.answers} for each in case.rounds.order_by("round")]
    decisions = case.decisions.order_by("at").values("office", "officer", "outcome", "opinion", "at")
    yield "case.json", _json({**_head(case), "rounds": rounds, "decisions": list(decisions)})
    for paper in case.papers.exclude(file="").order_by("round", "id"):
        try:
            with files.open_released(paper.file) as content:
                yield f"papers/{paper.round}-{paper.slot}-{paper.file}-{paper.name}", content.read()
        except NotFound:
            continue  # removed by then; the ledger still names it
    for document in documents.documents_of(case.ref):
        if not period.holds(document.requested_at):
            continue
        try:
            yield f"documents/{document.id}-{document.title}.pdf", documents.pdf(document.id)
        except (NotFound, Refused):
            continue  # still being made


def _head(case: Case) -> dict[str, Any]:
    names = ("case_no", "item", "item_title", "state", "applicant", "applicant_name", "agent", "filed_by", "channel")
    times = ("submitted_at", "accepted_at", "closed_at", "due")
    return {"id": case.public_id, **{name: getattr(case, name) for name in (*names, *times)}}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=_text).encode()


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def waits_for_proof(found: Sequence[Document]) -> bool:
    """Whether a receipt is there whose leaves are not sealed yet: seconds later a fresh download carries the proof."""
    receipts = [each for each in found if each.kind == "receipt" and each.state == State.READY]
    return any(documents.proof(each, *PROVEN) is None for each in receipts)


@record_access(CASE)
def own_case_title(actor: Actor, id_: str) -> str:
    """The case whose record the applicant looks at; `NotFound` for any other."""
    case = access_own_case(actor, id_)
    return f"{case.item_title} {case.case_no}"
