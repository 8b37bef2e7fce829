"""Reading the ledger."""

from __future__ import annotations

from tongban.base.kernel.api import Ref

from .data import LedgerEntry
from .models import Leaf


def history(subject: Ref) -> list[LedgerEntry]:
    """Everything recorded of one object, oldest first."""
    rows = Leaf.objects.filter(subject_id=subject.id, subject_kind=subject.kind).order_by("seq")
    return [_entry(row) for row in rows]


def _entry(row: Leaf) -> LedgerEntry:
    return LedgerEntry(
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        subject=Ref(row.subject_kind, row.subject_id),
        by=Ref.parse(row.by) if row.by else None,
        facts=row.facts,
        leaf=bytes(row.leaf),
    )
