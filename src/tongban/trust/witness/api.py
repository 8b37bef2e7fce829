"""Front door of the witness room."""

from .checking import check, examine, export_period, last_check
from .evidence import evidence_sources, make_evidence
from .heads import document_proof, receipt, seal_leaves, stamp_head, vouched, with_event
from .queries import standing, watchers
from .records import record_access, record_titles
from .watching import addresses, hand_over

__all__ = [
    "addresses",
    "check",
    "document_proof",
    "evidence_sources",
    "examine",
    "export_period",
    "hand_over",
    "last_check",
    "make_evidence",
    "receipt",
    "record_access",
    "record_titles",
    "seal_leaves",
    "stamp_head",
    "standing",
    "vouched",
    "watchers",
    "with_event",
]
