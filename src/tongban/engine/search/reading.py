"""How a query is read: everyday words, words, pairs; strictly first, then loosely."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from .models import Synonym
from .words import all_of, any_of, lexeme, pairs, plain, query_words

MAX_QUERY = 100
"""Characters of a query that are read (T33)."""
_FRESH_SECONDS = 30.0
_known: tuple[float, Mapping[str, tuple[str, ...]]] | None = None


@dataclass(frozen=True)
class Reading:
    """A query as PostgreSQL is asked it. `marks` are the strings to highlight, `read_as` the words added."""

    text: str
    strict: str
    loose: str
    marks: tuple[str, ...]
    read_as: tuple[str, ...]


def everyday() -> Mapping[str, tuple[str, ...]]:
    """Everyday word -> official words; read again from the table after half a minute."""
    global _known
    moment = time.monotonic()
    if _known is None or moment - _known[0] > _FRESH_SECONDS:
        _known = (moment, {row.word: tuple(row.targets) for row in Synonym.objects.all()})
    return _known[1]


def forget() -> None:
    """Read the everyday words again at the next query."""
    global _known
    _known = None


def read(text: str) -> Reading | None:
    """The reading of a query, or None when there is nothing in it to search for."""
    text = plain(text)[:MAX_QUERY]
    terms = [reading for term in text.split() if (reading := _term(term))]
    if not terms:
        return None
    units = [unit for term in terms for unit in term.units]
    return Reading(
        text=text,
        strict=" & ".join(f"({term.query})" for term in terms),
        loose=any_of(units),
        marks=tuple(dict.fromkeys(mark for term in terms for mark in term.marks)),
        read_as=tuple(dict.fromkeys(word for term in terms for word in term.read_as)),
    )


@dataclass(frozen=True)
class _Term:
    query: str
    units: tuple[str, ...]
    marks: tuple[str, ...]
    read_as: tuple[str, ...]


def _term(term: str) -> _Term | None:
    """One run of characters between spaces: what it says, or each everyday phrase replaced by official
    words.
    """
    phrases, rest = _phrases(term)
    words = query_words(rest) if rest.strip() else []
    if not words and not phrases:
        return None
    units = [any_of([all_of(query_words(phrase)), *(_phrase(t) for t in targets)]) for phrase, targets in phrases]
    units += [_word(word) for word in words]
    whole = all_of(pairs(term)) if len(pairs(term)) >= 1 else ""
    added = tuple(target for _phrase_, targets in phrases for target in targets)
    return _Term(
        query=any_of([" & ".join(f"({unit})" for unit in units), whole]),
        units=tuple(units),
        marks=(term, *words, *(phrase for phrase, _targets in phrases), *added),
        read_as=added,
    )


def _phrases(term: str) -> tuple[list[tuple[str, tuple[str, ...]]], str]:
    """Everyday phrases in the term, longest first, and what is left of it."""
    found = []
    for word, targets in sorted(everyday().items(), key=lambda item: -len(item[0])):
        if word in term:
            found.append((word, targets))
            term = term.replace(word, " ")
    return found, term


def _word(word: str) -> str:
    """A word, or all its pairs where the document was cut elsewhere; the beginning of a Latin word or
    number.
    """
    if word.isascii():
        return f"{lexeme(word)}:*" if len(word) > 1 else lexeme(word)
    return any_of([lexeme(word), all_of(pairs(word))]) if len(word) > 2 else lexeme(word)


def _phrase(text: str) -> str:
    return any_of([all_of(query_words(text)), all_of(pairs(text))])
