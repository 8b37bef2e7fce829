"""Sealed fields of a register: bound to the register, the column and the natural key, which never changes and is known
before the row has an id (security R5); beside each the look-up hash that equality, uniqueness and row security ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tongban.trust.identity.api import index_of
from tongban.trust.keys.api import seal_field

from .data import Field, FieldType, RegisterDefinition


def row_name(register: RegisterDefinition, columns: Mapping[str, Any]) -> str:
    """What a row is called where its sealed fields are bound to it: the columns of its natural key."""
    parts = [columns[column] for column in register.keys]
    return "|".join([bytes(part).hex() if isinstance(part, bytes | memoryview) else str(part) for part in parts])


def text_of(field: Field, value: Any) -> str:
    """A value as it is sealed and hashed."""
    if field.type is FieldType.JSON:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return str(value)


def lookup(field: Field, value: Any) -> bytes | None:
    """The look-up hash of a value."""
    return None if value is None else index_of(field.sealed, text_of(field, value))


def stored(register: RegisterDefinition, columns: Mapping[str, Any], row: str = "") -> dict[str, Any]:
    """Columns as the database gets them: sealed fields as ciphertext and hash. `row`: what the row is called, where
    the natural key is not among the columns."""
    made = dict(columns)
    sealed = [field for field in register.sealed if field.name in columns]
    made |= {field.lookup: lookup(field, columns[field.name]) for field in sealed}
    for field in sealed:
        if (value := columns[field.name]) is not None:
            place = (f"registers.{register.key}", field.name, row or row_name(register, made))
            made[field.name] = seal_field(*place, text_of(field, value), field.sealed)
    return made
