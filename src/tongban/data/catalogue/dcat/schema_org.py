"""Datasets described for search engines in the words of schema.org, read as DCAT."""

from __future__ import annotations

from .statements import Statements, Values
from .terms import DCAT, DCT, FOAF, RDF, Iri, Namespace, Node, Text
from .values import address_fault

_SPACES = ("https://schema.org/", "http://schema.org/")
_CLASSES = {
    "Dataset": DCAT.Dataset,
    "DataCatalog": DCAT.Catalog,
    "DataDownload": DCAT.Distribution,
    "Organization": FOAF.Agent,
    "GovernmentOrganization": FOAF.Agent,
    "Person": FOAF.Agent,
}
_WORDS = {
    "name": DCT.title,
    "description": DCT.description,
    "identifier": DCT.identifier,
    "keywords": DCAT.keyword,
    "publisher": DCT.publisher,
    "datePublished": DCT.issued,
    "dateModified": DCT.modified,
    "license": DCT.license,
    "distribution": DCAT.distribution,
    "dataset": DCAT.dataset,
    "url": DCAT.landingPage,
    "contentUrl": DCAT.accessURL,
}
_ADDRESSES = (DCT.license, DCAT.landingPage, DCAT.accessURL)  # schema.org lets them be text
_OF_CLASS: dict[Node, dict[Iri, Iri]] = {  # where the same word means something else
    DCAT.Distribution: {DCAT.landingPage: DCAT.accessURL},
    DCAT.Catalog: {DCAT.landingPage: FOAF.homepage},
    FOAF.Agent: {DCT.title: FOAF.name, DCAT.landingPage: FOAF.homepage},
}
CLASSES = tuple(Namespace(space).__getattr__(name) for space in _SPACES for name in ("Dataset", "DataCatalog"))
LISTING = tuple(Namespace(space).dataset for space in _SPACES)


def translated(statements: Statements) -> bool:
    """Whether these are statements in schema.org's words; they are from then on read as those of DCAT, where it has
    any."""
    if next(statements.of_type(*CLASSES), None) is None or next(statements.of_type(DCAT.Dataset), None) is not None:
        return False
    statements.read = _translated
    statements.about.cache_clear()
    for node, types in statements.typed.items():
        statements.typed[node] = tuple(_CLASSES.get(_name(one), one) for one in types)
    for word in LISTING:
        statements.listing[DCAT.dataset] |= statements.listing[word]
    return True


def _translated(values: Values) -> Values:
    types: list[Node] = [_CLASSES.get(_name(one), one) for one in values.get(RDF.type, ())]
    special = next((_OF_CLASS[one] for one in types if one in _OF_CLASS), {})
    said: Values = {RDF.type: types} if types else {}
    for word, given in values.items():
        if word == RDF.type:
            continue
        known = _WORDS.get(_name(word), word)
        known = special.get(known, known)
        said.setdefault(known, []).extend(_address(one) if known in _ADDRESSES else one for one in given)
    return said


def _name(node: Node) -> str:
    """The word of schema.org that a node is, "" if none."""
    return next((node[len(one) :] for one in _SPACES if node.startswith(one)), "")


def _address(value: Node) -> Node:
    return Iri(value) if isinstance(value, Text) and not address_fault(value) else value
