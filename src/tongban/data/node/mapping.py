"""Mapping files: columns of a source to items of a resource. Read once, checked whole, findings with file and line."""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from dataclasses import replace
from typing import Any

from tongban.base.kernel.api import Lines, Path
from tongban.base.rules.api import compile_expression
from tongban.base.rules.data import FeelError

from .conversions import CONVERSIONS, date_form
from .data import LOSSES, Change, ChangeBy, Item, ItemType, Mapping, Place, Sink

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RESOURCE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,59}(/[0-9A-Za-z_.-]{1,30})?")
_EVERY = re.compile(r"(\d{1,4})(s|m|h|d)")
_SHARE = re.compile(r"(100|[1-9]?\d)%")
_SIZE = re.compile(r"[1-9]\d{0,3}M")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
CONTROL = ("cd_batch", "cd_operation", "cd_time", "cd_status")

# What a place of each kind says: option -> must it be there.
SOURCES: Map[str, Map[str, bool]] = {
    "sql": {"url": True, "table": True, "password_file": False},
    "csv": {"path": True, "encoding": False, "separator": False},
    "xlsx": {"path": True, "sheet": False},
    "parquet": {"path": True},
    "xml": {"path": True, "record": True},
    "http": {"url": True, "rows": False, "page": False, "size": False, "token_file": False},
    "files": {"path": True, "largest": False},
}
SINKS: Map[str, Map[str, bool]] = {
    "sql": {"url": True, "table": True, "password_file": False},
    "csv": {"folder": True},
    "parquet": {"folder": True},
    "http": {"url": True, "token_file": False},
}
_TOP = {"name", "resource", "schema", "title", "source", "change", "every", "losses", "key", "items"}
_ITEM = {"column", "constant", "feel", "type", "codes", "form", "convert", "required", "length"}


def load_mapping(text: str, file: str) -> Mapping:
    """The mapping a file says; `DefinitionError` with every finding as `file:line: what is wrong`."""
    lines = Lines(text, file)
    top = _mapping(lines, (), lines.data, _TOP, {"name", "resource", "source", "key", "items"})
    items = _items(lines, top.get("items"))
    names = {item.name for item in items}
    key = tuple(top["key"] if isinstance(top.get("key"), list) else [top["key"]] if top.get("key") else [])
    for name in key:
        if name not in names:
            lines.wrong(("key",), f"the key names {name!r}, which is not an item")
    place = _place(lines, "source", top.get("source"), SOURCES)
    change = _change(lines, top.get("change"), place)
    found = Mapping(
        name=_word(lines, ("name",), top.get("name"), _NAME, "a short name: small letters, digits, _"),
        resource=_word(lines, ("resource",), top.get("resource"), _RESOURCE, "the resource's code of the catalogue"),
        schema=_number(lines, ("schema",), top.get("schema", "1"), 1),
        source=place,
        change=change,
        every=_seconds(lines, ("every",), top.get("every", "10m")),
        key=tuple(str(name) for name in key),
        items=tuple(_key_is_required(item, key) for item in items),
        title=str(top.get("title", "")),
        text=text,
        losses=_share(lines, ("losses",), top.get("losses", f"{LOSSES:.0%}")),
    )
    if place.kind == "files":
        _check_files(lines, place, found)
    lines.stop_if_wrong()
    return found


def load_sink(text: str, file: str) -> Sink:
    """The sink a file says: `name`, `resource`, `sink`; `DefinitionError` with the findings."""
    lines = Lines(text, file)
    known = {"name", "resource", "sink"}
    top = _mapping(lines, (), lines.data, known, known)
    found = Sink(
        name=_word(lines, ("name",), top.get("name"), _NAME, "a short name: small letters, digits, _"),
        resource=_word(lines, ("resource",), top.get("resource"), _RESOURCE, "the resource's code of the catalogue"),
        place=_place(lines, "sink", top.get("sink"), SINKS),
        text=text,
    )
    lines.stop_if_wrong()
    return found


