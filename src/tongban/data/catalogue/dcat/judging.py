"""Statements of a catalogue against DCAT-AP 3.0.1: what is refused, warned of and accepted.

An entry is refused for what the profile makes mandatory on it or on its distributions; for everything else that
departs from the profile it is warned of. What is merely recommended is a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from .profile import RECOMMENDED, Property, mandatory, properties, short
from .report import Entry, File, Finding, Severity, preferred, shown
from .statements import Statements
from .terms import DCAT, DCT, FOAF, HYDRA, RDF, RDFS, SKOS, VCARD, Blank, Iri, Node, Text
from .values import address_fault, is_date, is_typed_date, number_fault, reference, texts

# An IRI asked of a namespace is built anew each time: those that every entry needs are named once.
_TITLE, _DESCRIPTION, _IDENTIFIER, _PUBLISHER = DCT.title, DCT.description, DCT.identifier, DCT.publisher
_TYPE, _NAME, _FORMAT, _LICENCE = RDF.type, FOAF.name, DCT.format, DCT.license
_ISSUED, _MODIFIED = DCT.issued, DCT.modified
_DATASET, _DISTRIBUTION, _SERVICE, _CATALOG = DCAT.Dataset, DCAT.Distribution, DCAT.DataService, DCAT.Catalog
_HAS_FILE, _ACCESS, _DOWNLOAD, _MEDIA = DCAT.distribution, DCAT.accessURL, DCAT.downloadURL, DCAT.mediaType
_KEYWORD, _THEME, _LANDING = DCAT.keyword, DCAT.theme, DCAT.landingPage

KINDS = {
    DCAT.DatasetSeries: "dataset_series",
    DCAT.Dataset: "dataset",
    DCAT.DataService: "data_service",
    DCAT.Catalog: "catalogue",
}
_LISTS = ((DCAT.dataset, _DATASET), (DCAT.service, _SERVICE))
_PAGES = (HYDRA.next, HYDRA.nextPage)
CLASSES = (*KINDS, DCAT.Resource, DCAT.CatalogRecord)  # whose members statements are to remember
LISTING = (*(one for one, _kind in _LISTS), *_PAGES)
_ENTRIES = (DCAT.dataset, DCAT.service, _HAS_FILE)  # judged as entries and distributions
_DATES = (_ISSUED, _MODIFIED)
_MOST = 100  # findings about one entry
_NAMES = (_NAME, SKOS.prefLabel, RDFS.label, VCARD.fn, _TITLE)


def judged(statements: Statements) -> tuple[list[Entry], Iterable[Entry], list[Finding]]:
    """Catalogues, entries in the file's order, and what is to be said about the file."""
    return _Judge(statements).verdicts()


