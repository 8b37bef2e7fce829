"""What the hall's front door hands on of items."""

from .actions import publish, set_state
from .importer import examine, import_list
from .queries import (
    guide,
    item,
    item_count,
    item_facets,
    item_title,
    search_items,
    versions,
)

__all__ = [
    "examine",
    "guide",
    "import_list",
    "item",
    "item_count",
    "item_facets",
    "item_title",
    "publish",
    "search_items",
    "set_state",
    "versions",
]
