"""Front door of the seals."""

from .actions import apply_seal, make_demo_seal, make_seal, move_seal, seal_document
from .queries import all_seals, seal, seals_of
from .reasons import said
from .verifying import verify_file

__all__ = [
    "all_seals",
    "apply_seal",
    "make_demo_seal",
    "make_seal",
    "move_seal",
    "said",
    "seal",
    "seal_document",
    "seals_of",
    "verify_file",
]
