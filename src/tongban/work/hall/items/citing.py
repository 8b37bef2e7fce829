"""The laws that an item rests on, as links to the articles in force (DATA-24)."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from tongban.base.kernel.api import NotFound
from tongban.data.laws import api as laws
from tongban.data.laws.data import Citation

Piece = tuple[str, str]  # a text, and the address it leads to or ""


def linked(text: str) -> list[Piece]:
    """A text in pieces: what it cites with the address of the article in force, all else as it is written."""
    pieces: list[Piece] = []
    at = 0
    for citation in _cited(text):
        if not citation.problem:
            pieces += [(text[at : citation.start], ""), (text[citation.start : citation.end], _address(citation))]
            at = citation.end
    return [piece for piece in [*pieces, (text[at:], "")] if piece[0]]


def _cited(text: str) -> Sequence[Citation]:
    try:
        return laws.resolve(text) if "《" in text else ()
    except NotFound:  # this installation has no register of laws
        return ()


def _address(citation: Citation) -> str:
    place = f"#a{citation.found.place}" if citation.found else ""
    return reverse("laws:law", args=[citation.law]) + place
