"""What a file states, kept as subject -> property -> values: all that harvesting asks, a fraction of a graph's size."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from rdflib.graph import Graph
from rdflib.namespace import RDF
from rdflib.store import Store
from rdflib.term import Node, URIRef

# Spellings of the vocabularies seen in the field, and what they mean.
_SPELLINGS = {
    "https://www.w3.org/ns/dcat#": "http://www.w3.org/ns/dcat#",
    "http://www.w3.org/ns/dcat/": "http://www.w3.org/ns/dcat#",
    "http://vocab.deri.ie/dcat#": "http://www.w3.org/ns/dcat#",
    "https://purl.org/dc/terms/": "http://purl.org/dc/terms/",
    "http://purl.org/dc/terms#": "http://purl.org/dc/terms/",
    "https://xmlns.com/foaf/0.1/": "http://xmlns.com/foaf/0.1/",
    "http://www.w3.org/ns/dcat#accessUrl": "http://www.w3.org/ns/dcat#accessURL",
    "http://www.w3.org/ns/dcat#downloadUrl": "http://www.w3.org/ns/dcat#downloadURL",
}

_FEW = 16  # values that are compared one by one

Values = dict[Node, list[Node]]


def misspelt(text: str) -> dict[str, str]:
    """Those of the wrong spellings that this text has; most have none, and are read faster."""
    return {wrong: right for wrong, right in _SPELLINGS.items() if (wrong.partition("#")[2] or wrong) in text}


class Statements(Store):
    """A store that parsers of rdflib write to. It answers by subject only; names of graphs are not kept.

    `misspelt` are beginnings of addresses to be read as others; `respelled` then holds the subjects that needed it.
    """

    context_aware = True
    graph_aware = True

    def __init__(self, misspelt: dict[str, str] | None = None) -> None:
        super().__init__()
        self.about: dict[Node, Values] = {}
        self.respelled: set[Node] = set()
        self._misspelt = misspelt or {}
        self._same: dict[Node, Node] = {}
        self._many: dict[int, set[Node]] = {}

    def add(self, triple: Any, context: Any, quoted: bool = False) -> None:
        subject, predicate, value = triple
        if self._misspelt:
            predicate, value = self._spelled(predicate, subject), self._spelled(value, subject)
        values = self.about.setdefault(self._one(subject), {}).setdefault(self._one(predicate), [])
        value = self._one(value)
        if len(values) < _FEW:
            if not any(value is one for one in values):
                values.append(value)
            return
        known = self._many.get(id(values))  # a catalogue's 100,000 datasets
        if known is None:
            known = self._many[id(values)] = set(values)
        if value not in known:
            known.add(value)
            values.append(value)

    def _one(self, node: Node) -> Node:
        """The same object for the same node: a catalogue names its vocabularies a million times."""
        return self._same.setdefault(node, node)

    def _spelled(self, node: Node, subject: Node) -> Node:
        if isinstance(node, URIRef):
            for wrong, right in self._misspelt.items():
                if node.startswith(wrong):
                    self.respelled.add(subject)
                    return URIRef(right + node[len(wrong) :])
        return node

    def parsed(self) -> None:
        """Nothing more is added: what only adding needed is let go."""
        self._same.clear()
        self._many.clear()

    # What is asked

    def values(self, subject: Node, predicate: Node) -> list[Node]:
        """All values, in the file's order."""
        return self.about.get(subject, {}).get(predicate, [])

    def of_type(self, *types: Node) -> Iterator[Node]:
        """Subjects of one of these types, in the file's order."""
        for subject, values in self.about.items():
            if any(one in types for one in values.get(RDF.type, ())):
                yield subject

    def __len__(self, context: Any = None) -> int:
        return sum(len(values) for one in self.about.values() for values in one.values())

    # What rdflib needs of a store

    def bind(self, prefix: str, namespace: URIRef, override: bool = True) -> None:
        """Prefixes are the parser's own affair."""

    def namespace(self, prefix: str) -> URIRef | None:
        return None

    def prefix(self, namespace: URIRef) -> str | None:
        return None

    def namespaces(self) -> Iterator[tuple[str, URIRef]]:
        return iter(())

    def add_graph(self, graph: Graph) -> None:
        pass

    def remove_graph(self, graph: Graph) -> None:
        pass

    def contexts(self, triple: Any = None) -> Generator[Graph, None, None]:
        yield from ()
