"""Commands of the hall."""

from .items.cli import import_items, register

__all__ = ["import_items", "register"]
