"""JSON-LD contexts that files name by address: known ones are answered from here, none is ever fetched (T29)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from . import profile
from .report import Finding, Unreadable, shown
from .terms import DCAT, DCT, FOAF

_FOLDER = Path(__file__).parent / "vocabulary"
_KNOWN = (
    (re.compile(r"/dcat-ap(-[a-z]+)?\.jsonld$", re.I), "dcat-ap-3.0.1.context.jsonld"),
    (re.compile(r"dcat-ap/.*/examples/context\.jsonld$", re.I), "dcat-ap-3.0.0-examples.context.jsonld"),
)
_PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "http://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_WORDY = (DCAT.iri, DCT.iri, FOAF.iri)
_SCHEMA_ORG = re.compile(r"^https?://(www\.)?schema\.org(/|$)", re.I)
_DCAT = re.compile(r"//(www\.w3\.org|w3id\.org)/(ns/)?dcat(\d|/|\.|$)|/dcat-(us|ap)[^/]*(/|\.jsonld$)", re.I)
_PLACES = 1000  # contexts that one file may name


@cache
def _context(name: str) -> dict[str, Any]:
    """Where several words name one class, each brings the words of all: the parser takes those of one."""
    words: dict[str, Any] = json.loads((_FOLDER / name).read_text(encoding="utf-8"))["@context"]
    of_class: dict[str, dict[str, Any]] = {}
    for meaning in words.values():
        if isinstance(meaning, dict) and "@context" in meaning:
            shared = of_class.setdefault(meaning["@id"], {})
            shared.update(meaning["@context"])
            meaning["@context"] = shared
    return _fair(words)


def _fair(words: dict[str, Any]) -> dict[str, Any]:
    """The words of a context; one like `Xsd:date` stands for itself: JSON-LD 1.1 does not let it be another address."""
    fair = {}
    for word, meaning in words.items():
        if ":" in word and isinstance(meaning, dict):
            fair[word] = {key: value for key, value in meaning.items() if key != "@id"}
        elif ":" not in word or meaning is None:
            fair[word] = meaning
    return fair


@cache
def _usual() -> dict[str, Any]:
    """The prefixes everybody uses, the last part of each class and property as its word, and the words of DCAT-AP.
    Any other word is one of DCAT: what stands under it is not lost."""
    words: dict[str, Any] = {}
    for kind in profile.classes():
        words[_last(kind)] = kind
        for rule in profile.properties(kind).values():
            if rule.iri.startswith(_WORDY):
                words.setdefault(_last(rule.iri), {"@id": rule.iri} | ({"@type": "@id"} if rule.text is False else {}))
    known = _context(_KNOWN[0][1])
    others = {"Catalog": known["Catalogue"], "Organization": known["Agent"], "name": FOAF.name}
    return {"@vocab": DCAT.iri} | _PREFIXES | words | known | others


def _last(iri: str) -> str:
    return re.split("[#/]", iri)[-1]


class Contexts:
    """The contexts of one file, and what had to be assumed of them: an unknown address is read as `_usual`."""

    def __init__(self) -> None:
        self._assumed: dict[str, None] = {}
        self._missing = False
        self._places = 0

    def findings(self) -> Iterator[Finding]:
        for address in self._assumed:
            message = f"the context at {shown(address)} is not fetched; the words of DCAT-AP were assumed"
            yield Finding("context_not_fetched", message, "@context")
        if self._missing:
            yield Finding("context_missing", "it has no “@context”; the words of DCAT-AP were assumed", "@context")

    def resolved(self, document: Any) -> dict[str, Any]:
        """The document with every context inside it."""
        self._places = 0
        document = self._walk(document)
        if isinstance(document, list):
            own = any(isinstance(one, dict) and "@context" in one for one in document)
            return {"@context": _PREFIXES if own else _usual(), "@graph": document}
        if "@context" not in document:
            self._missing = True
            return {"@context": _usual(), **document}
        return dict(document)

    def _walk(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._walk(one) for one in node]
        if isinstance(node, dict):
            return {key: self._inside(value) if key == "@context" else self._walk(value) for key, value in node.items()}
        return node

    def _inside(self, context: Any) -> Any:
        if isinstance(context, list):
            return [self._inside(one) for one in context]
        if isinstance(context, dict):
            terms = {key: self._term(value) for key, value in _fair(context).items() if key != "@import"}
            return terms | self._imported(context)
        if isinstance(context, str):
            return self._at(context)
        if context is not None:
            raise Unreadable("not_well_formed", "“@context” is neither an address nor an object")
        return context

    def _term(self, term: Any) -> Any:
        if isinstance(term, dict) and "@context" in term:
            return {**term, "@context": self._inside(term["@context"])}
        return term

    def _imported(self, context: dict[str, Any]) -> dict[str, Any]:
        address = context.get("@import")
        if not isinstance(address, str):
            return {}
        return {key: value for key, value in self._at(address).items() if key not in context}

    def _at(self, address: str) -> dict[str, Any]:
        self._places += 1
        if self._places > _PLACES:
            raise Unreadable("too_many_contexts", f"it names a context more than {_PLACES} times")
        for pattern, name in _KNOWN:
            if pattern.search(address):
                return _context(name)
        if _SCHEMA_ORG.match(address):
            return {"@vocab": "http://schema.org/", "id": "@id", "type": "@type"}
        if not _DCAT.search(address):
            self._assumed[address] = None
        return _usual()
