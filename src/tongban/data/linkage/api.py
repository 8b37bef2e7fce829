"""Front door of linkage."""

from .actions import absorb, begin, carry_out, define_source
from .desk import judge, look, queue, undo
from .matching import match
from .queries import changes
from .reading import read
from .settings import load

__all__ = [
    "absorb",
    "begin",
    "carry_out",
    "changes",
    "define_source",
    "judge",
    "load",
    "look",
    "match",
    "queue",
    "read",
    "undo",
]