class _Judge:
    """One file. What several entries share (catalogues, records, identifiers) is looked up once."""

    def __init__(self, statements: Statements) -> None:
        self.all = statements
        self.catalogues = dict.fromkeys(statements.of_type(_CATALOG))
        self.listed: dict[Node, list[Node]] = {}
        self.kinds: dict[Node, Iri] = {}
        self.blanks: dict[Node, int] = {}
        self.identifiers: dict[str, Node] = {}
        self.records: dict[Node, list[Finding]] = {}
        self.findings: list[Finding] = []

    def verdicts(self) -> tuple[list[Entry], Iterable[Entry], list[Finding]]:
        self._gather()
        self._read_records()
        entries = (self._entry(node, kind) for node, kind in self.kinds.items())
        catalogues = [self._entry(node, _CATALOG) for node in self.catalogues]
        if self.kinds and not catalogues:
            self._say("catalogue_missing", "it describes no dcat:Catalog, which DCAT-AP makes mandatory")
        if any(self.all.listing[one] for one in _PAGES):
            self._say("paged", "this is one page of several; the others are not read")
        return catalogues, entries, self.findings

    def _say(self, code: str, message: str, path: str = "", severity: Severity = Severity.WARNING) -> None:
        if len(self.findings) < _MOST:
            self.findings.append(Finding(code, message, path, severity))

    # Which nodes are entries

    def _gather(self) -> None:
        for node, types in self.all.typed.items():
            kind = next((one for one in KINDS if one in types), None)
            if _CATALOG in types:
                kind = None
            elif DCAT.Resource in types and kind is None:
                kind = _DATASET
            if kind is not None:
                self.kinds[node] = kind
        for predicate, kind in _LISTS:
            for catalogue in self.all.listing[predicate]:
                for value in self._listed(catalogue, predicate):
                    if isinstance(value, Text):
                        path = f"{short(predicate)}"
                        self._say("not_a_reference", f"the catalogue lists “{shown(value)}”, which is no entry", path)
                    elif value not in self.catalogues:
                        self.kinds.setdefault(value, kind)
                        self.listed.setdefault(value, []).append(catalogue)
        blank = [node for node in self.kinds if isinstance(node, Blank)]
        self.blanks = {node: at for at, node in enumerate(blank, 1)}

    def _listed(self, catalogue: Node, predicate: Iri) -> Iterator[Node]:
        """Entries of a catalogue; those of an RDF list as well, which DCAT does not ask for."""
        for value in self.all.values(catalogue, predicate):
            seen = set()
            while isinstance(value, Blank) and value not in seen and RDF.first in self.all.about(value):
                seen.add(value)
                yield from self.all.values(value, RDF.first)
                value = next(iter(self.all.values(value, RDF.rest)), RDF.nil)
            if value != RDF.nil and value not in seen:
                yield value

    def _read_records(self) -> None:
        """Catalogue records belong to the entry they are about."""
        for record in self.all.of_type(DCAT.CatalogRecord):
            about = [
                one for one in self.all.values(record, FOAF.primaryTopic) if one in self.kinds or one in self.catalogues
            ]
            if not about:
                message = f"the catalogue record {shown(reference(record))} is about no entry of this file"
                self._say("record_without_topic", message, "foaf:primaryTopic")
            for entry in about:
                found = self.records.setdefault(entry, [])
                for one in self._of_class(record, DCAT.CatalogRecord, "dcat:record/"):
                    weight = Severity.WARNING if one.severity is Severity.ERROR else one.severity
                    found.append(replace(one, code=f"record_{one.code}", severity=weight))

    # One entry

    def _entry(self, node: Node, kind: Iri) -> Entry:
        name, titles = self._name(node), texts(self.all.values(node, _TITLE))
        identifier = preferred(texts(self.all.values(node, _IDENTIFIER)))
        return Entry(
            id=name,
            kind=KINDS[kind],
            title=preferred(titles) or self._other_title(node),
            titles=titles,
            descriptions=texts(self.all.values(node, _DESCRIPTION)),
            publisher=self._publisher(node),
            identifier=identifier,
            keywords=tuple(shown(one) for one in self.all.values(node, _KEYWORD)[:_MOST]),
            themes=tuple(shown(reference(one)) for one in self.all.values(node, _THEME)[:_MOST]),
            issued=self._first(node, _ISSUED),
            modified=self._first(node, _MODIFIED),
            landing_page=self._first(node, _LANDING),
            files=tuple(self._file(one) for one in self._distributions(node)),
            findings=tuple(self._about(node, kind, identifier))[:_MOST],
        )

    def _name(self, node: Node) -> str:
        if isinstance(node, Blank):
            identifier = preferred(texts(self.all.values(node, _IDENTIFIER)))
            return identifier or f"_:{self.blanks.get(node, len(self.blanks) + 1)}"
        return shown(reference(node))

    def _other_title(self, node: Node) -> str:
        """Something to call a refused entry by."""
        for predicate in (RDFS.label, SKOS.prefLabel, Iri("http://purl.org/dc/elements/1.1/title")):
            title = preferred(texts(self.all.values(node, predicate)))
            if title:
                return title
        return shown(reference(next(iter(self.all.values(node, _TITLE)), Text(""))))

    def _first(self, node: Node, predicate: Iri) -> str:
        return next((shown(reference(one)) for one in self.all.values(node, predicate)), "")

    def _publisher(self, node: Node) -> str:
        for one in self.all.values(node, _PUBLISHER):
            for predicate in _NAMES:
                name = preferred(texts(self.all.values(one, predicate)))
                if name:
                    return name
            return shown(reference(one))
        return ""

    def _distributions(self, node: Node) -> list[Node]:
        return [one for one in self.all.values(node, _HAS_FILE) if not isinstance(one, Text)]

    def _file(self, node: Node) -> File:
        return File(
            url=self._first(node, _ACCESS) or self._first(node, _DOWNLOAD),
            title=preferred(texts(self.all.values(node, _TITLE))),
            format=self._first(node, _FORMAT) or self._first(node, _MEDIA),
            licence=self._first(node, _LICENCE),
        )

    # Its findings

    def _about(self, node: Node, kind: Iri, identifier: str) -> Iterator[Finding]:
        if not self.all.about(node):
            message = "the catalogue lists it, but the file says nothing about it"
            yield Finding("not_described", message, "", Severity.ERROR)
            return
        yield from self._of_name(node, kind, identifier)
        yield from self._of_class(node, kind, "")
        if kind == _DATASET:
            yield from self._of_distributions(node)
        yield from self._of_publisher(node)
        yield from self.records.get(node, ())
        yield from self._of_place(node, kind)
        missing = [short(one) for one in RECOMMENDED[kind] if not self.all.values(node, one)]
        if missing:
            message = f"recommended and not given: {', '.join(missing)}"
            yield Finding("recommended_missing", message, "", Severity.NOTE)

    def _of_name(self, node: Node, kind: Iri, identifier: str) -> Iterator[Finding]:
        if isinstance(node, Blank):
            if kind != _CATALOG:
                known = "only its identifier names it" if identifier else "next time it cannot be recognised"
                yield Finding("no_address", f"it has no address (IRI) of its own; {known}")
        elif fault := address_fault(node):
            yield Finding("id_bad_address", f"its own address: {fault}")
        if KINDS[kind] != "catalogue" and kind not in self.all.values(node, _TYPE):
            wanted = "dcat:DataService" if kind == _SERVICE else "dcat:Dataset"
            yield Finding("type_missing", f"it does not say that it is a {wanted}", "rdf:type")
        if node in self.all.respelled:
            yield Finding("namespace_misspelt", "it spells words of a vocabulary wrongly; read as meant")
        if identifier and kind != _CATALOG:
            first = self.identifiers.setdefault(identifier, node)
            if first is not node:
                message = f"{self._name(first)} has the same identifier “{identifier}”"
                yield Finding("duplicate_identifier", message, "dct:identifier")

    def _of_class(self, node: Node, kind: Iri, path: str) -> Iterator[Finding]:
        values, rules = self.all.about(node), properties(kind)
        for rule in mandatory(kind):
            given = values.get(rule.iri, [])
            if not any(_usable(one, rule) for one in given):
                yield _missing(rule, given, path)
        for iri, given in values.items():
            if iri not in rules:
                continue
            rule = rules[iri]
            if rule.mandatory and not any(_usable(one, rule) for one in given):
                continue
            if rule.single and len(given) > 1:
                yield Finding(f"{rule.word}_too_many", f"{len(given)} values where one is allowed", path + rule.short)
            if iri not in _ENTRIES:
                for value in given[:_MOST]:
                    yield from _value(value, rule, path)

    def _of_distributions(self, node: Node) -> Iterator[Finding]:
        for at, one in enumerate(self.all.values(node, _HAS_FILE)[:_MOST], 1):
            path = f"dcat:distribution[{at}]"
            if isinstance(one, Text):
                yield Finding("distribution_not_a_reference", f"“{shown(one)}” is text, not a distribution", path)
            elif not self.all.about(one):
                message = f"{shown(reference(one))} is named as a distribution, but not described"
                yield Finding("distribution_not_described", message, path)
            else:
                yield from self._of_distribution(one, path)

    def _of_distribution(self, node: Node, path: str) -> Iterator[Finding]:
        if _DISTRIBUTION not in self.all.values(node, _TYPE):
            yield Finding("distribution_type_missing", "it does not say that it is a dcat:Distribution", path)
        download = any(isinstance(one, Iri) for one in self.all.values(node, _DOWNLOAD))
        for one in self._of_class(node, _DISTRIBUTION, f"{path}/"):
            if one.code == "access_url_missing" and download:
                message = "dcat:accessURL is mandatory; dcat:downloadURL is used in its place"
                yield replace(one, message=message, severity=Severity.WARNING)
            else:
                yield one

    def _of_publisher(self, node: Node) -> Iterator[Finding]:
        for one in self.all.values(node, _PUBLISHER)[:_MOST]:
            described = self.all.about(one)
            if described and not texts(described.get(_NAME, [])):
                yield Finding("publisher_name_missing", "the publisher has no foaf:name", "dct:publisher/foaf:name")

    def _of_place(self, node: Node, kind: Iri) -> Iterator[Finding]:
        listed = self.listed.get(node, [])
        if len(listed) > 1:
            names = ", ".join(self._name(one) for one in listed[:5])
            yield Finding("in_several_catalogues", f"listed by {names}; taken once", "", Severity.NOTE)
        elif not listed and self.catalogues and kind in (_DATASET, _SERVICE):
            yield Finding("in_no_catalogue", "no catalogue of the file lists it", "", Severity.NOTE)


