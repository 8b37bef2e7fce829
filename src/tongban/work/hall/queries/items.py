"""What cases need of their item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tongban.base.kernel.api import NotFound, Ref
from tongban.trust.identity.data import OFFICE

from ..items.data import LIMIT_UNITS
from ..items.queries import access_item, body_of, item_title

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


def limits(key: str, version: int) -> tuple[Limit, Limit | None]:
    """The promised limit, and the legal one where the law sets one, as this version of the item says.

    Without a promise the legal limit is promised.
    """
    body = body_of(access_item(key), version)
    legal, promised = (_limit(body, name) for name in ("anticipate", "promise"))
    return promised or legal or Limit(DEFAULT_LIMIT, "workday"), legal


def _limit(body: Mapping[str, Any], name: str) -> Limit | None:
    days = body.get(f"{name}_day")
    unit = LIMIT_UNITS.get(str(body.get(f"{name}_type")), "workday")
    return Limit(int(days), unit) if days is not None and days >= 0 else None


def item_office(key: str) -> Ref:
    """The office that answers for the item; `NotFound` when the list it came from names none we know."""
    row = access_item(key)
    if not row.office:
        raise NotFound(_("No office here is responsible for this item."))
    return Ref(OFFICE, row.office)
