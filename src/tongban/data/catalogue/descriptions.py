"""Descriptions: as JSON and back, and what is wrong with one before it may be published."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongban.base.kernel.api import Invalid, Text

from .data import (
    Category,
    Cycle,
    DataType,
    Description,
    Difference,
    Finding,
    Format,
    Item,
    Level,
    Mode,
    Openness,
    Sharing,
    Zone,
)

_KINDS: dict[str, type[Any]] = {
    "category": Category,
    "format": Format,
    "cycle": Cycle,
    "sharing": Sharing,
    "openness": Openness,
    "level": Level,
    "zone": Zone,
}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_LEVELS = {Level.PUBLIC: 0, Level.INTERNAL: 1, Level.SENSITIVE: 2}
MAX_ITEMS = 500
_LENGTHS = {"title": 200, "summary": 4000, "system": 100, "owner": 100, "operator": 100, "condition": 1000, "law": 1000,
            "open_condition": 1000}  # fmt: skip


def to_json(description: Description) -> dict[str, Any]:
    """As the tables keep it; equal descriptions give equal JSON."""
    kept = {f.name: getattr(description, f.name) for f in fields(Description)}
    items = [{f.name: _plain(getattr(item, f.name)) for f in fields(Item)} for item in description.items]
    return {**{name: _plain(value) for name, value in kept.items()}, "items": items}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, str) else value


def from_json(content: Mapping[str, Any]) -> Description:
    """The description again; what an older program did not write gets its default."""
    return Description(**values(content))


def values(content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a description, each of its own type."""
    made: dict[str, Any] = {f.name: content[f.name] for f in fields(Description) if f.name in content}
    made |= {name: kind(made[name]) for name, kind in _KINDS.items() if name in made}
    made["items"] = tuple(Item(**{**one, "type": DataType(one["type"])}) for one in content.get("items", ()))
    made["modes"] = tuple(Mode(one) for one in content.get("modes", ()))
    return made | {name: tuple(content.get(name, ())) for name in ("related", "keywords")}


def normal(description: Description) -> Description:
    """Without space around texts; what does not belong to the sharing class is dropped."""
    made = {
        f.name: " ".join(value.split()) if f.name != "summary" else value.strip()
        for f in fields(Description)
        if type(value := getattr(description, f.name)) is str
    }
    if description.sharing is not Sharing.CONDITIONAL:
        made["condition"] = ""
    if description.sharing is not Sharing.REFUSED:
        made["law"] = ""
    if description.openness is not Openness.CONDITIONAL:
        made["open_condition"] = ""
    return replace(description, **made)  # type: ignore[arg-type]


def require_usable(description: Description) -> None:
    """`Invalid` for what even a draft must have: title, provider, classification, items with names of their own."""
    errors: dict[str, Text] = {}
    for name in ("title", "provider"):
        if not getattr(description, name):
            errors[name] = _("Please fill this in.")
    for name, length in _LENGTHS.items():
        if len(getattr(description, name)) > length:
            errors[name] = _("At most {n} characters.").format(n=length)
    if not re.fullmatch(r"\d{2}", description.project):
        errors["project"] = _("Two digits.")
    if not re.fullmatch(r"\d{3}", description.subject):
        errors["subject"] = _("Three digits.")
    if not re.fullmatch(r"\d{0,10}", description.detail):
        errors["detail"] = _("At most ten digits.")
    if wrong := _wrong_items(description):
        errors["items"] = wrong
    if errors:
        raise Invalid(errors)


def _wrong_items(description: Description) -> str:
    names = [item.name for item in description.items]
    if len(names) > MAX_ITEMS:
        return _("At most {n} items.").format(n=MAX_ITEMS)
    for item in description.items:
        if not _NAME.fullmatch(item.name):
            return _("“{name}” is no column name: small letters, digits and underscores.").format(name=item.name[:60])
        if not item.title or len(item.title) > 100 or item.length < 0:
            return _("Item “{name}” needs a name of at most 100 characters.").format(name=item.name)
        if len(item.codes) > 100 or len(item.source) > 40 or len(item.element) > 120:
            return _("Item “{name}” has an entry that is too long.").format(name=item.name)
    if doubled := {name for name in names if names.count(name) > 1}:
        return _("“{name}” is there twice.").format(name=sorted(doubled)[0])
    return ""


_NEEDED: dict[str, Text] = {
    "summary": gettext_lazy("Say what the resource holds."),
    "items": gettext_lazy("A resource has at least one item."),
    "modes": gettext_lazy("Say how the resource is shared."),
    "system": gettext_lazy("Name the system the data come from."),
    "owner": gettext_lazy("Name who is responsible for the system; without an owner nothing is published."),
    "operator": gettext_lazy("Name who runs the system; without an operator nothing is published."),
}


def findings(description: Description) -> list[Finding]:
    """What stands in the way of publication, and what reviewers should look at, from the description alone."""
    return list(_found(description))


def _found(one: Description) -> Iterator[Finding]:
    for name, message in _NEEDED.items():
        if not getattr(one, name) and not (name == "modes" and one.sharing is Sharing.REFUSED):
            yield Finding(name, str(message))
    if one.sharing is Sharing.CONDITIONAL and not one.condition:
        yield Finding("condition", _("Conditional sharing needs its reason: who, what for, which items."))
    if one.sharing is Sharing.REFUSED and not _cites(one.law):
        yield Finding("law", _("Only a law can forbid sharing: cite law and article."))
    if one.openness is Openness.CONDITIONAL and not one.open_condition:
        yield Finding("open_condition", _("Say under which condition the public gets it."))
    if one.openness is Openness.OPEN and _LEVELS[one.level] > 0:
        yield Finding(
            "openness", _("What is open to everybody is not internal: lower the level or close the resource.")
        )
    personal = [item.title for item in one.items if item.personal]
    if personal and one.openness is Openness.OPEN:
        yield Finding(
            "openness", _("It holds personal items and cannot be open: {items}.").format(items="、".join(personal))
        )
    if personal and one.sharing is Sharing.UNCONDITIONAL:
        what = _("It holds personal items; is sharing without any condition meant? {items}").format(
            items="、".join(personal)
        )
        yield Finding("sharing", what, "warning")
    if one.cycle is Cycle.IRREGULAR:
        yield Finding("cycle", _("Without an update cycle nobody can see that the data are old."), "warning")
    for item in one.items:
        if item.type is DataType.TEXT and not item.length and not item.codes:
            yield Finding("items", _("Item “{name}”: no length.").format(name=item.title), "warning")


def _cites(law: str) -> bool:
    return bool(re.search(r"第.{1,12}条|《.+》|(?i:article)\s*\d|§", law))


def differences(old: Description, new: Description) -> list[Difference]:
    """What changed from one edition to the next; items are matched by their names."""
    before, after = to_json(old), to_json(new)
    found = [
        Difference(name, before[name], after[name])
        for name in before
        if name != "items" and before[name] != after[name]
    ]
    was, now_ = ({one["name"]: one for one in content["items"]} for content in (before, after))
    for name in dict.fromkeys([*was, *now_]):
        if was.get(name) != now_.get(name):
            found += _item_differences(name, was.get(name), now_.get(name))
    return found


def _item_differences(name: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[Difference]:
    if old is None or new is None:
        return [Difference("item", old and old["title"], new and new["title"], name)]
    return [Difference(key, old[key], new[key], name) for key in old if old[key] != new[key]]


def words(description: Description, provider: str) -> str:
    """What the search box finds an entry by."""
    titles = " ".join(item.title for item in description.items)
    return " ".join([description.title, *description.keywords, provider, titles, description.summary])[:8000]
