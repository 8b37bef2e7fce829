"""Front door of the ledger."""

from .actions import write
from .counting import Count, by_hour, counted
from .export import Parts, export, export_parts, judge_receipt, verify_parts
from .queries import (
    consistency_proof,
    event_texts,
    head_at,
    head_before,
    head_of,
    heads,
    heads_before,
    history,
    latest_head,
    latest_of,
    leaf,
    leaf_hashes,
    leaves,
    log_name,
    place,
    receipt,
    strays,
)
from .sealing import seal, unsealed
from .verify.program import verifier

__all__ = [
    "Count",
    "Parts",
    "by_hour",
    "consistency_proof",
    "counted",
    "event_texts",
    "export",
    "export_parts",
    "head_at",
    "head_before",
    "head_of",
    "heads",
    "heads_before",
    "history",
    "judge_receipt",
    "latest_head",
    "latest_of",
    "leaf",
    "leaf_hashes",
    "leaves",
    "log_name",
    "place",
    "receipt",
    "seal",
    "strays",
    "unsealed",
    "verifier",
    "verify_parts",
    "write",
]
