"""The verdict."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

SLACK = timedelta(seconds=5)  # between two clocks, and between a leaf and the head that was made beside it
FEW = 50  # findings of one kind that are told one by one


@dataclass
class Finding:
    """One thing that does not hold. `leaf` is the place in the tree, `seq` the number in the table."""

    code: str
    text: str
    leaf: int | None = None
    seq: int | None = None


@dataclass
class Report:
    """The verdict: valid when nothing was found."""

    kind: str = ""
    log: str = ""
    begin: int = 0
    leaves: int = 0
    heads: int = 0
    last: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    witnesses: dict[str, int] = field(default_factory=dict)
    timestamps: int = 0
    entries: list[dict[str, Any]] = field(default_factory=list)  # what a receipt tells, leaf by leaf
    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def valid(self) -> bool:
        return not self.findings

    def add(self, code: str, text: str, leaf: int | None = None, seq: int | None = None) -> None:
        self.counts[code] = self.counts.get(code, 0) + 1
        if self.counts[code] <= FEW:
            self.findings.append(Finding(code, text, leaf, seq))

    def as_json(self) -> dict[str, Any]:
        return {"valid": self.valid, **asdict(self)}
