"""The seven working days: whose decisions wait for publication while their last day comes near or is over (双公示)."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Ref, emit, today
from tongban.base.ledger import api as ledger
from tongban.engine.notify.api import tell
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import Row
from tongban.trust.identity import api as identity

from .data import Kind, ResultDue
from .queries import unpublished

AHEAD = 2  # working days before the last one on which the office is reminded
BACK = timedelta(days=60)  # decisions older than this have had their alarm
TOLD = "results.due"


def watch() -> int:
    """Tell the deciding office of each result that waits, once when its last day is near and once when it is over, with
    a leaf and an event for supervision. Daily, as the system; how many were told."""
    near = calendars.due(today(), AHEAD).date
    assert near is not None
    found = 0
    for kind in Kind:
        for row, due in unpublished(kind, today() - BACK):
            if due <= near:
                found += _tell(kind, row, due, due < today())
    return found


def _tell(kind: Kind, row: Row, due: date, overdue: bool) -> bool:
    if any(leaf.kind == TOLD and leaf.facts["overdue"] is overdue for leaf in ledger.history(row.ref)):
        return False
    number = row["document_number"]
    with transaction.atomic():
        ledger.write(TOLD, row.ref, due=due.isoformat(), overdue=overdue)
        emit(ResultDue(row.ref, number, due, overdue))
        if office := _responsible(kind, row["office"]):
            facts = {"number": number, "due": due.isoformat()}
            tell(office, "results.overdue" if overdue else "results.due", facts, link="/results/")
    return True


def _responsible(kind: Kind, name: str) -> Ref | None:
    """The office of this very name, else the one that keeps the register."""
    same = [office for office in identity.find_offices(name) if office.title == name]
    keepers = [office for _division, office in identity.offices_with_role(registers.definition(kind.register).owner)]
    return next((office.ref for office in [*same, *keepers]), None)
