"""The REST shape of every register; the site mounts `router` under `/api/registers`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from tongban.trust.identity.api import actor_of

from .actions import write
from .data import Page, RegisterDefinition, Row
from .definitions import definition
from .lists import asked_filters
from .queries import access_register, get, page, trace
from .values import masked

router = Router(tags=["registers"])


class RowOut(Schema):
    """One record; personal items masked."""

    id: str
    version: int
    level: str
    zone: str
    source: str
    valid_from: Any
    valid_to: Any
    updated_at: Any
    values: dict[str, Any]


class PageOut(Schema):
    """One page; `after` opens the next one, null on the last. There is no total."""

    rows: list[RowOut]
    after: str | None


class RowIn(Schema):
    """What to write.

    `version`: the version this change was made from; refused with 409 when it is no longer that.
    """

    values: dict[str, Any]
    reason: str
    source: str = ""
    version: int | None = None


@router.get("/{key}", response=PageOut)
def list_rows(request: HttpRequest, key: str) -> dict[str, Any]:
    """One page of a register, by keyset. Filters as in the list's address; `order`, `after`, `size`, `q`."""
    actor = actor_of(request)
    register = access_register(actor, key)
    asked = request.GET.dict()
    size = asked.pop("size", "50")
    found: Page = page(
        key,
        asked_filters(register, asked),
        asked.get("after"),
        int(size) if size.isascii() and size.isdigit() and len(size) < 4 else 50,
        search=asked.get("q", ""),
        order=asked.get("order", ""),
    )
    trace(actor, key, found)
    return {"rows": [_out(register, row) for row in found], "after": found.after}


@router.get("/{key}/{id}", response=RowOut)
def one_row(request: HttpRequest, key: str, id: str) -> dict[str, Any]:
    """One record."""
    return _out(definition(key), get(actor_of(request), key, id))


@router.post("/{key}", response=RowOut)
def write_row(request: HttpRequest, key: str, body: RowIn) -> dict[str, Any]:
    """Insert a record, or update the one with the same natural key. The same body twice writes once."""
    actor = actor_of(request)
    access_register(actor, key, "register.write")
    row = write(key, body.values, by=actor.by, reason=body.reason, source=body.source or "api", version=body.version)
    return _out(definition(key), row)


def _out(register: RegisterDefinition, row: Row) -> dict[str, Any]:
    values = {field.name: masked(field, row.values[field.name]) for field in register.live}
    system = ("id", "version", "level", "zone", "source", "valid_from", "valid_to", "updated_at")
    return {**{name: getattr(row, name) for name in system}, "values": values}
