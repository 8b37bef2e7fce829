"""Keeping the boxes of features in step with their registers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tongban.base.kernel.api import NotFound
from tongban.engine.registers import api as registers

from .layers import geometry_of
from .models import Extent
from .shapes import box_of

_CHUNK = 500


def refresh(key: str, ids: Iterable[str] | None = None, *, delivery: str = "") -> int:
    """Measure the rows of a register again: these ids, what a delivery touched, or all. Returns how many have a box.

    A register without a geometry has none; a row whose geometry is gone loses its box. Again, it changes nothing.
    """
    try:
        geometry = geometry_of(registers.definition(key))
    except NotFound:
        return 0
    if not geometry:
        return 0
    rows = registers.model(key).objects.all()
    if delivery:
        rows = rows.filter(reason__endswith=f" {delivery}")
    if ids is not None:
        rows = rows.filter(id__in=list(ids))
    count, waiting = 0, list[tuple[str, Any]]()
    for row in rows.values_list("id", geometry).iterator(chunk_size=_CHUNK):
        waiting.append(row)
        if len(waiting) == _CHUNK:
            count += _store(key, waiting)
            waiting = []
    return count + _store(key, waiting)


def _store(key: str, rows: list[tuple[str, Any]]) -> int:
    boxes = {id_: box_of(value) for id_, value in rows}
    found = [Extent(register=key, row=id_, **_numbers(box)) for id_, box in boxes.items() if box is not None]
    Extent.objects.bulk_create(
        found,
        update_conflicts=True,
        unique_fields=["register", "row"],
        update_fields=["west", "south", "east", "north"],
    )
    gone = [id_ for id_, box in boxes.items() if box is None]
    if gone:
        Extent.objects.filter(register=key, row__in=gone).delete()
    return len(found)


def _numbers(box: Any) -> dict[str, float]:
    return {name: getattr(box, name) for name in ("west", "south", "east", "north")}
