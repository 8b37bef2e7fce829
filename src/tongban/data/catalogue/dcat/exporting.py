"""What is open, described as DCAT-AP 3 for other catalogues to harvest."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain
from typing import Any

import pyoxigraph
from django.conf import settings
from pyoxigraph import NamedNode, RdfFormat, Triple

from ..data import Cycle
from ..open.offers import Offer
from .terms import DCAT, DCT, FOAF, HYDRA, RDF, VCARD, XSD, Iri, Text

_EU = "http://publications.europa.eu/resource/authority/"
_CYCLES = {
    Cycle.REALTIME: "UPDATE_CONT",
    Cycle.DAILY: "DAILY",
    Cycle.WEEKLY: "WEEKLY",
    Cycle.MONTHLY: "MONTHLY",
    Cycle.QUARTERLY: "QUARTERLY",
    Cycle.HALF_YEARLY: "ANNUAL_2",
    Cycle.YEARLY: "ANNUAL",
    Cycle.IRREGULAR: "IRREG",
}
_FILES = {
    "csv": ("CSV", "text/csv"),
    "xlsx": ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "json": ("JSON", "application/json"),
}
_CHINESE = Iri(f"{_EU}language/ZHO")
_SPACES = {"dcat": DCAT, "dct": DCT, "foaf": FOAF, "hydra": HYDRA, "rdf": RDF, "vcard": VCARD, "xsd": XSD}
_PREFIXES = {prefix: space.iri for prefix, space in _SPACES.items()}


class Graph:
    """Statements, each once, those of a subject together."""

    def __init__(self) -> None:
        self._said: dict[Iri, dict[Triple, None]] = {}

    def add(self, statement: tuple[Iri, Iri, Iri | Text]) -> None:
        subject, predicate, value = statement
        triple = Triple(NamedNode(subject), NamedNode(predicate), _term(value))
        self._said.setdefault(subject, {})[triple] = None

    def __contains__(self, subject: Iri) -> bool:
        return subject in self._said

    def serialize(self, form: RdfFormat) -> bytes:
        if form == RdfFormat.JSON_LD:
            document = {"@context": _PREFIXES, "@graph": [self._node(subject) for subject in self._said]}
            return json.dumps(document, ensure_ascii=False).encode()
        return pyoxigraph.serialize(chain.from_iterable(self._said.values()), format=form, prefixes=_PREFIXES) or b""

    def _node(self, subject: Iri) -> dict[str, Any]:
        """As people write JSON-LD; the library's own has neither prefixes nor `@type`."""
        node: dict[str, Any] = {"@id": subject}
        for triple in self._said[subject]:
            word, value = _short(triple.predicate.value), triple.object
            if isinstance(value, NamedNode):
                known = _short(value.value) if word == "rdf:type" else {"@id": value.value}
                node.setdefault("@type" if word == "rdf:type" else word, []).append(known)
            elif isinstance(value, pyoxigraph.Literal):
                about = {"@language": value.language} if value.language else {"@type": value.datatype.value}
                node.setdefault(word, []).append({"@value": value.value, **about})
        return node


def _short(iri: str) -> str:
    return next(
        (f"{short}:{iri.removeprefix(space)}" for short, space in _PREFIXES.items() if iri.startswith(space)), iri
    )


def _term(value: Iri | Text) -> NamedNode | pyoxigraph.Literal:
    if isinstance(value, Iri):
        return NamedNode(value)
    if value.datatype:
        return pyoxigraph.Literal(value, datatype=NamedNode(value.datatype))
    return pyoxigraph.Literal(value, language=value.language or None)


