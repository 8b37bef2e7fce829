"""Front door of linkage."""

from .actions import absorb, begin, carry_out, define_source
from .desk import judge, look, queue, undo
from .lists import overview
from .lists import overview
from .matching import match
from .queries import changes
from .reading import read
from .settings import load
from .taxation import find, totals
from .taxation import find as find_suspects
from .taxation import totals as suspect_totals

__all__ = [
    "absorb",
    "begin",
    "carry_out",
    "changes",
    "define_source",
    "find",
    "find_suspects",
    "judge",
    "load",
    "look",
    "match",
    "overview",
    "overview",
    "queue",
    "read",
    "totals",
    "suspect_totals",
    "undo",
]
