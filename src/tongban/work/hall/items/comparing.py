"""Two wordings of an item side by side, with what changed marked (SVC-09)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from tongban.base.kernel.api import Text

from . import wording

Body = Mapping[str, Any]
_PIECES = re.compile(r"[^。；;\n]*[。；;\n]?")
_SIGNS = re.compile(r"[A-Za-z0-9]+|.", re.S)
_LONG = 3_000
_NAMES = {"materials": "material_name", "steps": "step_name", "faqs": "question", "fees": "fee_name"}


@dataclass(frozen=True)
class Piece:
    """A stretch of text; `changed` where the other side does not have it."""

    text: str
    changed: bool


@dataclass(frozen=True)
class Difference:
    """One field, or one entry of a part, in two wordings. `kind`: same, changed, added, removed."""

    title: Text
    kind: str
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


@dataclass(frozen=True)
class Section:
    """Fields or entries that belong together, with how many of them differ."""

    title: Text
    rows: tuple[Difference, ...]

    @property
    def changes(self) -> int:
        return sum(row.kind != "same" for row in self.rows)


def compare(before: Body, after: Body) -> list[Section]:
    """Everything that one of the two wordings says, the sections in the order of the form."""
    found = [Section(title, tuple(_fields(names, before, after))) for _key, title, names in wording.GROUPS]
    found += [Section(wording.FIELD_TITLES[part], tuple(_entries(part, before, after))) for part in wording.PART_TITLES]
    return [section for section in found if section.rows]


def _fields(names: Sequence[str], before: Body, after: Body) -> Iterator[Difference]:
    for name in names:
        if name in wording.UNITS:  # a limit is told with its unit
            continue
        then, now = str(wording.words(name, before)), str(wording.words(name, after))
        if then or now:
            yield _difference(wording.FIELD_TITLES[name], then, now)


def _entries(part: str, before: Body, after: Body) -> Iterator[Difference]:
    """Entries that are the same one stand beside each other: by slot or key, else by name."""
    then = {_identity(part, each): each for each in before.get(part) or ()}
    now = {_identity(part, each): each for each in after.get(part) or ()}
    for mark in [*now, *(mark for mark in then if mark not in now)]:
        sides = [
            wording.entry_words(part, side[mark], body.get("situations") or ()) if mark in side else ""
            for side, body in ((then, before), (now, after))
        ]
        title = (now.get(mark) or then[mark]).get(_NAMES.get(part, "title"), "")
        yield _difference(str(title), *sides)


def _identity(part: str, entry: Mapping[str, Any]) -> str:
    return str(entry.get("slot") or entry.get("key") or entry.get(_NAMES.get(part, "title")))


def _difference(title: Text, before: str, after: str) -> Difference:
    if before == after:
        same = (Piece(before, False),)
        return Difference(title, "same", same, same)
    if not before or not after:
        kind = "added" if after else "removed"
        return Difference(title, kind, _whole(before), _whole(after))
    return Difference(title, "changed", *marked(before, after))


def _whole(text: str) -> tuple[Piece, ...]:
    return (Piece(text, True),) if text else ()


def marked(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces, marked where they differ: by sign, for long texts by sentence."""
    cut = _PIECES if len(before) + len(after) > _LONG else _SIGNS
    then, now = cut.findall(before), cut.findall(after)
    steps = SequenceMatcher(None, then, now, autojunk=False).get_opcodes()
    return (
        _joined((then[a:b], step != "equal") for step, a, b, _c, _d in steps),
        _joined((now[c:d], step != "equal") for step, _a, _b, c, d in steps),
    )


def _joined(stretches: Iterable[tuple[list[str], bool]]) -> tuple[Piece, ...]:
    return tuple(Piece("".join(signs), changed) for signs, changed in stretches if signs)
