"""What the public gets of an open resource: which items, which rows, in which order.

Everything here runs with the public process's database role. An item is given away only if the catalogue's entry and
the register's own definition agree: listed in the entry and not personal there; disclosure `active`, unmasked and
unsealed in the definition. Filters and orders are taken from the same items, so that nothing can be asked about others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Text
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import Disclosure, Field, FieldType, Mask, RegisterDefinition, Row
from tongban.engine.registers.data import Level as RowLevel
from tongban.engine.registers.data import Zone as RowZone

from .. import queries
from ..data import Item, Listed, Resource, Zone
from ..titles import CATEGORIES

LARGEST = 50
_ZONES = (Zone.PUBLIC, Zone.OUTER)
_NEVER = (FieldType.PERSON_ID, FieldType.FILE)


@dataclass(frozen=True)
class Offer:
    """An open resource. `fields` are the register's fields behind its open items; none, and there are no rows here."""

    resource: Resource
    register: RegisterDefinition | None
    fields: tuple[Field, ...]

    @property
    def slug(self) -> str:
        """The code as addresses write it."""
        return slug(self.resource.code)

    @property
    def items(self) -> tuple[Item, ...]:
        """The items that are open."""
        if self.register is None:
            return tuple(item for item in self.resource.items if not item.personal)
        names = {field.name for field in self.fields}
        return tuple(item for item in self.resource.items if item.name in names)

    @property
    def orders(self) -> tuple[str, ...]:
        """What rows may be ordered by."""
        names = {field.name for field in self.fields}
        return tuple(one for one in registers.orders(self.register.key) if one in names) if self.register else ()

    @property
    def filters(self) -> tuple[Field, ...]:
        """What rows may be filtered by."""
        names = {field.name for field in self.fields}
        return tuple(one for one in registers.filters(self.register.key) if one.name in names) if self.register else ()

    @property
    def counted(self) -> tuple[Field, ...]:
        """The items that rows can be counted by: those with a list of codes, and yes or no."""
        return tuple(one for one in self.fields if one.type in (FieldType.CODE, FieldType.BOOL))


@dataclass(frozen=True)
class Rows:
    """One page; `next` opens the one behind it and is "" on the last."""

    rows: tuple[Row, ...]
    next: str = ""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


def slug(code: str) -> str:
    """`301001/000001` as one part of an address."""
    return code.replace("/", "-", 1)


def offers(words: str = "", category: str = "", after: str = "", size: int = 20) -> Listed:
    """Open resources, newest first; an unknown category finds nothing."""
    filters = {"category": category} if category else {}
    found = queries.open_resources(words, after, size, **filters)
    return Listed(tuple(one for one in found if one.zone in _ZONES), found.after)


def categories() -> list[tuple[str, Text]]:
    """类, for the filter of the list."""
    return [(one.value, title) for one, title in CATEGORIES.items()]


def offer(which: str) -> Offer:
    """The open resource of this address. `NotFound` for every other, so that nobody learns what else there is (T13)."""
    found = queries.open_resource(which.replace("-", "/", 1))
    if found.zone not in _ZONES:
        raise NotFound
    return offered(found)


def offered(resource: Resource) -> Offer:
    """The resource with the part of its register that is open."""
    register = _register(resource.register)
    if register is None:
        return Offer(resource, None, ())
    named = {item.name for item in resource.items if not item.personal}
    fields = tuple(one for one in register.live if one.name in named and _open(one))
    # A page's key tells the values a list is ordered by: they have to be open as well.
    order = {one.lstrip("-") for one in register.order or register.natural_key}
    shown = bool(fields) and order <= {field.name for field in fields}
    return Offer(resource, register, fields) if shown else Offer(resource, None, ())


def _register(key: str) -> RegisterDefinition | None:
    """The register, if it is one that the public process can read and that is about nobody."""
    if not key:
        return None
    try:
        register = registers.definition(key)
    except NotFound:
        return None
    fit = register.portal and not register.personal and register.level is RowLevel.PUBLIC
    return register if fit and register.zone is not RowZone.INNER else None


def _open(field: Field) -> bool:
    plain = field.mask is Mask.NONE and not field.sealed and field.type not in _NEVER
    return plain and field.disclosure is Disclosure.ACTIVE


def page(found: Offer, asked: Mapping[str, str], after: str = "", size: int = LARGEST, order: str = "") -> Rows:
    """Rows by keyset. `Invalid` names every filter or order that is not one (T32)."""
    if found.register is None:
        return Rows(())
    _require_known(found, asked, order)
    got = registers.page(found.register.key, asked, after or None, max(1, min(size, LARGEST)), order=order)
    return Rows(tuple(one for one in got if _shown(one)), got.after or "")


def _require_known(found: Offer, asked: Mapping[str, str], order: str) -> None:
    known = {one.name for one in found.filters}
    wrong = {name: _("This cannot be filtered by.") for name in asked if name.partition("__")[0] not in known}
    if order and order.removeprefix("-") not in found.orders:
        wrong["order"] = _("This cannot be ordered by.")
    if wrong:
        raise Invalid(dict(wrong))


def _shown(row: Row) -> bool:
    return row.level == RowLevel.PUBLIC.value and row.zone != RowZone.INNER.value


def every(found: Offer, asked: Mapping[str, str]) -> Iterator[Row]:
    """All rows that a filter lets through, a page in memory at a time."""
    after = ""
    while True:
        got = page(found, asked, after)
        yield from got
        after = got.next
        if not after:
            return


def values(found: Offer, row: Row) -> dict[str, Any]:
    """The open items of a row, as JSON keeps them."""
    return {field.name: row.values[field.name] for field in found.fields}


def texts(found: Offer, row: Row) -> list[str]:
    """The open items of a row, in words."""
    return [registers.shown(field, row.values[field.name]) for field in found.fields]
