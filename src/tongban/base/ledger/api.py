"""Front door of the ledger."""

from .actions import leaf_hash, write
from .queries import history

__all__ = ["history", "leaf_hash", "write"]
