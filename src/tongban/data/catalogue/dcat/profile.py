"""What DCAT-AP 3.0.1 asks of each class, read from the shapes that its publisher ships with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from rdflib import Graph, Namespace
from rdflib.namespace import RDF, SH
from rdflib.term import Node, URIRef

SHAPES = Path(__file__).parent / "vocabulary" / "dcat-ap-3.0.1.shapes.ttl"

ADMS = Namespace("http://www.w3.org/ns/adms#")
DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCT = Namespace("http://purl.org/dc/terms/")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")

_SHORT = {
    str(ADMS): "adms",
    str(DCAT): "dcat",
    str(DCT): "dct",
    str(FOAF): "foaf",
    "http://data.europa.eu/r5r/": "dcatap",
    "http://spdx.org/rdf/terms#": "spdx",
    "http://www.w3.org/ns/odrl/2/": "odrl",
    "http://www.w3.org/ns/prov#": "prov",
    "http://www.w3.org/2004/02/skos/core#": "skos",
}

# The properties DCAT-AP 3.0.1 recommends; its shapes do not tell them from optional ones.
RECOMMENDED: dict[URIRef, tuple[URIRef, ...]] = {
    DCAT.Dataset: (
        DCAT.contactPoint,
        DCAT.distribution,
        DCAT.keyword,
        DCT.publisher,
        DCT.spatial,
        DCT.temporal,
        DCAT.theme,
    ),
    DCAT.DatasetSeries: (DCAT.contactPoint, DCT.publisher, DCT.spatial, DCT.temporal),
    DCAT.DataService: (
        DCAT.contactPoint,
        DCAT.endpointDescription,
        DCAT.keyword,
        DCT.publisher,
        DCAT.servesDataset,
        DCAT.theme,
    ),
    DCAT.Catalog: (FOAF.homepage, DCT.language, DCT.license, DCT.issued, DCT.spatial, DCAT.themeTaxonomy, DCT.modified),
}


@dataclass(frozen=True)
class Property:
    """One property of a class. `text` tells a literal from a reference; `datatype` is "" where any will do."""

    iri: URIRef
    mandatory: bool = False
    single: bool = False
    text: bool | None = None
    datatype: str = ""

    @cached_property
    def short(self) -> str:
        """As people write it: `dct:title`."""
        return short(self.iri)

    @cached_property
    def word(self) -> str:
        """The word that codes begin with: `access_url` for dcat:accessURL."""
        name = self.short.rsplit(":", 1)[-1].replace("URL", "Url")
        return "".join(f"_{one.lower()}" if one.isupper() else one for one in name)


def short(iri: Node) -> str:
    """An IRI with the usual prefix, or whole."""
    text = str(iri)
    for namespace, prefix in _SHORT.items():
        if text.startswith(namespace):
            return f"{prefix}:{text[len(namespace) :]}"
    return text


def properties(kind: URIRef) -> dict[Node, Property]:
    """The properties of a class."""
    return _profile().get(kind, {})


@cache
def mandatory(kind: URIRef) -> tuple[Property, ...]:
    """What an entry of this class must have, by name."""
    return tuple(sorted((one for one in properties(kind).values() if one.mandatory), key=lambda one: one.short))


def shapes() -> Graph:
    """The shapes of DCAT-AP 3.0.1, without the two constraints that its publisher names and never describes."""
    graph = Graph(bind_namespaces="none").parse(SHAPES, format="turtle")
    for shape, constraint in list(graph.subject_objects(SH.property)):
        if graph.value(constraint, SH.path) is None:
            graph.remove((shape, SH.property, constraint))
    return graph


@cache
def _profile() -> dict[URIRef, dict[Node, Property]]:
    graph = shapes()
    profile: dict[URIRef, dict[Node, Property]] = {}
    for shape, kind in graph.subject_objects(SH.targetClass):
        of_kind = profile.setdefault(URIRef(str(kind)), {})
        for constraint in graph.objects(shape, SH.property):
            iri = URIRef(str(graph.value(constraint, SH.path)))
            node_kind = graph.value(constraint, SH.nodeKind)
            known = of_kind.get(iri, Property(iri))
            of_kind[iri] = Property(
                iri,
                mandatory=known.mandatory or graph.value(constraint, SH.minCount) is not None,
                single=known.single or graph.value(constraint, SH.maxCount) is not None,
                text=node_kind == SH.Literal if node_kind else known.text,
                datatype=str(graph.value(constraint, SH.datatype) or known.datatype),
            )
    return profile


__all__ = [
    "ADMS",
    "DCAT",
    "DCT",
    "FOAF",
    "HYDRA",
    "RDF",
    "RECOMMENDED",
    "SHAPES",
    "Property",
    "mandatory",
    "properties",
    "shapes",
    "short",
]
