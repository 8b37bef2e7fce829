"""Which level may be carried into which zone."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from tongban.base.kernel.api import Text
from tongban.engine.registers.data import Level, Zone

ZONES, LEVELS = list(Zone), list(Level)  # both from the lowest to the highest
_HIGHEST = {Zone.PUBLIC: Level.PUBLIC, Zone.OUTER: Level.INTERNAL, Zone.INNER: Level.SENSITIVE}


def upwards(from_zone: str, to_zone: str) -> bool:
    """Whether this is a way of the ferry: from a lower zone to a higher one."""
    return {from_zone, to_zone} <= set(ZONES) and ZONES.index(Zone(from_zone)) < ZONES.index(Zone(to_zone))


def problem(label: str, inside: Iterable[str], zone: str) -> Text:
    """Why a label is wrong for what is inside or for the zone it goes to; "" when it fits."""
    levels = list(inside)
    if {label, *levels} - set(LEVELS):
        return _("This level is not known here.")
    rank = LEVELS.index(Level(label))
    if any(LEVELS.index(Level(level)) > rank for level in levels):
        return _("Something inside has a higher level than this label.")
    if rank > LEVELS.index(_HIGHEST[Zone(zone)]):
        return _("The receiving zone does not keep this level.")
    return ""
