"""What a search gives back (CHAN-01; SVC-01)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tongban.base.kernel.data import Ref


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of text; `hit` marks what was searched for.

    Templates escape it and put `<mark>` around hits.
    """

    text: str
    hit: bool = False

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Hit:
    """One subject that answers the query, with its title and the best passage of its text."""

    subject: Ref
    title: tuple[Fragment, ...]
    excerpt: tuple[Fragment, ...]
    facets: tuple[str, ...] = ()
    score: float = 0.0

    @property
    def plain_title(self) -> str:
        """The title without marks."""
        return "".join(fragment.text for fragment in self.title)


@dataclass(frozen=True)
class Hits:
    """One page of hits, best first.

    `after` opens the next page; `read_as` lists official words that were added.
    """

    hits: tuple[Hit, ...] = ()
    after: str | None = None
    read_as: tuple[str, ...] = field(default=())

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)
