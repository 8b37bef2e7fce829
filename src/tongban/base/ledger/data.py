"""What a reader of the ledger gets."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tongban.base.kernel.api import canonical
from tongban.base.kernel.data import Ref

from .verify.command import add_arguments as add_verify_arguments
from .verify.command import run as run_verify
from .verify.document import FORMAT, SLOT, filled
from .verify.heads import Head, Witness
from .verify.program import verifier
from .verify.report import Finding, Report
from .verify.signatures import Keys, verify_signature
from .verify.tree import Tree, consistent

__all__ = [
    "FORMAT",
    "SLOT",
    "Finding",
    "Head",
    "Keys",
    "LedgerEntry",
    "Proof",
    "Report",
    "SealedHead",
    "Signed",
    "Tree",
    "WRITTEN",
    "Witness",
    "add_verify_arguments",
    "consistent",
    "filled",
    "run_verify",
    "verifier",
    "verify_signature",
]

# What a role of the application may give of a leaf; number and moment are the database's own (T3).
WRITTEN = '(kind, subject_kind, subject_id, "by", facts)'


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One leaf: something that happened to `subject`, done by `by` (None: the product itself)."""

    seq: int
    at: datetime
    kind: str
    subject: Ref
    by: Ref | None
    facts: Mapping[str, Any]

    @property
    def event(self) -> bytes:
        """The canonical event: what is hashed, and what an export shows."""
        at = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        by, subject = str(self.by or ""), str(self.subject)
        return canonical({"at": at, "by": by, "facts": self.facts, "kind": self.kind, "subject": subject})

    @property
    def leaf(self) -> bytes:
        """SHA-256(0x00 || event): the leaf hash of RFC 6962."""
        return hashlib.sha256(b"\x00" + self.event).digest()


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature's value and the hash it was made with ("" where the algorithm has its own)."""

    value: bytes
    hash_name: str = ""


@dataclass(frozen=True, slots=True)
class SealedHead:
    """A head of the tree as it was signed: `body` is the exact text."""

    size: int
    at: datetime
    key: str
    body: str
    signature: bytes
    hash_name: str

    @property
    def digest(self) -> str:
        """SHA-256 of the body: what the next head, witnesses and timestamps refer to."""
        return hashlib.sha256(self.body.encode()).hexdigest()

    @property
    def record(self) -> dict[str, Any]:
        """As exports, receipts and witnesses get it."""
        signature = base64.b64encode(self.signature).decode()
        return {"body": self.body, "signature": signature, "hash": self.hash_name}


@dataclass(frozen=True, slots=True)
class Proof:
    """That one leaf is under the root of a head: the audit path of RFC 6962, leaf to root."""

    index: int
    seq: int
    leaf: bytes
    path: tuple[bytes, ...]
    head: SealedHead

    @property
    def record(self) -> dict[str, Any]:
        """As receipts and evidence packages hold it."""
        path = [each.hex() for each in self.path]
        return {"index": self.index, "seq": self.seq, "leaf": self.leaf.hex(), "path": path}
