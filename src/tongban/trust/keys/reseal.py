"""New keys for sealed fields while the system works (security R5, T40): after `rotate_class` new values get the new
key at once, and this seals the others again, batch by batch. May be stopped and repeated: each cell says its key."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.models.functions import Substr

from tongban.base.files import api as files
from tongban.base.kernel.api import system
from tongban.base.ledger.api import write
from tongban.trust.identity.api import SealedText, sealed_models

from . import data, kek
from .fields import current_number, forget_cached

BATCH = 200


def reseal() -> dict[str, int]:
    """Seal again whatever lies under an older data key of its class; gives how many cells, and how many could not be
    opened: they were changed by somebody else, and stay as they are; and of how many stored files the key was wrapped
    again."""
    forget_cached()
    found = {"resealed": 0, "broken": 0}
    for model, field in sealed_columns():
        after: Any = None
        while rows := _older(model, field, after):
            _again(model, field, rows, found)
            after = rows[-1].pk
    found["contents"] = files.rewrap()
    if any(found.values()):
        with system():
            write("keys.fields_resealed", data.SYSTEM, by=None, **found)
    return found


def sealed_columns() -> Iterator[tuple[type[models.Model], SealedText]]:
    """Every sealed column of every room, registers and their histories among them."""
    others = (listed() for _key, listed in sealed_models.items())
    for model in chain(apps.get_models(), *others):
        for field in model._meta.concrete_fields:
            if isinstance(field, SealedText):
                yield model, field


def _older(model: type[models.Model], field: SealedText, after: Any) -> list[models.Model]:
    """The next rows whose cell another key than the current one sealed."""
    number = Substr(field.attname, 2, 4, output_field=models.BinaryField())
    with system():
        rows = model._base_manager.alias(_key=number).exclude(_key=current_number(field.key_class).to_bytes(4))
        rows = rows.filter(**{f"{field.attname}__isnull": False}).exclude(_key=b"").order_by("pk")
        # Several versions of a row have its id: what a batch leaves behind, the next run finds.
        return list((rows if after is None else rows.filter(pk__gt=after))[:BATCH])


def _again(model: type[models.Model], field: SealedText, rows: list[models.Model], found: dict[str, int]) -> None:
    changes = []
    for row in rows:
        sealed = bytes(row.__dict__[field.attname])
        try:
            changes.append((field.resealed(row, sealed), row.pk, sealed))
        except kek.Broken:
            found["broken"] += 1
    names = (model._meta.db_table, str(field.column), str(model._meta.pk.column))
    table, column, key = map(connection.ops.quote_name, names)
    with system(), connection.cursor() as cursor:
        # Whoever wrote the cell meanwhile used the current key already; theirs stays.
        cursor.executemany(f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s", changes)  # noqa: S608
        found["resealed"] += cursor.rowcount
