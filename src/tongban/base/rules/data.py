"""Errors and result records of the rules room. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


class FeelError(ValueError):
    """Text that is not FEEL (OMG DMN 1.3-1.5, chapter 10). `line` and `column` count from 1."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"{message} (line {line}, column {column})" if line else message)
        self.message = message
        self.line = line
        self.column = column


class BudgetExceeded(RuntimeError):
    """An evaluation wanted more steps, time, depth or memory than it was given."""


class ForeignValue(TypeError):
    """A context held something that is no FEEL value (a Python object, a callable ...)."""


class ModelError(ValueError):
    """A DMN file that cannot be loaded; `element` names the element, `line` its source line if known."""

    def __init__(self, message: str, element: str = "", line: int = 0) -> None:
        place = f" [{element}]" if element else ""
        super().__init__(f"{message}{place}" + (f" (line {line})" if line else ""))
        self.message = message
        self.element = element
        self.line = line


class TableError(ValueError):
    """A CSV decision table that cannot be used. `row` counts from 1 (the header), `column` is its header."""

    def __init__(self, message: str, row: int = 0, column: str = "") -> None:
        super().__init__(f"row {row}, column {column!r}: {message}" if row else message)
        self.message = message
        self.row = row
        self.column = column


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The verdict on one case of a DMN technology compatibility kit."""

    model: str
    case: str
    result: Literal["passed", "failed", "refused"]
    detail: str = ""
