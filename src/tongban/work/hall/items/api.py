"""What the hall's front door hands on of items."""

from .actions import publish
from .editing import approve, ask_state, begin, drop, publish_due, publish_edit, save, send, send_back, take_over
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
    "approve",
    "ask_state",
    "begin",
    "drop",
    "examine",
    "guide",
    "import_list",
    "item",
    "item_count",
    "item_facets",
    "item_title",
    "publish",
    "publish_due",
    "publish_edit",
    "save",
    "search_items",
    "send",
    "send_back",
    "take_over",
    "versions",
]
