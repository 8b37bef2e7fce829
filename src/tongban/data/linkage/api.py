"""Front door of linkage."""

from .actions import absorb, begin, carry_out, define_source
from .desk import judge, look, queue, undo
from .lists import overview
from .matching import match
from .queries import changes
from .reading import read
from .settings import load
from .taxation import find, totals

__all__ = [
    "absorb",
    "begin",
    "carry_out",
    "changes",
    "define_source",
    "find",
    "judge",
    "load",
    "look",
    "match",
    "overview",
    "queue",
    "read",
    "totals",
    "undo",
]