def _mapping(lines: Lines, path: Path, value: Any, known: set[str], needed: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        lines.wrong(path, "expected `name: value` lines here")
        return {}
    for name in value:
        if name not in known:
            lines.wrong((*path, name), f"unknown word {name!r}; known are {', '.join(sorted(known))}")
    for name in sorted(needed - set(value)):
        lines.wrong(path, f"{name!r} is missing")
    return value


def _word(lines: Lines, path: Path, value: Any, pattern: re.Pattern[str], what: str) -> str:
    if value is not None and not (isinstance(value, str) and pattern.fullmatch(value)):
        lines.wrong(path, f"{value!r} is not {what}")
    return str(value or "")


def _number(lines: Lines, path: Path, value: Any, least: int) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 and int(value) >= least:
        return int(value)
    lines.wrong(path, f"{value!r} is not a whole number from {least}")
    return least


def _seconds(lines: Lines, path: Path, value: Any) -> int:
    found = _EVERY.fullmatch(value) if isinstance(value, str) else None
    if not found or not int(found[1]):
        lines.wrong(path, f"{value!r} is not a duration such as 30s, 10m, 1h, 1d")
        return 600
    return int(found[1]) * _SECONDS[found[2]]


def _share(lines: Lines, path: Path, value: Any) -> float:
    found = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        lines.wrong(path, f"{value!r} is not a share such as 20%")
        return LOSSES
    return int(found[1]) / 100


def _check_files(lines: Lines, place: Place, found: Mapping) -> None:
    """A file is found again by its path and known by its digest."""
    for column in ("path", "sha256"):
        if not found.item_of(column):
            lines.wrong(("items",), f"a source of files needs an item whose column is {column}")
    if "{" not in place.get("path"):
        lines.wrong(("source", "path"), "say where the business key stands in the name: /srv/drawings/{number}.pdf")
    if place.get("largest") and not _SIZE.fullmatch(place.get("largest")):
        lines.wrong(("source", "largest"), f"{place.get('largest')!r} is not a size such as 200M")


def _place(lines: Lines, at: str, value: Any, kinds: Map[str, Map[str, bool]]) -> Place:
    kind = str(value.get("kind")) if isinstance(value, dict) else ""
    if kind not in kinds:
        if value is not None:
            lines.wrong((at, "kind"), f"{kind!r} is not one of {', '.join(kinds)}")
        return Place("", {})
    options = kinds[kind]
    needed = {name for name, must in options.items() if must}
    said = _mapping(lines, (at,), value, {"kind", *options}, needed)
    for name, option in said.items():
        if not isinstance(option, str):
            lines.wrong((at, name), f"{name!r} is one text")
    if "@" in (url := str(said.get("url", ""))) and ":" in url.split("@")[0].split("//")[-1]:
        lines.wrong((at, "url"), "no password in this file: put it into a file and name that as password_file")
    return Place(kind, {name: str(option) for name, option in said.items() if name != "kind"})


def _change(lines: Lines, value: Any, place: Place) -> Change:
    said = {"by": value} if isinstance(value, str) else value
    if said is None:
        return Change()
    known = _mapping(lines, ("change",), said, {"by", "column", "overlap"}, {"by"})
    if known.get("by") not in list(ChangeBy):
        lines.wrong(("change",), f"{known.get('by')!r} is not one of {', '.join(ChangeBy)}")
        return Change()
    by = ChangeBy(known["by"])
    if by is ChangeBy.COLUMN and not known.get("column"):
        lines.wrong(("change",), "say which column only grows: `column: updated_at`")
    if by is not ChangeBy.COMPARISON and place.kind not in ("sql", ""):
        lines.wrong(("change",), f"{by} needs a database; a {place.kind} source is compared whole")
    return Change(by, str(known.get("column", "")), _number(lines, ("change", "overlap"), known.get("overlap", "0"), 0))


def _items(lines: Lines, value: Any) -> list[Item]:
    if not isinstance(value, dict) or not value:
        if value is not None:
            lines.wrong(("items",), "no items")
        return []
    found: list[Item] = []
    for name, said in value.items():
        path = ("items", name)
        if not _NAME.fullmatch(name) or name in CONTROL or name.startswith("cd_"):
            lines.wrong(path, f"{name!r} is not an item's name: small letters, digits, _, not beginning with cd_")
        found.append(_item(lines, path, name, {"column": said} if isinstance(said, str) else said, found))
    return found


def _item(lines: Lines, path: Path, name: str, said: Any, before: list[Item]) -> Item:
    said = _mapping(lines, path, said, _ITEM, set())
    if len({"column", "constant", "feel"} & set(said)) != 1:
        lines.wrong(path, "exactly one of column, constant, feel says where the value comes from")
    kind = said.get("type", "text")
    if kind not in list(ItemType):
        lines.wrong((*path, "type"), f"{kind!r} is not one of {', '.join(ItemType)}")
        kind = "text"
    forms = _list(said.get("form"))
    for form in forms:
        if kind not in ("date", "datetime") or date_form(form) is None:
            lines.wrong((*path, "form"), f"{form!r} is not a form of dates such as yyyyMMdd or yyyy年M月d日")
    for step in _list(said.get("convert")):
        if step not in CONVERSIONS:
            lines.wrong((*path, "convert"), f"{step!r} is not one of {', '.join(CONVERSIONS)}")
    codes = said.get("codes", {})
    if not isinstance(codes, dict) or not all(isinstance(code, str) for code in codes.values()):
        lines.wrong((*path, "codes"), "codes are `value at the source: code` lines")
        codes = {}
    if feel := str(said.get("feel", "")):
        _check_feel(lines, (*path, "feel"), feel, {item.name for item in before})
    if said.get("required", "no") not in ("yes", "no"):
        lines.wrong((*path, "required"), "yes or no")
    return Item(
        name=name,
        type=ItemType(kind),
        column=str(said.get("column", "")),
        constant=said.get("constant"),
        feel=feel,
        codes=codes,
        forms=tuple(forms),
        convert=tuple(_list(said.get("convert"))),
        required=said.get("required") == "yes",
        length=_number(lines, (*path, "length"), said.get("length", "0"), 0),
    )


def _list(value: Any) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list) else [value] if isinstance(value, str) else []


def _check_feel(lines: Lines, path: Path, text: str, names: set[str]) -> None:
    try:
        unknown = compile_expression(text, names).names - names
    except FeelError as error:
        lines.wrong(path, f"not FEEL: {error}")
        return
    for name in sorted(unknown):
        lines.wrong(path, f"the expression reads {name!r}, which is not an item above it")


def _key_is_required(item: Item, key: tuple[str, ...]) -> Item:
    return replace(item, required=True) if item.name in key else item
