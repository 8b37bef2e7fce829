"""What the site does between rooms that do not know each other."""

from __future__ import annotations

from tongban.base.kernel.api import NotFound, local, on
from tongban.data.results import api as results
from tongban.data.results.data import Kind
from tongban.engine.registers import api as registers
from tongban.work.hall import api as hall
from tongban.work.hall.data import CaseClosed, CaseState

_OUTCOMES = {CaseState.GRANTED: "approved", CaseState.REFUSED: "refused"}
_LICENSING = "01"


@on(CaseClosed)
def keep_result(event: CaseClosed) -> None:
    """A licensing case that ended in a decision is a result of approval, kept and published (DATA-31)."""
    outcome = _OUTCOMES.get(CaseState(event.state))
    case = hall.case_view_of(event.case)
    item = hall.item(case.item)
    if outcome is None or item.fields.get("task_type") != _LICENSING or case.closed_at is None:
        return
    try:
        registers.definition(Kind.APPROVAL.register)
    except NotFound:  # an installation without the pack of results
        return
    kind, name, number = hall.party_of(event.case)
    values = {
        "document_number": case.case_no,
        "document_title": case.title,
        "party_kind": kind,
        "party": name,
        "party_code": number,
        "kind": "general",
        "content": case.title,
        "outcome": outcome,
        "certificate": case.licence or None,
        "decided": local(case.closed_at).date(),
        "office": case.first_office,
        "division": case.division,
        "basis": str(item.fields.get("by_law") or "")[:1000] or None,
        "case_number": case.case_no,
    }
    results.record(Kind.APPROVAL, values, by=None, source="hall")
