"""From a posted page to answers, and the buttons that add and remove rows without JavaScript."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Protocol

from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid

from .data import Answers, Field, FieldType, FormDefinition

ADD, REMOVE = "_add", "_remove"
MAX_CHARS = 200_000


class Posted(Protocol):
    """What Django's QueryDict offers of a posted page."""

    def get(self, key: str, default: Any = None) -> Any: ...
    def getlist(self, key: str) -> list[Any]: ...
    def __contains__(self, key: object) -> bool: ...


def read(form: FormDefinition, page: str, posted: Posted, answers: Answers | None = None) -> Answers:
    """``answers`` with everything typed on ``page`` put in its place, unchecked: nothing typed is lost. A
    pressed "add" or "remove" button has been done to the rows. ``page`` ``""`` is the situation questions.

    Raises Invalid when the whole is larger than any honest form (T33)."""
    fields = form.page(page).fields if page else form.situations
    typed = {field.name: _field(field, field.name, posted) for field in fields}
    return kept({**(answers or {}), **typed})


def pressed(posted: Posted) -> bool:
    """True when the page was sent by an "add" or "remove" button: show it again, do not go on."""
    return ADD in posted or REMOVE in posted


def kept(answers: Answers) -> Answers:
    """Answers fit to be stored as a draft: normal form C, without NUL, within the size limit. Raises
    Invalid."""
    result = _normal(answers)
    if _size(result) > MAX_CHARS:
        raise Invalid({"": _("Together the answers are too long. Please shorten them.")})
    return result  # type: ignore[no-any-return]


def _normal(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value.replace("\0", ""))
    if isinstance(value, list):
        return [_normal(item) for item in value]
    return {key: _normal(item) for key, item in value.items()} if isinstance(value, Mapping) else value


def _size(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_size, value)) + 1
    if isinstance(value, Mapping):
        return sum(len(key) + _size(item) for key, item in value.items())
    return len(value) if isinstance(value, str) else 1


def _field(field: Field, key: str, posted: Posted) -> Any:
    if field.type is FieldType.GROUP:
        return _rows(field, key, posted)
    if field.type is FieldType.PLACE:
        return {"division": posted.get(f"{key}.division", ""), "text": posted.get(f"{key}.text", "")}
    if field.type is FieldType.CODE and field.multiple:
        return posted.getlist(key)
    return posted.get(key, "")


def _rows(field: Field, key: str, posted: Posted) -> list[Answers]:
    try:
        count = min(int(posted.get(f"{key}.rows", 0)), field.max_rows)
    except ValueError:
        count = 0
    rows = [
        {inner.name: _field(inner, f"{key}.{i}.{inner.name}", posted) for inner in field.fields} for i in range(count)
    ]
    if posted.get(ADD) == key and len(rows) < field.max_rows:
        rows.append({})
    group, _dot, index = str(posted.get(REMOVE, "")).rpartition(".")
    if group == key and index.isdigit() and int(index) < len(rows):
        del rows[int(index)]
    return rows
