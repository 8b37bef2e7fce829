"""FEEL over answers: what names an expression sees, of which types, and what its answer means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from tongban.base.kernel.api import SHANGHAI
from tongban.base.rules.api import Expression, compile_expression

from .data import Answers, Field, FieldType, FormDefinition


@lru_cache(maxsize=4096)
def compiled(text: str, names: tuple[str, ...]) -> Expression:
    """The expression over these names, compiled once per process. Raises what the rules raise."""
    return compile_expression(text, names)


def holds(text: str | None, context: Mapping[str, Any]) -> bool:
    """A condition holds only when it is plainly true; no condition always holds."""
    return text is None or compiled(text, tuple(context)).evaluate(context) is True


def broken(text: str, context: Mapping[str, Any]) -> bool:
    """A check is broken only when it is plainly false, not when it cannot be told (null)."""
    return compiled(text, tuple(context)).evaluate(context) is False


def feel_value(field: Field, value: Any) -> Any:
    """A clean answer as the type FEEL computes with."""
    if value is None:
        return None
    match field.type:
        case FieldType.INT | FieldType.DECIMAL | FieldType.MONEY:
            return Decimal(value)
        case FieldType.DATE:
            return date.fromisoformat(value)
        case FieldType.DATETIME:
            return datetime.fromisoformat(value).replace(tzinfo=SHANGHAI)
        case FieldType.GROUP:
            return [feel_context(field.fields, row) for row in value]
    return value


def feel_context(fields: tuple[Field, ...], answers: Answers) -> dict[str, Any]:
    """All names of ``fields``, null where there is no answer."""
    return {field.name: feel_value(field, answers.get(field.name)) for field in fields}


def typed(form: FormDefinition, answers: Answers) -> dict[str, Any]:
    """Clean answers as FEEL computes with them: dates as dates, numbers and money as decimals; null where there is
    none, so that every name of the form is known."""
    return feel_context(tuple(form), answers)
