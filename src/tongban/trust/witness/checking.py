"""The ledger's own check: the database against its tiles, its signed heads, and what the witnesses remember."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from django.db import transaction

from tongban.base.kernel.api import Ref, TongbanError, emit, now
from tongban.base.ledger import api as ledger
from tongban.base.ledger.data import Report, Witness

from . import heads, watching
from .data import LEDGER, CheckResult, LedgerBroken
from .models import Check


def export_parts(begin: int = 0, end: int | None = None) -> ledger.Parts:
    """The leaves between two heads with everything signed about them."""
    return ledger.export_parts(heads.records, heads.signers(), heads.witness_keys(), begin, end)


def examine() -> Report:
    """Verify everything with the same code that verifies an export, against the witnesses as they are now."""
    witnesses: list[Witness] = []
    for name, url in watching.addresses().items():
        try:
            witnesses.append(watching.remembered(name, url))
        except (TongbanError, OSError, ValueError):
            continue  # its state is shown on the page; the others are asked
    report = ledger.verify_parts(export_parts(), witnesses)
    for seq in ledger.strays():
        report.add("leaf.inserted", f"number {seq} was put in afterwards and is not sealed", seq=seq)
    return report


def check() -> CheckResult:
    """Examine the ledger, keep the result, and raise the alarm when something does not hold (T5)."""
    report = examine()
    findings = [asdict(finding) for finding in report.findings[:100]]
    with transaction.atomic():
        row = Check.objects.create(at=now(), leaves=report.leaves, valid=report.valid, findings=findings)
        ledger.write("witness.ledger.checked", Ref(LEDGER, report.log or "none"), valid=report.valid, leaves=row.leaves)
        if findings:
            emit(LedgerBroken(findings[0]["code"], findings[0]["text"]))
    return _result(row)


def last_check() -> CheckResult | None:
    """The newest check."""
    row = Check.objects.order_by("-id").first()
    return _result(row) if row else None


def _result(row: Check) -> CheckResult:
    return CheckResult(row.at, row.leaves, row.valid, tuple(row.findings))


def export_period(path: Path, since: datetime | None = None, until: datetime | None = None) -> dict[str, int]:
    """Write an export of the leaves between the heads around two moments; gives how many leaves and heads it holds."""
    first = ledger.head_before(since) if since else None
    last = ledger.head_at(until) if until else None
    parts = export_parts(first.size if first else 0, last.size if last else None)
    ledger.export(path, parts)
    return {"leaves": len(parts.sealed) // 32, "heads": len(parts.records)}
