"""From bytes to an XML tree that is safe to look at: no DTD, no entities, no network, bounded (T24)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from .data import Finding

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
TONGBAN = "urn:tongban:bpmn:1"
MOST_BYTES = 16 * 1024 * 1024
_PROLOG = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->)*(<!DOCTYPE)?", re.S)
_ROOT = re.compile(rb"<(?:[\w.-]+:)?definitions[\s>]")
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")

Element = etree._Element


class Unreadable(Exception):
    """The bytes are not a BPMN file; `finding` says why."""

    def __init__(self, reason: str, line: int = 1, kind: str = "malformed", element: str = "") -> None:
        self.finding = Finding(element, line, reason, kind)
        super().__init__(reason)


def parse(xml: bytes) -> Element:
    """The `definitions` element of a BPMN 2.0 file, or `Unreadable`."""
    if len(xml) > MOST_BYTES:
        raise Unreadable(f"larger than {MOST_BYTES // 1024 // 1024} MB", kind="refused")
    if _has_doctype(xml):
        raise Unreadable("a document type declaration is not accepted", kind="refused")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Unreadable(f"not well-formed XML: {_first_line(error)}", _line_of(error)) from error
    if getattr(root.getroottree().docinfo, "doctype", ""):
        raise Unreadable("a document type declaration is not accepted", kind="refused")
    if name(root) != "definitions":
        raise Unreadable(f"not a BPMN 2.0 file: the root element is {str(root.tag)[:120]}", line_of(root))
    return root


def looks_like_bpmn(xml: bytes) -> bool:
    """Whether a file of any name is meant to be BPMN 2.0: its namespace and root element stand near the beginning."""
    head = xml[:65536].replace(b"\0", b"")
    return MODEL.encode() in head and _ROOT.search(head) is not None


def name(element: Element) -> str:
    """The BPMN name of an element, empty when it is of another namespace."""
    tag = element.tag
    return tag[len(MODEL) + 2 :] if isinstance(tag, str) and tag.startswith("{" + MODEL + "}") else ""


def line_of(element: Element) -> int:
    line = element.sourceline
    return line if isinstance(line, int) else 0


def children(element: Element, *names: str) -> Iterator[Element]:
    """Child elements of BPMN with one of `names`, or all of them."""
    for child in element:
        found = name(child)
        if found and (not names or found in names):
            yield child


def child(element: Element, name_: str) -> Element | None:
    return next(children(element, name_), None)


def text_of(element: Element | None) -> str:
    """The whole text inside an element."""
    return "".join(str(t) for t in element.itertext()).strip() if element is not None else ""


def own(element: Element, key: str) -> str:
    """An attribute of our extension namespace, on the element itself or as a child of its
    `extensionElements`."""
    direct = element.get(f"{{{TONGBAN}}}{key}")
    if direct is not None:
        return direct.strip()
    extensions = child(element, "extensionElements")
    inner = extensions.find(f"{{{TONGBAN}}}{key}") if extensions is not None else None
    return text_of(inner)


def local(reference: str | None) -> str:
    """A reference without its namespace prefix: `ns:id` is `id`."""
    return (reference or "").strip().rpartition(":")[2]


def _has_doctype(xml: bytes) -> bool:
    """A document type can only stand in the prolog; read it in whatever width its characters have."""
    head = xml[:200_000]
    for mark in _MARKS:
        head = head.removeprefix(mark)
    match = _PROLOG.match(head.replace(b"\0", b""))
    return bool(match and match.group(1))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _line_of(error: Exception) -> int:
    return int(getattr(error, "lineno", None) or 1)
