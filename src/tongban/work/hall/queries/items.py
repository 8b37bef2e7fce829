"""What cases need of their item."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tongban.base.kernel.api import NotFound, Ref
from tongban.trust.identity.data import OFFICE

from ..items.data import LIMIT_UNITS
from ..items.queries import access_item, item_title

DEFAULT_LIMIT = 20  # working days, where an item names none (行政许可法 42)
__all__ = ["Limit", "item_office", "item_title", "limits"]


@dataclass(frozen=True)
class Limit:
    """A number of working days, days, months or years."""

    n: int
    unit: str

    def __str__(self) -> str:
        if self.unit == "workday":
            return ngettext("%d working day", "%d working days", self.n) % self.n
        if self.unit == "day":
            return ngettext("%d day", "%d days", self.n) % self.n
        return f"{self.n} {_(self.unit)}"


def limits(key: str) -> tuple[Limit, Limit | None]:
    """The promised limit, and the legal one where the law sets one. Without a promise the legal limit is promised."""
    row = access_item(key)
    legal = None
    if row.anticipate_day is not None and row.anticipate_day >= 0:
        legal = Limit(row.anticipate_day, LIMIT_UNITS.get(row.anticipate_type, "workday"))
    if row.promise_day is not None and row.promise_day >= 0:
        return Limit(row.promise_day, LIMIT_UNITS.get(row.promise_type, "workday")), legal
    return legal or Limit(DEFAULT_LIMIT, "workday"), legal


def item_office(key: str) -> Ref:
    """The office that answers for the item; `NotFound` when the list it came from names none we know."""
    row = access_item(key)
    if not row.office:
        raise NotFound(_("No office here is responsible for this item."))
    return Ref(OFFICE, row.office)
