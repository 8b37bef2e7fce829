"""What the clocks are called that rooms run beside the time-limit table."""

from __future__ import annotations

from tongban.base.kernel.api import Registry, Text

from .queries import limits

clocks: Registry[Text] = Registry("clock")
"""By code: `clocks.register("CASE.PROMISED", _("Promised limit"))`. Filled at start."""


def clock_titles() -> dict[str, Text]:
    """Titles by code: of the time-limit table, and of the rooms' own clocks."""
    return {**dict(clocks.items()), **{one.code: one.title for one in limits()}}
