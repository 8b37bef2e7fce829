"""From text to statements or JSON: what it is, is told from its content, never from its name."""

from __future__ import annotations

import json
import logging
import re
import xml.parsers.expat
from dataclasses import dataclass
from typing import Any
from xml.sax import SAXParseException

import rdflib
from rdflib.exceptions import ParserError
from rdflib.graph import Dataset, Graph
from rdflib.plugins.parsers.jsonld import to_rdf
from rdflib.plugins.shared.jsonld.errors import JSONLDException

from . import contexts, progress
from .report import Finding, Unreadable, shown
from .statements import Statements, misspelt

DEEPEST = 64  # levels of JSON, XML or nested nodes (T33)
BASE = "http://relative.invalid/"  # what relative IRIs of a file without a base are resolved against

_NAMESPACES = 500
_ROOTS = ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.w3.org/ns/dcat#")  # RDF/XML of one node needs none

_TERM = r'(?:<[^<>"{}|^`\\\s]*>|_:[^\s<>"]+)'
_LITERAL = r'"(?:[^"\\\n]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^<>\s]*>)?'
_NTRIPLE = re.compile(rf"^{_TERM}\s*<[^<>\s]*>\s*(?:{_TERM}|{_LITERAL})\s*\.\s*(?:#.*)?$")
_NQUAD = re.compile(rf"^{_TERM}\s*<[^<>\s]*>\s*(?:{_TERM}|{_LITERAL})\s*{_TERM}\s*\.\s*(?:#.*)?$")
_XML = re.compile(r"<(\?xml|!DOCTYPE|!--)|<[A-Za-z_][\w.-]*(:[A-Za-z_][\w.-]*)?\s[^<>]*xmlns", re.I)
_HTML = re.compile(r"<(!DOCTYPE\s+html|html[\s>])", re.I)
_JSON = re.compile(r'[{\[]\s*(["{\[}\]]|$|-?\d|true|false|null)')

# A broken address or date in somebody's file is our finding, not the parser's line on standard error.
logging.getLogger("rdflib").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Parsed:
    """`statements` of RDF, or `document` of plain JSON that is no linked data."""

    format: str
    statements: Statements | None = None
    document: Any = None
    findings: tuple[Finding, ...] = ()


def parse(text: str, base: str = BASE) -> Parsed:
    """Read a text of unknown kind. `Unreadable` says what is wrong with it and where."""
    text = text.lstrip("\ufeff \t\r\n")
    if not text:
        raise Unreadable("empty", "the file is empty")
    if _HTML.match(text[:2000]):
        raise Unreadable("web_page", "this is a web page, not a catalogue; the address of the file itself is needed")
    if _XML.match(text[:5000]):
        return Parsed("rdf/xml", _xml(text, base))
    if text[0] in "{[" and _JSON.match(text[:1000]):
        return _json(text, base)
    kind = _lines(text)
    if kind:
        return Parsed(kind, _rdf(text, "nt" if kind == "n-triples" else "nquads", base))
    if not _looks_like_turtle(text):
        raise Unreadable("format_unknown", "this is neither RDF nor a catalogue in JSON")
    return _turtle(text, base)


def _lines(text: str) -> str:
    """Whether the first lines are N-Triples or N-Quads: one statement a line, full addresses only."""
    head = [one.strip() for one in text[:20_000].split("\n")[:50]]
    if len(text) > 20_000:
        head = head[:-1] or head
    head = [one for one in head if one and not one.startswith("#")]
    if head and all(_NTRIPLE.match(one) or _NQUAD.match(one) for one in head):
        return "n-triples" if all(_NTRIPLE.match(one) for one in head) else "n-quads"
    return ""


def _looks_like_turtle(text: str) -> bool:
    head = text[:20_000]
    return bool(re.search(r"(?im)^\s*@?(prefix|base)\b|<[a-z][a-z0-9+.-]*:[^<>\s]*>|\b[\w-]+:[\w-]+\s", head))


def _turtle(text: str, base: str) -> Parsed:
    try:
        return Parsed("turtle", _rdf(text, "turtle", base))
    except Unreadable as error:
        if "{" not in text:
            raise
        try:
            return Parsed("trig", _rdf(text, "trig", base))
        except Unreadable as other:
            raise max(error, other, key=lambda one: one.line) from None


