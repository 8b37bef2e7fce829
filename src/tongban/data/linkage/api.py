"""Front door of linkage."""

from .matching import match
from .reading import read
from .settings import load

__all__ = ["load", "match", "read"]
