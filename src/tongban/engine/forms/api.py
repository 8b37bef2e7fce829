"""Front door of the forms."""

from .checking import answers_known, asked_again, checked, fragment, missing, prefill, warnings
from .conditions import typed
from .definitions import current, definition, publish
from .parsing import parse
from .posted import kept, pressed, read
from .rendering import FormPage, Sheet, differences, page_view, sheet

__all__ = [
    "answers_known",
    "FormPage",
    "Sheet",
    "asked_again",
    "checked",
    "current",
    "definition",
    "differences",
    "fragment",
    "kept",
    "missing",
    "page_view",
    "parse",
    "prefill",
    "pressed",
    "publish",
    "read",
    "sheet",
    "typed",
    "warnings",
]
