"""What things are called: rooms name the kinds of `Ref` that are theirs, so that a page below them shows words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from .data import Ref, Text
from .registry import Registry


@dataclass(frozen=True)
class Named:
    """A thing as a list may show it to staff who need not see the thing itself: nothing personal."""

    title: Text
    number: str = ""
    office: Text = ""


subjects: Registry[Callable[[Collection[Ref]], Mapping[Ref, Named]]] = Registry("kind of subject")
"""By the kind of `Ref`: names of several at once, in a fixed number of queries. Filled at start."""


def named(refs: Iterable[Ref]) -> dict[Ref, Named]:
    """Names of those that their rooms know; others are left out."""
    by_kind: dict[str, set[Ref]] = defaultdict(set)
    for ref in refs:
        by_kind[ref.kind].add(ref)
    found: dict[Ref, Named] = {}
    for kind, members in by_kind.items():
        if kind in subjects:
            found.update(subjects.get(kind)(members))
    return found
