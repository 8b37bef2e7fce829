"""What is open, described as DCAT-AP 3 for other catalogues to harvest."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import RDF, XSD

from ..data import Cycle
from ..open.offers import Offer
from .profile import DCAT, DCT, FOAF, HYDRA

VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
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
_CHINESE = URIRef(f"{_EU}language/ZHO")


def described(offers: Iterable[Offer], site: str, publisher: str, here: str, following: str) -> Graph:
    """A catalogue with these resources. `site` is the public site's address, `here` this page's, `following` that of
    the next page or ""."""
    graph = Graph()
    for prefix, namespace in (("dcat", DCAT), ("dct", DCT), ("foaf", FOAF), ("hydra", HYDRA), ("vcard", VCARD)):
        graph.bind(prefix, namespace)
    catalogue, service = URIRef(f"{site}/open/catalogue"), URIRef(f"{site}/open/api/")
    for predicate, value in (
        (RDF.type, DCAT.Catalog),
        (DCT.title, Literal(f"{publisher}开放数据目录", lang="zh")),
        (DCT.description, Literal(f"{publisher}向社会开放的政务信息资源目录。", lang="zh")),
        (DCT.publisher, _agent(graph, URIRef(f"{site}/open/#publisher"), publisher)),
        (DCT.language, _typed(graph, _CHINESE, DCT.LinguisticSystem)),
        (FOAF.homepage, _typed(graph, URIRef(f"{site}/open/"), FOAF.Document)),
    ):
        graph.add((catalogue, predicate, value))
    for offer in offers:
        dataset = _dataset(graph, offer, site)
        graph.add((catalogue, DCAT.dataset, dataset))
        if offer.register is not None:
            graph.add((service, DCAT.servesDataset, dataset))
    if (service, DCAT.servesDataset, None) in graph:
        graph.add((catalogue, DCAT.service, service))
        graph.add((service, RDF.type, DCAT.DataService))
        graph.add((service, DCT.title, Literal("开放数据接口", lang="zh")))
        graph.add((service, DCAT.endpointURL, service))
        graph.add((service, DCAT.endpointDescription, URIRef(f"{site}/open/api/openapi.json")))
    if following:
        graph.add((URIRef(here), RDF.type, HYDRA.PartialCollectionView))
        graph.add((URIRef(here), HYDRA.next, URIRef(following)))
    return graph


def _dataset(graph: Graph, offer: Offer, site: str) -> URIRef:
    one, page = offer.resource, f"{site}/open/data/{offer.slug}/"
    dataset, office = URIRef(f"{page}#dataset"), URIRef(f"{site}/open/#office-{one.provider}")
    contact = URIRef(f"{office}-contact")
    graph.add((contact, RDF.type, VCARD.Kind))
    graph.add((contact, VCARD.fn, Literal(one.provider_title, lang="zh")))
    frequency = URIRef(f"{_EU}frequency/{_CYCLES[one.cycle]}")
    values = [
        (RDF.type, DCAT.Dataset),
        (DCT.title, Literal(one.title, lang="zh")),
        (DCT.description, Literal(one.summary or one.title, lang="zh")),
        (DCT.identifier, Literal(one.code)),
        (DCT.publisher, _agent(graph, office, one.provider_title or one.provider)),
        (DCAT.contactPoint, contact),
        (DCT.language, _typed(graph, _CHINESE, DCT.LinguisticSystem)),
        (DCT.accrualPeriodicity, _typed(graph, frequency, DCT.Frequency)),
        (DCAT.landingPage, _typed(graph, URIRef(page), FOAF.Document)),
        *((DCAT.keyword, Literal(word, lang="zh")) for word in one.keywords),
    ]
    for predicate, moment in ((DCT.issued, one.published_at), (DCT.modified, one.updated_at)):
        if moment is not None:
            values.append((predicate, Literal(moment.isoformat(timespec="seconds"), datatype=XSD.dateTime)))
    if offer.register is not None:
        values += [(DCAT.distribution, _file(graph, page, form)) for form in _FILES]
    for predicate, value in values:
        graph.add((dataset, predicate, value))
    return dataset


def _file(graph: Graph, page: str, form: str) -> URIRef:
    kind, media = _FILES[form]
    node, address = URIRef(f"{page}#{form}"), URIRef(f"{page}data.{form}")
    kind_of = _typed(graph, URIRef(f"{_EU}file-type/{kind}"), DCT.MediaTypeOrExtent)
    media_of = _typed(graph, URIRef(f"https://www.iana.org/assignments/media-types/{media}"), DCT.MediaType)
    values = [
        (RDF.type, DCAT.Distribution),
        (DCT.title, Literal(kind)),
        (DCAT.accessURL, address),
        (DCAT.downloadURL, address),
        (DCT["format"], kind_of),
        (DCAT.mediaType, media_of),
    ]
    if licence := getattr(settings, "OPEN_LICENCE", ""):
        values.append((DCT.license, _typed(graph, URIRef(licence), DCT.LicenseDocument)))
    for predicate, value in values:
        graph.add((node, predicate, value))
    return node


def _agent(graph: Graph, node: URIRef, name: str) -> URIRef:
    graph.add((node, FOAF.name, Literal(name, lang="zh")))
    return _typed(graph, node, FOAF.Agent)


def _typed(graph: Graph, node: URIRef, kind: URIRef) -> URIRef:
    """The node, said to be of the class that the profile asks for."""
    graph.add((node, RDF.type, kind))
    return node
