"""How a register's lists and records are shown: one look for all, made from the definition (rule 3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from .data import Field, FieldType, Page, RegisterDefinition, Row, Version
from .definitions import choices
from .queries import filters, orders
from .values import masked, shown

_KINDS = {
    FieldType.DATE: "date",
    FieldType.DATETIME: "time",
    FieldType.INT: "number",
    FieldType.DECIMAL: "number",
    FieldType.MONEY: "number",
    FieldType.PERSON_ID: "code",
    FieldType.CREDIT_CODE: "code",
}
_WIDTH = 7
"""Columns of a list whose definition names none."""


def listed(register: RegisterDefinition) -> list[Field]:
    """The fields a list shows."""
    names = register.columns or tuple(field.name for field in register.live)[:_WIDTH]
    return [register.field(name) for name in names]


def columns(register: RegisterDefinition, sort: str = "") -> list[dict[str, str]]:
    """The columns of a list, for the table component; those with an index behind them sort, either way."""
    sortable = orders(register.key)
    return [
        {
            "key": field.name,
            "title": str(field.title),
            "kind": _KINDS.get(field.type, "text"),
            "sort": ("-" if sort == field.name else "") + field.name if field.name in sortable else "",
        }
        for field in listed(register)
    ]


def lines(register: RegisterDefinition, page: Page) -> list[dict[str, Any]]:
    """The rows of a list, personal items masked."""
    return [
        {
            "id": row.id,
            "url": reverse("registers:row", args=[register.key, row.id]),
            **{field.name: cell(field, row.values[field.name]) for field in listed(register)},
        }
        for row in page
    ]


def cell(field: Field, value: Any, bare: bool = False) -> Any:
    """A value for a page: masked unless `bare`; dates stay dates, for the page writes them out."""
    value = value if bare else masked(field, value)
    if isinstance(value, Decimal) and field.type is FieldType.MONEY:
        return f"{value:,.2f}"
    return value if isinstance(value, date | datetime) else shown(field, value)


def heading(register: RegisterDefinition, row: Row, bare: bool = False) -> Any:
    """What a record is called on its page."""
    field = register.field(register.label or register.natural_key[0])
    return cell(field, row.values[field.name], bare)


def bar(register: RegisterDefinition, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """The filters of a list with what is asked now."""
    made: list[dict[str, Any]] = [
        {"name": "q", "label": _("Search"), "kind": "text", "value": asked.get("q", "")},
    ]
    for field in filters(register.key):
        if field.type is FieldType.CODE:
            options = [(code, str(title)) for code, title in choices(register.key, field.name).items()]
            if len(options) <= 60:
                made.append(_filter(field, field.name, str(field.title), "select", asked) | {"options": options})
                continue
        if field.type in (FieldType.DATE, FieldType.DATETIME):
            first, last = _("%(title)s from"), _("%(title)s until")
            for bound, text in (("from", first), ("to", last)):
                label = text % {"title": field.title}
                made.append(_filter(field, f"{field.name}__{bound}", label, "date", asked))
        elif field.name not in register.natural_key:
            made.append(_filter(field, field.name, str(field.title), "text", asked))
    return made


def _filter(field: Field, name: str, label: str, kind: str, asked: Mapping[str, str]) -> dict[str, Any]:
    return {"name": name, "label": label, "kind": kind, "value": asked.get(name, "")}


def asked_filters(register: RegisterDefinition, asked: Mapping[str, str]) -> dict[str, str]:
    """The filters named in an address. Unknown names are kept, so that the verb refuses them (T32)."""
    known = {"q", "after", "sort", "order", "format", "csrfmiddlewaretoken"}
    return {name: value for name, value in asked.items() if name not in known}


def pairs(register: RegisterDefinition, row: Row, bare: bool = False) -> list[dict[str, Any]]:
    """One record as names and values."""
    return [
        {
            "label": str(field.title),
            "value": (value := cell(field, row.values[field.name], bare)),
            "kind": "text" if isinstance(value, str) else _KINDS.get(field.type, "text"),
        }
        for field in register.live
    ]


def versions(register: RegisterDefinition, found: list[Version]) -> list[dict[str, Any]]:
    """The history of a record: who, when, why, and what became what, masked."""
    return [
        {
            "version": item.version,
            "at": item.at,
            "by": item.written_by,
            "source": item.source,
            "reason": item.reason,
            "changes": [
                {
                    "title": str(register.field(name).title),
                    "old": cell(register.field(name), old),
                    "new": cell(register.field(name), new),
                }
                for name, (old, new) in item.changes.items()
                if old or new
            ],
        }
        for item in found
    ]