def described(offers: Iterable[Offer], site: str, publisher: str, here: str, following: str) -> Graph:
    """A catalogue with these resources. `site` is the public site's address, `here` this page's, `following` that of
    the next page or ""."""
    graph = Graph()
    catalogue, service = Iri(f"{site}/open/catalogue"), Iri(f"{site}/open/api/")
    for predicate, value in (
        (RDF.type, DCAT.Catalog),
        (DCT.title, Text(f"{publisher}开放数据目录", "zh")),
        (DCT.description, Text(f"{publisher}向社会开放的政务信息资源目录。", "zh")),
        (DCT.publisher, _agent(graph, Iri(f"{site}/open/#publisher"), publisher)),
        (DCT.language, _typed(graph, _CHINESE, DCT.LinguisticSystem)),
        (FOAF.homepage, _typed(graph, Iri(f"{site}/open/"), FOAF.Document)),
    ):
        graph.add((catalogue, predicate, value))
    for offer in offers:
        dataset = _dataset(graph, offer, site)
        graph.add((catalogue, DCAT.dataset, dataset))
        if offer.register is not None:
            graph.add((service, DCAT.servesDataset, dataset))
    if service in graph:
        graph.add((catalogue, DCAT.service, service))
        graph.add((service, RDF.type, DCAT.DataService))
        graph.add((service, DCT.title, Text("开放数据接口", "zh")))
        graph.add((service, DCAT.endpointURL, service))
        graph.add((service, DCAT.endpointDescription, Iri(f"{site}/open/api/openapi.json")))
    if following:
        graph.add((Iri(here), RDF.type, HYDRA.PartialCollectionView))
        graph.add((Iri(here), HYDRA.next, Iri(following)))
    return graph


def _dataset(graph: Graph, offer: Offer, site: str) -> Iri:
    one, page = offer.resource, f"{site}/open/data/{offer.slug}/"
    dataset, office = Iri(f"{page}#dataset"), Iri(f"{site}/open/#office-{one.provider}")
    contact = Iri(f"{office}-contact")
    graph.add((contact, RDF.type, VCARD.Kind))
    graph.add((contact, VCARD.fn, Text(one.provider_title, "zh")))
    frequency = Iri(f"{_EU}frequency/{_CYCLES[one.cycle]}")
    values: list[tuple[Iri, Iri | Text]] = [
        (RDF.type, DCAT.Dataset),
        (DCT.title, Text(one.title, "zh")),
        (DCT.description, Text(one.summary or one.title, "zh")),
        (DCT.identifier, Text(one.code)),
        (DCT.publisher, _agent(graph, office, one.provider_title or one.provider)),
        (DCAT.contactPoint, contact),
        (DCT.language, _typed(graph, _CHINESE, DCT.LinguisticSystem)),
        (DCT.accrualPeriodicity, _typed(graph, frequency, DCT.Frequency)),
        (DCAT.landingPage, _typed(graph, Iri(page), FOAF.Document)),
        *((DCAT.keyword, Text(word, "zh")) for word in one.keywords),
    ]
    for predicate, moment in ((DCT.issued, one.published_at), (DCT.modified, one.updated_at)):
        if moment is not None:
            values.append((predicate, Text(moment.isoformat(timespec="seconds"), datatype=XSD.dateTime)))
    if offer.register is not None:
        values += [(DCAT.distribution, _file(graph, page, form)) for form in _FILES]
    for predicate, value in values:
        graph.add((dataset, predicate, value))
    return dataset


def _file(graph: Graph, page: str, form: str) -> Iri:
    kind, media = _FILES[form]
    node, address = Iri(f"{page}#{form}"), Iri(f"{page}data.{form}")
    kind_of = _typed(graph, Iri(f"{_EU}file-type/{kind}"), DCT.MediaTypeOrExtent)
    media_of = _typed(graph, Iri(f"https://www.iana.org/assignments/media-types/{media}"), DCT.MediaType)
    values: list[tuple[Iri, Iri | Text]] = [
        (RDF.type, DCAT.Distribution),
        (DCT.title, Text(kind)),
        (DCAT.accessURL, address),
        (DCAT.downloadURL, address),
        (DCT.format, kind_of),
        (DCAT.mediaType, media_of),
    ]
    if licence := getattr(settings, "OPEN_LICENCE", ""):
        values.append((DCT.license, _typed(graph, Iri(licence), DCT.LicenseDocument)))
    for predicate, value in values:
        graph.add((node, predicate, value))
    return node


def _agent(graph: Graph, node: Iri, name: str) -> Iri:
    graph.add((node, FOAF.name, Text(name, "zh")))
    return _typed(graph, node, FOAF.Agent)


def _typed(graph: Graph, node: Iri, kind: Iri) -> Iri:
    """The node, said to be of the class that the profile asks for."""
    graph.add((node, RDF.type, kind))
    return node
