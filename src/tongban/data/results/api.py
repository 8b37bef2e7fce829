"""Front door of results."""

from .actions import import_rows, publish, record, withdraw
from .queries import publication, published, unpublished
from .watching import watch

__all__ = ["import_rows", "publication", "publish", "published", "record", "unpublished", "watch", "withdraw"]
