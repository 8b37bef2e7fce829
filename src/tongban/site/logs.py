"""Lines of the log. An error is told by its class and the places it passed, never by its text: databases and libraries
quote the values that they did not like, and those are people's (T41)."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Line(logging.Formatter):
    """As the standard library's, with the words of errors left out."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; what another handler may have made of the error is not taken over."""
        record.exc_text = None
        return super().format(record)

    def formatException(self, ei: Raised) -> str:  # noqa: N802 - the standard library's name
        """Class and places of an error, those of what caused it first."""
        lines: list[str] = []
        error = ei[1]
        while error is not None:
            kind = f"{type(error).__module__}.{type(error).__qualname__}"
            frames = "".join(traceback.format_tb(error.__traceback__))
            lines.insert(0, f"{frames}{kind}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(lines)
