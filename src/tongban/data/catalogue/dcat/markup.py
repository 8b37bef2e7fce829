"""XML of strangers: looked through before a parser of RDF/XML is given it."""

from __future__ import annotations

import io
import re
import xml.parsers.expat
from typing import IO

from .documents import DEEPEST
from .report import Finding, Unreadable, shown

_NAMESPACES = 500
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_ROOTS = (f"{_RDF} ", "http://www.w3.org/ns/dcat# ")  # RDF/XML of one node needs no rdf:RDF
WEB_PAGE = re.compile(r"<(!DOCTYPE\s+html|html[\s>])", re.I)


def rdf_xml(file: IO[bytes], head: str) -> tuple[IO[bytes], list[Finding]]:
    """The file, found to be well-formed, shallow, RDF and without a document type, and what is to be said about it.

    Text beside an address (`<dcat:theme rdf:resource="…">Water</dcat:theme>`), which RDF/XML forbids and catalogues of
    maps write, is blanked out.
    """
    walls = _Walls()
    try:
        walls.parser.ParseFile(file)
    except xml.parsers.expat.ExpatError as error:
        if WEB_PAGE.search(head[:2000]):
            raise Unreadable("web_page", "this is a web page, not a catalogue") from error
        message = f"line {error.lineno}: {xml.parsers.expat.ErrorString(error.code)}"
        raise Unreadable("not_well_formed", message, error.lineno) from error
    if not walls.root.startswith(_ROOTS):
        name = walls.root.rsplit(" ", 1)[-1]
        raise Unreadable("xml_not_rdf", f"this is XML, but not RDF: its first element is {shown(name)}")
    file.seek(0)
    if not walls.beside:
        return file, []
    content = bytearray(file.read())
    for start, end in walls.beside:
        content[start:end] = re.sub(rb"[^\n]", b" ", content[start:end])
    message = f"{len(walls.beside)} properties have an address and text beside it; the address was taken"
    return io.BytesIO(content), [Finding("text_beside_address", message, "rdf:resource")]


class _Walls:
    """A document type is where entities that explode or read files come from (T24)."""

    def __init__(self) -> None:
        self.root = ""
        self.beside: list[tuple[int, int]] = []
        self._depth = self._names = 0
        self._text = -1  # where text beside an address begins
        self.parser = xml.parsers.expat.ParserCreate("utf-8", " ")
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self.parser.StartNamespaceDeclHandler, self.parser.EndNamespaceDeclHandler = self._named, self._forgotten
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _named(self, _prefix: str | None, _namespace: str | None) -> None:
        self._names += 1
        if self._names > _NAMESPACES:  # each is copied with all before it further on
            message = f"more than {_NAMESPACES} namespaces at once"
            raise Unreadable("too_deep", message, self.parser.CurrentLineNumber)

    def _forgotten(self, _prefix: str | None) -> None:
        self._names -= 1

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self.root = self.root or name
        if self._depth > DEEPEST:
            raise Unreadable("too_deep", f"more than {DEEPEST} levels", self.parser.CurrentLineNumber)
        self._text = -1
        self.parser.CharacterDataHandler = self._beside if f"{_RDF} resource" in attributes else None

    def _beside(self, text: str) -> None:
        if text.strip() and self._text < 0:
            self._text = self.parser.CurrentByteIndex

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if self._text >= 0:
            self.beside.append((self._text, self.parser.CurrentByteIndex))
        self._text, self.parser.CharacterDataHandler = -1, None

    def _doctype(self, *_about: object) -> None:
        message = "it holds a document type (DOCTYPE), which can hide entities; remove it and harvest again"
        raise Unreadable("doctype_refused", message, self.parser.CurrentLineNumber)
