"""What a file states, kept as subject -> property -> values: in memory, or on disk once it is more than a little."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache

from pyoxigraph import DefaultGraph, Quad

from .terms import DCAT, DCT, FOAF, RDF, Iri, Node, Text, packed, unpacked

# Spellings of the vocabularies seen in the field, and what they mean.
_SPELLINGS = (
    (re.compile(r"https?://(?:www\.)?w3c?\.org/ns/dcat[#/]?(?=[A-Za-z])|http://vocab\.deri\.ie/dcat#"), DCAT.iri),
    (re.compile(r"https?://(?:www\.)?purl\.org/(?:dc/)?(?:dc)?terms[#/]?(?=[A-Za-z])"), DCT.iri),
    (re.compile(r"https?://(?:www\.)?xmlns\.com/foaf/(?:0\.1[/#]?|spec/?[#/])(?=[A-Za-z])"), FOAF.iri),
)
_WORDS = {one.lower(): one for one in (DCAT.accessURL, DCAT.downloadURL, DCAT.endpointURL)}
_IN_MEMORY = 200_000  # statements
_FEW = 5
_CACHED = 2_000  # subjects: publishers and catalogues are asked for again and again

Values = dict[Iri, list[Node]]


def _meant(word: str) -> str:
    for wrong, right in _SPELLINGS:
        if match := wrong.match(word):
            word = right + word[match.end() :]
            break
    return _WORDS.get(word.lower(), word)


class Statements:
    """Statements in the file's order; names of graphs are not kept.

    `typed` are the subjects of one of the classes, `listing` those that have one of the properties, as asked for;
    `respelled` those whose words had to be read as others.
    """

    def __init__(self, classes: Collection[Iri] = (), listing: Collection[Iri] = ()) -> None:
        self.typed: dict[Node, tuple[Iri, ...]] = {}
        self.listing: dict[Iri, dict[Node, None]] = {one: {} for one in listing}
        self.respelled: set[Node] = set()
        self.count = 0
        self.named = False  # whether some stand in a graph with a name
        self.read: Callable[[Values], Values] | None = None  # how to read what another vocabulary says
        self._classes = {one.lower(): one for one in classes}
        self.others: dict[str, None] = {}  # the first few other classes
        self._words: dict[str, str] = {}
        self._kinds: dict[str, Iri] = {}
        self._recent: dict[str, list[str]] = {}
        self._held = 0
        self._disk: sqlite3.Connection | None = None
        self.about = lru_cache(_CACHED)(self._about)

    def take(self, quads: Iterable[Quad]) -> None:
        """Adds statements as the parser finds them."""
        a = RDF.type
        for quad in quads:
            subject, predicate, value = packed(quad.subject), quad.predicate.value, packed(quad.object)
            meant = self._words.get(predicate) or self._words.setdefault(predicate, _meant(predicate))
            if meant != predicate:
                self.respelled.add(unpacked(subject))
            if meant == a:
                value = self._class(subject, value)
            elif meant in self.listing:
                self.listing[Iri(meant)].setdefault(unpacked(subject))
            self._recent.setdefault(subject, []).extend((meant, value))
            self._held += 1
            self.count += 1
            self.named = self.named or not isinstance(quad.graph_name, DefaultGraph)
            if self._held > _IN_MEMORY:
                self._put_away()

    def _class(self, subject: str, value: str) -> str:
        """The class that is meant; subjects of the wanted ones are remembered."""
        if value[0] != "<":
            return value
        kind = self._kinds.get(value)
        if kind is None:
            meant = _meant(value[1:])
            kind = self._kinds[value] = Iri(self._classes.get(meant.lower(), meant))
        node = unpacked(subject)
        if kind != value[1:]:
            self.respelled.add(node)
        if kind.lower() in self._classes:
            self.typed[node] = (*self.typed.get(node, ()), kind)
        elif len(self.others) < _FEW:
            self.others.setdefault(kind)
        return f"<{kind}"

    def _put_away(self) -> None:
        if self._disk is None:
            self._disk = sqlite3.connect("")  # a file without a name, gone with the connection
            self._disk.execute("PRAGMA journal_mode = OFF")
            self._disk.execute("CREATE TABLE said (subject TEXT, body TEXT)")
        rows = ((subject, json.dumps(body, ensure_ascii=False)) for subject, body in self._recent.items())
        self._disk.executemany("INSERT INTO said VALUES (?, ?)", rows)
        self._recent, self._held = {}, 0

    def parsed(self) -> None:
        """Nothing more is added."""
        if self._disk is not None:
            self._put_away()
            self._disk.execute("CREATE INDEX by_subject ON said (subject)")

    def _about(self, subject: Node) -> Values:
        """All that is said about a subject; nothing for one that is only named."""
        if isinstance(subject, Text):
            return {}
        found: dict[str, dict[str, None]] = {}
        for body in self._bodies(f"<{subject}" if isinstance(subject, Iri) else str(subject)):
            for predicate, value in zip(body[::2], body[1::2], strict=True):
                found.setdefault(predicate, {}).setdefault(value)
        values = {Iri(predicate): [unpacked(one) for one in given] for predicate, given in found.items()}
        return self.read(values) if self.read else values

    def _bodies(self, subject: str) -> Iterator[list[str]]:
        if self._disk is None:
            yield self._recent.get(subject, [])
            return
        sql = "SELECT body FROM said WHERE subject = ? ORDER BY rowid"
        for (body,) in self._disk.execute(sql, (subject,)):
            yield json.loads(body)

    def values(self, subject: Node, predicate: Iri) -> list[Node]:
        """All values, in the file's order."""
        return self.about(subject).get(predicate, [])

    def of_type(self, *types: Iri) -> Iterator[Node]:
        """Subjects of one of these classes, in the file's order; of those that were asked for."""
        return (subject for subject, classes in self.typed.items() if any(one in types for one in classes))
