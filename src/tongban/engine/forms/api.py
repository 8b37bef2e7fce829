"""Front door of the forms."""

from .checking import checked, fragment, missing, prefill, warnings
from .definitions import current, definition, publish
from .parsing import parse
from .posted import kept, pressed, read
from .rendering import FormPage, Sheet, differences, page_view, sheet

__all__ = [
    "FormPage",
    "Sheet",
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
    "warnings",
]
