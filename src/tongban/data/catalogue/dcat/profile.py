"""What DCAT-AP 3.0.1 asks of each class, read from the shapes that its publisher ships with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from pyoxigraph import RdfFormat, parse

from .statements import Statements
from .terms import ADMS, DCAT, DCT, FOAF, SH, Iri, Node

SHAPES = Path(__file__).parent / "vocabulary" / "dcat-ap-3.0.1.shapes.ttl"

_SHORT = {
    ADMS.iri: "adms",
    DCAT.iri: "dcat",
    DCT.iri: "dct",
    FOAF.iri: "foaf",
    "http://data.europa.eu/r5r/": "dcatap",
    "http://spdx.org/rdf/terms#": "spdx",
    "http://www.w3.org/ns/odrl/2/": "odrl",
    "http://www.w3.org/ns/prov#": "prov",
    "http://www.w3.org/2004/02/skos/core#": "skos",
}

# The properties DCAT-AP 3.0.1 recommends; its shapes do not tell them from optional ones.
RECOMMENDED: dict[Iri, tuple[Iri, ...]] = {
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

    iri: Iri
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


def short(iri: Iri) -> str:
    """An IRI with the usual prefix, or whole."""
    for namespace, prefix in _SHORT.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri


def properties(kind: Iri) -> dict[Iri, Property]:
    """The properties of a class."""
    return _profile().get(kind, {})


def classes() -> Iterable[Iri]:
    """The classes it has rules for."""
    return _profile()


@cache
def mandatory(kind: Iri) -> tuple[Property, ...]:
    """What an entry of this class must have, by name."""
    return tuple(sorted((one for one in properties(kind).values() if one.mandatory), key=lambda one: one.short))


@cache
def _profile() -> dict[Iri, dict[Iri, Property]]:
    shapes = Statements(listing=[SH.targetClass])
    shapes.take(parse(path=SHAPES, format=RdfFormat.TURTLE))

    def value(node: Node, predicate: Iri) -> str:
        return next((str(one) for one in shapes.values(node, predicate)), "")

    profile: dict[Iri, dict[Iri, Property]] = {}
    for shape in shapes.listing[SH.targetClass]:
        of_kind = profile.setdefault(Iri(value(shape, SH.targetClass)), {})
        for constraint in shapes.values(shape, SH.property):
            iri, node_kind = Iri(value(constraint, SH.path)), value(constraint, SH.nodeKind)
            known = of_kind.get(iri, Property(iri))
            of_kind[iri] = Property(
                iri,
                mandatory=known.mandatory or bool(shapes.values(constraint, SH.minCount)),
                single=known.single or bool(shapes.values(constraint, SH.maxCount)),
                text=node_kind == SH.Literal if node_kind else known.text,
                datatype=value(constraint, SH.datatype) or known.datatype,
            )
    return profile
