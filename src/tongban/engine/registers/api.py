"""Front door of registers."""

from .actions import change, retire, unmask, write
from .bulk import bulk
from .definitions import apply, choices, codes, definition, definitions, load_codes, plan
from .definitions import check as check_definitions
from .definitions import forget as forget_definitions
from .export import export, safe
from .parsing import parse
from .quality import plainly_right
from .queries import filters, find, find_by_id, find_many, get, history, orders, own_rows, page, similar, trace
from .rowmodel import model
from .values import masked, shown

__all__ = [
    "apply",
    "bulk",
    "change",
    "check_definitions",
    "choices",
    "codes",
    "definition",
    "definitions",
    "export",
    "filters",
    "find",
    "find_by_id",
    "find_many",
    "forget_definitions",
    "get",
    "history",
    "load_codes",
    "masked",
    "model",
    "orders",
    "own_rows",
    "page",
    "parse",
    "plainly_right",
    "plan",
    "retire",
    "safe",
    "shown",
    "similar",
    "trace",
    "unmask",
    "write",
]
