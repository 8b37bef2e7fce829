"""Commands of the hall."""

from .items.cli import register

__all__ = ["register"]
