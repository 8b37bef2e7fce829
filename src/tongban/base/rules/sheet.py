"""DMN XML in, safely: no DTD, no entities, no network, bounded size and depth (security row T24)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from .data import ModelError

MAX_BYTES = 10_000_000
MAX_DEPTH = 120
Element = etree._Element


def read_xml(data: bytes) -> Element:
    """The root element of a document; `ModelError` for anything that is not plain, well-formed XML."""
    if len(data) > MAX_BYTES:
        raise ModelError(f"the file is larger than {MAX_BYTES} bytes")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", 0) or 0
        raise ModelError(f"not well-formed XML: {error}", line=line) from None
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
        raise ModelError("a document type declaration is not allowed")
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event in ("comment", "pi"):
            continue
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise ModelError("the elements are nested too deeply", line=line_of(element))
    return root


def tag(element: Element) -> str:
    """The local name; empty for comments and processing instructions."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def line_of(element: Element) -> int:
    """The line of the source file; 0 when it is not known."""
    line = element.sourceline
    return line if isinstance(line, int) else 0


def plain_text(element: Element) -> str:
    """All text inside an element."""
    return "".join(part for part in element.itertext() if isinstance(part, str))


def children(element: Element, *names: str) -> Iterator[Element]:
    """Child elements of the given local names (of any, when none is given) in the parent's namespace."""
    space = etree.QName(element).namespace
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name = etree.QName(child)
        if name.namespace == space and (not names or name.localname in names):
            yield child


def child(element: Element, *names: str) -> Element | None:
    return next(children(element, *names), None)


def text_in(element: Element | None, name: str = "text") -> str | None:
    """The text of a child element, None when it is absent."""
    found = None if element is None else child(element, name)
    return None if found is None else plain_text(found)