def _rdf(text: Any, kind: str, base: str) -> Statements:
    """Any failure inside a parser is a fault of the text it was given; nothing else runs here."""
    whole = text if isinstance(text, str) else repr(text)
    statements = Statements(misspelt(whole))
    progress.at("things described", statements.about.__len__)
    del whole
    quads = kind in ("nquads", "trig")
    graph = Dataset(store=statements) if quads else Graph(store=statements, bind_namespaces="none")
    normal, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    try:
        if kind == "json-ld":
            to_rdf(text, graph, base=base)
        else:
            graph.parse(data=text, format=kind, publicID=base)
    except RecursionError as error:
        raise Unreadable("too_deep", "nested too deeply") from error
    except MemoryError as error:
        raise Unreadable("too_large", "too large for this machine's memory") from error
    except Exception as error:
        raise _not_well_formed(error, text, kind) from error
    finally:
        rdflib.NORMALIZE_LITERALS = normal
    statements.parsed()
    return statements


def _not_well_formed(error: Exception, text: str, kind: str) -> Unreadable:
    line = getattr(error, "lines", None)
    if isinstance(line, int):  # Turtle and TriG count from 0
        return Unreadable("not_well_formed", f"line {line + 1}: {_why(error)}", line + 1)
    if isinstance(error, SAXParseException):
        at = error.getLineNumber() or 0
        return Unreadable("not_well_formed", f"line {at}: {shown(error.getMessage())}", at)
    if isinstance(error, IndexError) and kind in ("turtle", "trig"):
        at = text.count("\n") + 1
        return Unreadable("not_well_formed", f"line {at}: the file ends in the middle of a statement", at)
    placed = re.match(r"\S*?:(\d+):\d+: (.*)", str(error), re.S)  # what RDF/XML forbids, beyond XML
    if placed and kind == "xml":
        return Unreadable("not_well_formed", f"line {placed[1]}: {shown(placed[2])}", int(placed[1]))
    if not isinstance(error, ParserError | ValueError | JSONLDException):
        return Unreadable("not_well_formed", f"the parser gives up on this {kind} ({type(error).__name__})")
    if isinstance(error, ParserError) and kind in ("nt", "nquads"):
        wrong = re.search(r"Invalid line(?: \(.*?\))?:?\s*(?:\n)?'?(.*)", str(error), re.S)
        at = _line_of(text, wrong.group(1)) if wrong else 0
        return Unreadable("not_well_formed", f"line {at}: this is no statement" if at else shown(error), at)
    return Unreadable("not_well_formed", shown(f"the file cannot be parsed: {error or type(error).__name__}"))


def _why(error: Exception) -> str:
    return shown(getattr(error, "_why", "") or "syntax error")


def _line_of(text: str, piece: str) -> int:
    piece = piece.strip().rstrip("'")[:200]
    at = text.find(piece) if piece else -1
    return text.count("\n", 0, at) + 1 if at >= 0 else 0


# XML


def _xml(text: str, base: str) -> Statements:
    root = _walls(text)
    if not root.startswith(_ROOTS):
        name = root.rsplit(" ", 1)[-1]
        raise Unreadable("xml_not_rdf", f"this is XML, but not RDF: its first element is {shown(name)}")
    return _rdf(re.sub(r"^<\?xml[^>]*\?>", "", text, count=1), "xml", base)


