"""Changing the key-encrypting key while the system works (security T40): a fresh one at the head of the ring, then
every wrapped key again, batch by batch; the old one goes when nothing needs it. May be stopped and repeated."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.db.models.functions import Substr

from tongban.base.kernel.api import Ref, Refused
from tongban.base.ledger.api import write

from . import data, kek
from .models import Act, DataKey, Key

BATCH = 200
# Every column that holds something wrapped, and what it is bound to.
WRAPPED: list[tuple[type[models.Model], str]] = [(Key, "private"), (DataKey, "wrapped"), (Act, "halves")]


def _about(row: Any) -> str:
    if isinstance(row, Key):
        return f"{data.KEY}:{row.id}"
    return f"{data.CLASS}:{row.key_class}" if isinstance(row, DataKey) else f"{data.ACT}:{row.id}"


def _old(model: type[models.Model], column: str, current: str) -> Any:
    """Rows that another key than the current one wraps."""
    name = Substr(column, 2, kek.ID, output_field=models.BinaryField())
    wrapped = model._default_manager.exclude(**{column: b""}).annotate(kek=name)
    return wrapped.exclude(kek=current.encode()).order_by("pk")


def rotate_kek(by: Ref | None = None) -> int:
    """A fresh key-encrypting key, and every key wrapped with it; gives how many."""
    current = kek.add()
    with transaction.atomic():
        write("keys.kek_added", data.SYSTEM, by=by, id=current)
    return rewrap(by)


def rewrap(by: Ref | None = None) -> int:
    """Wrap again whatever an older key-encrypting key holds; gives how many. Other work goes on meanwhile."""
    current, done = kek.ring().current, 0
    for model, column in WRAPPED:
        while n := _batch(model, column, current):
            done += n
    with transaction.atomic():
        write("keys.rewrapped", data.SYSTEM, by=by, id=current, n=done)
    return done


def _batch(model: type[models.Model], column: str, current: str) -> int:
    with transaction.atomic():
        rows = list(_old(model, column, current).select_for_update(of=("self",))[:BATCH])
        for row in rows:
            plain = kek.unwrap(bytes(getattr(row, column)), _about(row))
            setattr(row, column, kek.wrap(plain, _about(row)))
            row.save(update_fields=[column])
    return len(rows)


def forget_old(by: Ref | None = None) -> list[str]:
    """Take older keys out of the ring; gives their ids. `Refused` while anything is still wrapped with one."""
    ring = kek.ring()
    for model, column in WRAPPED:
        if _old(model, column, ring.current).exists():
            raise Refused("Keys are still wrapped with an older key-encrypting key; run: tongban keys rewrap", "rewrap")
    names = sorted(set(ring.keys) - {ring.current})
    kek.forget(set(names))
    with transaction.atomic():
        write("keys.kek_forgotten", data.SYSTEM, by=by, ids=names)
    return names
