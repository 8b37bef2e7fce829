"""Front door of results."""

from .actions import import_rows, publish, record, withdraw
from .queries import publication, published, unpublished

__all__ = ["import_rows", "publication", "publish", "published", "record", "unpublished", "withdraw"]
