"""What a reader of the ledger gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tongban.base.kernel.data import Ref


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One leaf: something that happened to `subject`, done by `by` (None: the product itself)."""

    seq: int
    at: datetime
    kind: str
    subject: Ref
    by: Ref | None
    facts: Mapping[str, Any]
    leaf: bytes