def _walls(text: str) -> str:
    """The name of the first element, after the whole text was found well-formed, shallow and without a document
    type: a document type is where entities that explode or read files come from (T24)."""
    depth, root, names = 0, "", 0

    def named(_prefix: str | None, _namespace: str | None) -> None:
        nonlocal names
        names += 1
        if names > _NAMESPACES:  # each is copied with all before it further on
            raise Unreadable("too_deep", f"more than {_NAMESPACES} namespaces at once", parser.CurrentLineNumber)

    def forgotten(_prefix: str | None) -> None:
        nonlocal names
        names -= 1

    def start(name: str, _attributes: Any) -> None:
        nonlocal depth, root
        depth += 1
        root = root or name
        if depth > DEEPEST:
            raise Unreadable("too_deep", f"more than {DEEPEST} levels", parser.CurrentLineNumber)

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_about: Any) -> None:
        message = "it holds a document type (DOCTYPE), which can hide entities; remove it and harvest again"
        raise Unreadable("doctype_refused", message, parser.CurrentLineNumber)

    parser = xml.parsers.expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartNamespaceDeclHandler, parser.EndNamespaceDeclHandler = named, forgotten
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except xml.parsers.expat.ExpatError as error:
        if _HTML.search(text[:2000]):
            raise Unreadable("web_page", "this is a web page, not a catalogue") from error
        message = f"line {error.lineno}: {xml.parsers.expat.ErrorString(error.code)}"
        raise Unreadable("not_well_formed", message, error.lineno) from error
    return root.replace("# ", "#")


# JSON


def _json(text: str, base: str) -> Parsed:
    document, said = _document(text, base)
    if isinstance(document, Parsed):
        return document
    shallow(document)
    if not is_linked(document):
        return Parsed("json", document=document, findings=tuple(said))
    try:
        whole, findings = contexts.resolved(document)
        statements = _rdf(whole, "json-ld", base)
    except RecursionError as error:
        raise Unreadable("too_deep", "nested too deeply") from error
    return Parsed("json-ld", statements, findings=(*said, *findings))


def _document(text: str, base: str) -> tuple[Any, list[Finding]]:
    try:
        return json.loads(text, parse_constant=no_number), []
    except json.JSONDecodeError as error:
        if text[:1] == "[" and _looks_like_turtle(text) and re.match(r"\[\s*(\]|[\w-]*:|a\s)", text):
            return _turtle(text, base), []
        if error.msg == "Extra data" and (rows := _json_lines(text)):
            return rows
        message = "the file ends too early" if error.pos >= len(text.rstrip()) else error.msg
        raise Unreadable("not_well_formed", f"line {error.lineno}: {message}", error.lineno) from error
    except RecursionError as error:
        raise Unreadable("too_deep", "nested too deeply") from error
    except ValueError as error:
        raise Unreadable("not_well_formed", shown(f"a number that is none: {error}")) from error


def _json_lines(text: str) -> tuple[list[Any], list[Finding]] | None:
    """One object a line; None where the first two lines are none."""
    rows: list[Any] = []
    said: list[Finding] = []
    for at, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            rows.append(json.loads(line, parse_constant=no_number))
        except (ValueError, RecursionError):
            if at <= 2:
                return None
            if len(said) < 100:
                said.append(Finding("line_not_json", f"line {at} is no JSON and is left out", f"line {at}"))
    return rows, said


def no_number(name: str) -> float:
    """Python reads `NaN` and `Infinity` where JSON has no such numbers."""
    raise ValueError(name)


def shallow(document: Any, above: int = 0) -> None:
    """`Unreadable` for what is nested too deeply; `above` levels stand over it."""
    level, depth = [document], above
    while level:
        depth += 1
        if depth > DEEPEST:
            raise Unreadable("too_deep", f"more than {DEEPEST} levels")
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                below.extend(value for value in one.values() if isinstance(value, dict | list))
            elif isinstance(one, list):
                below.extend(value for value in one if isinstance(value, dict | list))
        level = below


_DATA_JSON = re.compile(r"project-open-data|resources\.data\.gov|pod\.schema", re.I)


def is_linked(document: Any) -> bool:
    """Whether it is JSON-LD; data.json 1.1 names a context as well, but is read by its own rules."""
    if isinstance(document, list):
        return any(isinstance(one, dict) and ("@id" in one or "@type" in one) for one in document[:20]) and not any(
            isinstance(one, dict) and "accessLevel" in one for one in document[:20]
        )
    if not isinstance(document, dict) or "@graph" in document:
        return isinstance(document, dict)
    said = (
        f"{document.get('conformsTo')} {document.get('@context') if isinstance(document.get('@context'), str) else ''}"
    )
    if _DATA_JSON.search(said):
        return False
    return "@context" in document or "@id" in document
