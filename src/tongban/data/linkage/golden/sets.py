"""How transactions over a whole delivery are planned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MANY = 5000


def over(cursor: Any, rows: int) -> None:
    """The present transaction works on so many rows: memory to sort them, and for many of them no plan that takes one
    after the other. The planner would choose it, because row security hides from it how many rows there are."""
    cursor.execute("SET LOCAL work_mem = '192MB'; SET LOCAL jit = off")
    if rows >= MANY:
        cursor.execute("SET LOCAL enable_nestloop = off")


@contextmanager
def block_by_block(cursor: Any) -> Iterator[None]:
    """Inside, some thousand rows at a time meet a large table: it is asked by its index, and not read whole for each
    block of them."""
    cursor.execute("SELECT current_setting('enable_nestloop'), set_config('enable_nestloop', 'on', true)")
    before, _now = cursor.fetchone()
    yield
    cursor.execute("SELECT set_config('enable_nestloop', %s, true)", [before])
