"""Terms of RDF as harvesting keeps them: strings that know what they are, quick to build, compare and put away."""

from __future__ import annotations

from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

_PLAIN = ("http://www.w3.org/2001/XMLSchema#string", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString")


class Iri(str):
    """An address."""

    __slots__ = ()


class Blank(str):
    """A node without an address: `_:` and a label that means nothing outside its file."""

    __slots__ = ()


class Text(str):
    """A literal. `language` and `datatype` are "" where it has none, or is plain text."""

    __slots__ = ("datatype", "language")
    language: str
    datatype: str

    def __new__(cls, text: str, language: str = "", datatype: str = "") -> Text:
        made = super().__new__(cls, text)
        made.language, made.datatype = language, datatype
        return made


Node = Iri | Blank | Text


@dataclass(frozen=True)
class Namespace:
    """`DCT.title` is the address of that word."""

    iri: str

    def __getattr__(self, word: str) -> Iri:
        return Iri(self.iri + word)


ADMS = Namespace("http://www.w3.org/ns/adms#")
DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCT = Namespace("http://purl.org/dc/terms/")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
RDF = Namespace("http://www.w3.org/1999/02/22-rdf-syntax-ns#")
RDFS = Namespace("http://www.w3.org/2000/01/rdf-schema#")
SH = Namespace("http://www.w3.org/ns/shacl#")
SKOS = Namespace("http://www.w3.org/2004/02/skos/core#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
XSD = Namespace("http://www.w3.org/2001/XMLSchema#")


def packed(term: NamedNode | BlankNode | Literal | Triple) -> str:
    """A parser's term in one string; `unpacked` makes a node of it."""
    if isinstance(term, NamedNode):
        return f"<{term.value}"
    if isinstance(term, Literal):
        datatype = term.datatype.value
        return f'"{term.language or ""}^{"" if datatype in _PLAIN else datatype}\n{term.value}'
    return str(term)


def unpacked(term: str) -> Node:
    if term[0] == "<":
        return Iri(term[1:])
    if term[0] == '"':
        about, _end, text = term[1:].partition("\n")
        language, _sign, datatype = about.partition("^")
        return Text(text, language, datatype)
    return Blank(term)
