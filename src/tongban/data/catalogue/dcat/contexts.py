"""JSON-LD contexts that files name by address: known ones are answered from here, none is ever fetched (T29)."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from .report import Finding, Unreadable, shown

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
_SCHEMA_ORG = re.compile(r"^https?://(www\.)?schema\.org(/|$)", re.I)
_DCAT = re.compile(r"//(www\.w3\.org|w3id\.org)/(ns/)?dcat(\d|/|\.|$)|/dcat-(us|ap)[^/]*(/|\.jsonld$)", re.I)
_PLACES = 1000  # contexts that one file may name


@cache
def _context(name: str) -> dict[str, Any]:
    return dict(json.loads((_FOLDER / name).read_text(encoding="utf-8"))["@context"])


@cache
def _usual() -> dict[str, Any]:
    """The prefixes everybody uses, the words of DCAT-AP, and what W3C and DCAT-US call otherwise."""
    words = _context(_KNOWN[0][1])
    return _PREFIXES | words | {"Catalog": words["Catalogue"], "Organization": words["Agent"]}


def resolved(document: Any) -> tuple[Any, list[Finding]]:
    """The document with every context inside it, and what had to be assumed.

    An unknown address is read as `_usual`; the finding says so.
    """
    assumed: dict[str, None] = {}
    places = 0

    def inside(context: Any) -> Any:
        if isinstance(context, list):
            return [inside(one) for one in context]
        if isinstance(context, dict):
            return {key: inside_term(value) for key, value in context.items() if key != "@import"} | imported(context)
        if isinstance(context, str):
            return at(context)
        if context is not None:
            raise Unreadable("not_well_formed", "“@context” is neither an address nor an object")
        return context

    def inside_term(term: Any) -> Any:
        if isinstance(term, dict) and "@context" in term:
            return {**term, "@context": inside(term["@context"])}
        return term

    def imported(context: dict[str, Any]) -> dict[str, Any]:
        address = context.get("@import")
        if not isinstance(address, str):
            return {}
        found = at(address)
        return {key: value for key, value in found.items() if key not in context}

    def at(address: str) -> dict[str, Any]:
        nonlocal places
        places += 1
        if places > _PLACES:
            raise Unreadable("too_many_contexts", f"it names a context more than {_PLACES} times")
        for pattern, name in _KNOWN:
            if pattern.search(address):
                return _context(name)
        if _SCHEMA_ORG.match(address):
            return {"@vocab": "http://schema.org/", "id": "@id", "type": "@type"}
        if not _DCAT.search(address):
            assumed[address] = None
        return _usual()

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(one) for one in node]
        if isinstance(node, dict):
            return {key: inside(value) if key == "@context" else walk(value) for key, value in node.items()}
        return node

    document = walk(document)
    findings = [
        Finding(
            "context_not_fetched",
            f"the context at {shown(address)} is not fetched; the words of DCAT-AP were assumed",
            "@context",
        )
        for address in assumed
    ]
    if isinstance(document, list):
        document = {"@context": _PREFIXES, "@graph": document}
    elif "@context" not in document:
        document = {"@context": _PREFIXES, **document}
        findings.append(Finding("context_missing", "it has no “@context”; the usual prefixes were assumed", "@context"))
    return document, findings
