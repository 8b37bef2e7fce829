"""Standard data elements 数据元: what a datum is called, means and looks like, the same in every resource (DATA-09).

The authority keeps the list; whoever compiles a resource picks from it, and what departs from it is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from django.db.models import Q
from django.utils.translation import gettext as _

from . import models, titles
from .data import DataType, Element, Finding, Item

_NAMES = tuple(f.name for f in fields(Element))


def elements(words: str = "", after: str = "", size: int = 50) -> list[Element]:
    """A page of the list by key; `after` is the last key of the page before."""
    rows = models.Element.objects.filter(key__gt=after[:120]).order_by("key")
    for word in words.replace("\0", "").split()[:5]:
        rows = rows.filter(words__icontains=word[:60])
    return [_as_data(row) for row in rows[:size]]


def named(names: Iterable[str]) -> list[Element]:
    """The elements of these keys, internal identifiers or titles, in the order of the names."""
    wanted = list(dict.fromkeys(names))
    rows = list(models.Element.objects.filter(Q(key__in=wanted) | Q(number__in=wanted) | Q(title__in=wanted)))
    ordered = [row for name in wanted for row in rows if name in (row.key, row.number, row.title)]
    return [_as_data(row) for row in dict.fromkeys(ordered)]


def of_keys(keys: Iterable[str]) -> dict[str, Element]:
    """The elements of these keys."""
    return {row.key: _as_data(row) for row in models.Element.objects.filter(key__in=list(keys))}


def item_of(element: Element) -> Item:
    """An item that keeps to the element; its column is the last part of the key."""
    name = element.key.rpartition(".")[2]
    return Item(name, element.title, element.type, element.length, element.codes, element=element.key)


def _as_data(row: models.Element) -> Element:
    return Element(**{name: getattr(row, name) for name in _NAMES} | {"type": DataType(row.type)})


# --- what departs from them -----------------------------------------------------------------------------


def known_to(items: Iterable[Item]) -> dict[str, Element]:
    """Elements by key, and by title for items that name none."""
    given = list(items)
    keys, names = {item.element for item in given} - {""}, {item.title for item in given if not item.element}
    rows = [_as_data(row) for row in models.Element.objects.filter(Q(key__in=keys) | Q(title__in=names))]
    return {one.title: one for one in rows} | {one.key: one for one in rows}


def departures(item: Item, known: dict[str, Element]) -> Iterator[Finding]:
    """Where an item that carries an element's name differs from it, and where it should name it."""
    one = known.get(item.element or item.title)
    if one is None:
        return
    if not item.element:
        text = _("“{item}” is the standard data element {key}: name it, so that everybody describes it alike.")
        yield Finding("items", text.format(item=item.title, key=one.key), "warning")
    differing = [
        _("{what}: {here} instead of {there}").format(what=titles.ITEM_FIELDS[name], here=here or "–", there=there)
        for name, here, there in (
            ("type", titles.TYPES[item.type], titles.TYPES[one.type]),
            ("length", item.length, one.length),
            ("codes", item.codes, one.codes),
        )
        if there and here != there
    ]
    if differing:
        text = _("“{item}” departs from the standard data element {key} ({standard}): {differences}.")
        facts = {"item": item.title, "key": one.key, "standard": one.standard, "differences": "；".join(differing)}
        yield Finding("items", text.format(**facts), "warning")