def _usable(value: Node, rule: Property) -> bool:
    """Whether a mandatory property says something. An address written as text still does, with a warning."""
    if rule.text:
        return isinstance(value, Text) and bool(value.strip())
    if isinstance(value, Text):
        return bool(value.strip()) and not (rule.word.endswith("_url") and address_fault(value))
    return True


def _missing(rule: Property, given: list[Node], path: str) -> Finding:
    if not given:
        message = f"{rule.short} is mandatory and missing"
    elif rule.text:
        blank = all(isinstance(one, Text) for one in given)
        message = f"{rule.short} is mandatory and {'empty' if blank else 'not a text'}"
    else:
        message = f"{rule.short} is mandatory; “{shown(given[0])}” is no address"
    return Finding(f"{rule.word}_missing", message, path + rule.short, Severity.ERROR)


def _value(value: Node, rule: Property, path: str) -> Iterator[Finding]:
    where = path + rule.short
    if isinstance(value, Text):
        if rule.text is False:
            yield Finding(f"{rule.word}_not_a_reference", f"“{shown(value)}” is text, not an address", where)
        elif rule.iri in _DATES:
            yield from _date(value, rule, where)
        elif rule.datatype and (fault := number_fault(value, rule.datatype)):
            yield Finding(f"{rule.word}_wrong_type", fault, where)
    elif rule.text:
        yield Finding(
            f"{rule.word}_not_text", f"{shown(reference(value) or 'a node')} is an address, not a text", where
        )
    elif isinstance(value, Iri) and (fault := address_fault(value)):
        yield Finding(f"{rule.word}_bad_address", f"“{shown(reference(value))}”: {fault}", where)


def _date(value: Text, rule: Property, where: str) -> Iterator[Finding]:
    if not is_date(value):
        yield Finding(f"{rule.word}_bad_date", f"“{shown(value)}” is no date", where)
    elif not is_typed_date(value):
        message = f"“{shown(value)}” does not say that it is a date (xsd:date or xsd:dateTime)"
        yield Finding(f"{rule.word}_untyped_date", message, where, Severity.NOTE)
