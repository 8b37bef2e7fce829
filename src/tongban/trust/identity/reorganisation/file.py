"""Reading a reorganisation file (YAML): every fault is named with its line, and none is guessed away."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from tongban.base.kernel.api import Lines, Path

from ..data import OfficeKind, OfficeRow
from .data import Change, How, Placement, Reform, Rule

_TOP = {"title", "on", "basis", "changes", "people"}
_CHANGE = {
    How.MERGE: {"from", "into"},
    How.SPLIT: {"from", "into", "rules", "rest"},
    How.RENAME: {"office", "title", "short_title"},
    How.MOVE: {"office", "parent"},
    How.CLOSE: {"office", "to"},
}
_OFFICE = {"code", "title", "short_title", "kind", "division", "parent", "uscc"}
_RULE = {"to", "items", "divisions", "parts", "numbers", "things"}
_PERSON = {"person", "to", "title", "roles"}


def read(text: str, name: str = "reorganisation.yaml") -> Reform:
    """The file as it is meant; `DefinitionError` with `file:line: what is wrong` for all that does not hold."""
    reader = _Reader(Lines(text, name))
    reform = reader.reform()
    reader.lines.stop_if_wrong()
    return reform


class _Reader:
    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.new: dict[str, OfficeRow] = {}

    def reform(self) -> Reform:
        top = self.mapping((), self.lines.data, _TOP)
        changes = tuple(
            change
            for i, each in enumerate(self.listed(("changes",), top.get("changes")))
            if (change := self.change(("changes", i), each))
        )
        if not changes:
            self.lines.wrong(("changes",), "a reorganisation changes at least one office")
        people: dict[str, Placement] = {}
        for i, each in enumerate(self.listed(("people",), top.get("people"))):
            path: Path = ("people", i)
            entry = self.mapping(path, each, _PERSON)
            person = self.text(path, entry, "person")
            if person in people:
                self.lines.wrong(path, f"{person!r} is placed twice")
            roles = tuple(self.texts((*path, "roles"), entry["roles"])) if "roles" in entry else None
            people[person] = Placement(person, self.text(path, entry, "to"), str(entry.get("title", "")), roles)
        self.once(changes)
        title = self.text((), top, "title")
        return Reform(title, self.day(top), str(top.get("basis", "")), changes, self.new, people)

    def once(self, changes: tuple[Change, ...]) -> None:
        """An office changes once: what is merged here and split there would have no one home."""
        seen: set[str] = set()
        for i, change in enumerate(changes):
            for code in change.offices:
                if code in seen:
                    self.lines.wrong(("changes", i), f"{code!r} changes twice")
                seen.add(code)
        ending = {code for change in changes for code in change.ending}
        for i, change in enumerate(changes):
            for code in {*change.into, change.parent} & ending:
                self.lines.wrong(("changes", i), f"{code!r} ends with this reorganisation")

    def change(self, path: Path, each: Any) -> Change | None:
        if not isinstance(each, dict) or len(each) != 1 or next(iter(each)) not in _CHANGE:
            self.lines.wrong(path, f"one of {', '.join(_CHANGE)} is expected here")
            return None
        how = How(next(iter(each)))
        path = (*path, how.value)
        entry = self.mapping(path, each[how.value], _CHANGE[how])
        if how in (How.MERGE, How.SPLIT):
            offices = self.texts((*path, "from"), entry.get("from"))
        else:
            offices = [self.text(path, entry, "office")]
        into = self.into(path, entry, how, offices)
        return Change(
            how,
            tuple(offices),
            tuple(into),
            title=self.text(path, entry, "title") if how == How.RENAME else "",
            short_title=str(entry.get("short_title", "")),
            parent=self.text(path, entry, "parent") if how == How.MOVE else "",
            rules=self.rules(path, entry, into),
            rest=self.one_of(path, "rest", str(entry.get("rest", "")), into),
        )

    def into(self, path: Path, entry: dict[str, Any], how: How, offices: list[str]) -> list[str]:
        if how == How.CLOSE:
            return [str(entry["to"])] if entry.get("to") else []
        given = entry.get("into")
        wanted = {How.MERGE: [given], How.SPLIT: given if isinstance(given, list) else []}.get(how, [])
        if how == How.SPLIT and (len(wanted) < 2 or len(offices) != 1):
            self.lines.wrong(path, "a split goes from one office into two or more")
        return [self.office((*path, "into"), each, offices) for each in wanted]

    def office(self, path: Path, each: Any, offices: list[str]) -> str:
        """The code of an office that is there, or a new one described in full."""
        if isinstance(each, str) and each:
            return each
        entry = self.mapping(path, each, _OFFICE)
        code = self.text(path, entry, "code")
        kind = str(entry.get("kind", OfficeKind.DEPARTMENT))
        if kind not in {one.value for one in OfficeKind}:
            self.lines.wrong(path, f"{kind!r} is no kind of office")
            kind = OfficeKind.DEPARTMENT
        self.new[code] = OfficeRow(
            code=code,
            title=self.text(path, entry, "title"),
            kind=OfficeKind(kind),
            division=self.text(path, entry, "division"),
            parent=self.text(path, entry, "parent"),
            short_title=str(entry.get("short_title", "")),
            uscc=str(entry.get("uscc", "")),
        )
        return code

    def rules(self, path: Path, entry: dict[str, Any], into: list[str]) -> tuple[Rule, ...]:
        found = []
        for i, each in enumerate(self.listed((*path, "rules"), entry.get("rules"))):
            here = (*path, "rules", i)
            rule = self.mapping(here, each, _RULE)
            to = self.one_of(here, "to", self.text(here, rule, "to"), into)
            criteria = {name: tuple(self.texts((*here, name), rule[name])) for name in _RULE - {"to"} if name in rule}
            if not criteria:
                self.lines.wrong(here, "a rule needs items, divisions, parts, numbers or things; `rest` takes the rest")
            found.append(Rule(to, **criteria))
        return tuple(found)

    def one_of(self, path: Path, name: str, code: str, into: list[str]) -> str:
        if code and code not in into:
            self.lines.wrong((*path, name), f"{code!r} is none of the offices of `into`")
        return code

    def day(self, top: dict[str, Any]) -> date:
        given = self.text((), top, "on")
        try:
            if re.fullmatch(r"\d{4}-\d\d-\d\d", given):
                return date.fromisoformat(given)
        except ValueError:
            pass
        self.lines.wrong(("on",), "a day is expected, as 2027-01-01")
        return date.max

    def mapping(self, path: Path, value: Any, allowed: set[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.lines.wrong(path, f"a mapping with {', '.join(sorted(allowed))} is expected")
            return {}
        for name in value:
            if name not in allowed:
                self.lines.wrong((*path, name), f"{name!r} is not known here")
        return value

    def listed(self, path: Path, value: Any) -> list[Any]:
        if value is None or isinstance(value, list):
            return value or []
        self.lines.wrong(path, "a list is expected")
        return []

    def texts(self, path: Path, value: Any) -> list[str]:
        values = [value] if isinstance(value, str) else self.listed(path, value)
        found = [each for each in values if isinstance(each, str) and each]
        if not found or len(found) != len(values):
            self.lines.wrong(path, "one or more texts are expected")
        return found

    def text(self, path: Path, entry: dict[str, Any], name: str) -> str:
        value = entry.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.lines.wrong((*path, name), f"`{name}` is missing")
        return ""
