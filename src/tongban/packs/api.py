"""Front door of packs."""

from .applying import apply, available, installed, plan, read
from .loading import load
from .making import make
from .running import test
from .signing import sign

__all__ = ["apply", "available", "installed", "load", "make", "plan", "read", "sign", "test"]
