"""The pages of a PDF and what lies on them, whatever the file makes of its tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils import generic

from .ranges import entry

MOST_PAGES = 5000


def pages_of(handler: Any) -> Iterator[Any]:
    """The page dictionaries in their order; a tree that turns upon itself ends."""
    waiting = [handler.root.raw_get("/Pages")]
    seen: set[int] = set()
    while waiting and len(seen) < MOST_PAGES * 2:
        raw = waiting.pop()
        node = raw.get_object()
        if not isinstance(node, generic.DictionaryObject):
            continue
        key = raw.reference.idnum if isinstance(raw, generic.IndirectObject) else -id(node)
        if key in seen:
            continue
        seen.add(key)
        kids = entry(node, "/Kids")
        if isinstance(kids, generic.ArrayObject):
            waiting.extend(reversed([kids.raw_get(index) for index in range(len(kids))]))
        elif node.container_ref is not None:
            yield node


def annotations_of(page: Any) -> dict[int, Any]:
    """Annotations by object number; direct ones cannot be told apart and count by their place."""
    listed = entry(page, "/Annots")
    if not isinstance(listed, generic.ArrayObject):
        return {}
    found: dict[int, Any] = {}
    for index in range(min(len(listed), 2000)):
        raw = listed.raw_get(index)
        node = raw.get_object()
        if isinstance(node, generic.DictionaryObject):
            found[raw.reference.idnum if isinstance(raw, generic.IndirectObject) else -1 - index] = node
    return found
