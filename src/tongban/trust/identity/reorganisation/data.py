"""The nouns of a reorganisation: what its file says, what offices hold, what would move where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tongban.base.kernel.data import Event, Ref, Text

if TYPE_CHECKING:
    from ..data import Office, OfficeRow

REORGANISATION = "identity.reorganisation"


class How(StrEnum):
    """What happens to an office."""

    MERGE = "merge"
    SPLIT = "split"
    RENAME = "rename"
    MOVE = "move"
    CLOSE = "close"


class State(StrEnum):
    """How far a reorganisation is. An approved one waits for its day."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    APPLIED = "applied"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing an office holds, with what the rules of a split may ask for. `number` is what people call it: a case
    number, a username, an item's key. `keeper`: the username of who answers for it and must go where it goes."""

    id: str
    item: str = ""
    division: str = ""
    part: str = ""
    number: str = ""
    keeper: str = ""


@dataclass(frozen=True)
class Rule:
    """What goes to `to` in a split: all that fits every criterion given. Items may end with `*`; a division takes what
    lies below it; `things` are sorts of things as the plan names them (`hall.case`)."""

    to: str
    items: tuple[str, ...] = ()
    divisions: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    things: tuple[str, ...] = ()

    def fits(self, sort: str, thing: Thing) -> bool:
        """Whether the thing goes this way."""
        return (
            (not self.things or sort in self.things)
            and (not self.items or any(fnmatchcase(thing.item, pattern) for pattern in self.items))
            and (not self.divisions or (bool(thing.division) and any(map(self._within(thing), self.divisions))))
            and (not self.parts or thing.part in self.parts)
            and (not self.numbers or thing.number in self.numbers)
        )

    @staticmethod
    def _within(thing: Thing) -> Callable[[str], bool]:
        return lambda division: thing.division.startswith(division.rstrip("0") or division)


@dataclass(frozen=True)
class Change:
    """One line of the file. `into`: codes of the offices that take over; `rest`: where a split's remainder goes."""

    how: How
    offices: tuple[str, ...]
    into: tuple[str, ...] = ()
    title: str = ""
    short_title: str = ""
    parent: str = ""
    rules: tuple[Rule, ...] = ()
    rest: str = ""

    @property
    def ending(self) -> tuple[str, ...]:
        """Codes of the offices that are no more afterwards."""
        gone = self.how in (How.MERGE, How.SPLIT, How.CLOSE)
        return tuple(code for code in self.offices if code not in self.into) if gone else ()


@dataclass(frozen=True)
class Placement:
    """Where the file puts somebody who works at an office that changes. Empty title and roles: as before."""

    person: str
    to: str
    title: str = ""
    roles: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Reform:
    """A whole file: what changes on which day, by which document."""

    title: str
    on: date
    basis: str
    changes: tuple[Change, ...]
    new: Mapping[str, OfficeRow] = field(default_factory=dict)
    people: Mapping[str, Placement] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """What of one sort goes from an office to another. `ids` None: everything there."""

    sort: str
    title: Text
    former: str
    to: str
    count: int
    ids: tuple[str, ...] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Homeless:
    """Things that no line of the file gives a home. `examples`: some of them, as people call them."""

    sort: str
    title: Text
    former: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What applying would do now. It can be applied when nothing is left without a home."""

    routes: tuple[Route, ...]
    homeless: tuple[Homeless, ...]
    words: tuple[str, ...] = ()

    @property
    def possible(self) -> bool:
        """Whether everything has a home."""
        return not self.homeless


@dataclass(frozen=True)
class Shift:
    """Move what `former` holds to `to`: the things in `ids`, or all (None). `act` is the reorganisation."""

    former: Office
    to: Office
    ids: tuple[str, ...] | None
    on: date
    act: Ref
    people: Mapping[str, Placement] = field(default_factory=dict)
    by: Ref | None = None


@dataclass(frozen=True)
class OfficeHolding:
    """One sort of things that offices hold, contributed by the room that keeps them.

    `count` says how many an office holds; after a reorganisation it must be 0 for an office that is no more. `things`
    lists them for a split. `move` gives them to another office, inside the caller's transaction; gives their number.
    `kept`: the things have keepers.
    """

    title: Text
    count: Callable[[Ref], int]
    things: Callable[[Ref], Iterable[Thing]]
    move: Callable[[Shift], int]
    kept: bool = False


@dataclass(frozen=True)
class OfficesReorganised(Event):
    """A reorganisation was applied: offices that ended, each with those that took over."""

    kind = "identity.offices.reorganised"
    reorganisation: Ref
    successors: dict[str, tuple[str, ...]]
