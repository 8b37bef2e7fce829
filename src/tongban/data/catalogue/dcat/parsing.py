"""From text to statements or JSON: what it is, is told from its content, never from its name."""

from __future__ import annotations

import html
import json
import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Any, cast

import pyoxigraph
from pyoxigraph import RdfFormat

from . import progress, streaming
from .contexts import Contexts
from .documents import document, is_linked, shallow
from .markup import WEB_PAGE, rdf_xml
from .report import Finding, Severity, Unreadable, shown
from .statements import Statements

_TERM = r'(?:<[^<>"{}|^`\\\s]*>|_:[^\s<>"]+)'
_LITERAL = r'"(?:[^"\\\n]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^<>\s]*>)?'
_NTRIPLE = re.compile(rf"^{_TERM}\s*<[^<>\s]*>\s*(?:{_TERM}|{_LITERAL})\s*\.\s*(?:#.*)?$")
_NQUAD = re.compile(rf"^{_TERM}\s*<[^<>\s]*>\s*(?:{_TERM}|{_LITERAL})\s*{_TERM}\s*\.\s*(?:#.*)?$")
_XML = re.compile(r"<(\?xml|!DOCTYPE|!--)|<[A-Za-z_][\w.-]*(:[A-Za-z_][\w.-]*)?\s[^<>]*xmlns", re.I)
_SCRIPT = re.compile(r"""<script\b[^>]*type=["']?application/ld\+json[^>]*>(.*?)</script>""", re.I | re.S)
_ENTRY = re.compile(r'"@type"\s*:\s*\[?\s*"[^"]*(Dataset|Catalog|DataService)"')
_TURTLE_LIST = re.compile(r"\[\s*(\]\s*[a-zA-Z<]|[\w-]*:|a\s)")
_PLACE = re.compile(r"^Parser error at line .*?: ")
_HEAD = 20_000  # bytes that tell what a file is
_JSON = re.compile(r'[{\[]\s*(["{\[}\]]|$|-?\d|true|false|null)')


@dataclass(frozen=True)
class Parsed:
    """`statements` of RDF, or `document` of plain JSON that is no linked data."""

    format: str
    statements: Statements | None = None
    document: Any = None
    findings: tuple[Finding, ...] = ()


def parse(file: IO[bytes], base: str, empty: Callable[[], Statements]) -> Parsed:
    """Read a text of unknown kind in UTF-8. `Unreadable` says what is wrong with it and where."""
    parsed = _parsed(file, base, empty)
    if parsed.statements is not None:
        parsed.statements.parsed()
    return parsed


def _parsed(file: IO[bytes], base: str, empty: Callable[[], Statements]) -> Parsed:
    head = file.read(_HEAD).decode("utf-8", "ignore")
    file.seek(0)
    if WEB_PAGE.match(head[:2000]):
        return _embedded(file, base, empty())
    if _XML.match(head[:5000]):
        file, said = rdf_xml(file, head)
        return Parsed("rdf/xml", _rdf(file, RdfFormat.RDF_XML, base, empty()), findings=tuple(said))
    if head[0] in "{[" and _JSON.match(head[:1000]) and not _TURTLE_LIST.match(head):
        return _json(file, base, empty)
    if kind := _lines(head):
        form = RdfFormat.N_TRIPLES if kind == "n-triples" else RdfFormat.N_QUADS
        return Parsed(kind, _rdf(file, form, base, empty()))
    if not _looks_like_turtle(head):
        what = "this is markup, but neither RDF nor a web page" if head[0] == "<" else "this is neither RDF nor JSON"
        raise Unreadable("format_unknown", f"{what}; no catalogue can be read from it")
    statements = _rdf(file, RdfFormat.TRIG, base, empty())  # Turtle is TriG without names of graphs
    return Parsed("trig" if statements.named else "turtle", statements)


def _embedded(file: IO[bytes], base: str, statements: Statements) -> Parsed:
    """The JSON-LD that a web page carries for search engines."""
    pieces = [
        document(html.unescape(one) if "&quot;" in one else one)[0]
        for one in _SCRIPT.findall(file.read().decode())
        if _ENTRY.search(one)
    ]
    if not pieces:
        raise Unreadable("web_page", "this is a web page, not a catalogue; the address of the file itself is needed")
    for piece in pieces:
        shallow(piece)
    said = Finding("embedded", "this is a web page; the JSON-LD in it was read", severity=Severity.NOTE)
    return _linked([one for one in pieces if isinstance(one, dict | list)], base, statements, [said])


def _lines(head: str) -> str:
    """Whether the first lines are N-Triples or N-Quads: one statement a line, full addresses only."""
    lines = [one.strip() for one in head.split("\n")[:50]]
    if len(head) > _HEAD // 4:
        lines = lines[:-1] or lines
    lines = [one for one in lines if one and not one.startswith("#")]
    if lines and all(_NTRIPLE.match(one) or _NQUAD.match(one) for one in lines):
        return "n-triples" if all(_NTRIPLE.match(one) for one in lines) else "n-quads"
    return ""


def _looks_like_turtle(head: str) -> bool:
    return bool(re.search(r"(?im)^\s*@?(prefix|base)\b|<[a-z][a-z0-9+.-]*:[^<>\s]*>|\b[\w-]+:[\w-]+\s", head))


def _rdf(file: IO[bytes] | bytes, form: RdfFormat, base: str, statements: Statements) -> Statements:
    progress.at("statements read", lambda: statements.count)
    try:
        statements.take(pyoxigraph.parse(file, form, base_iri=base, lenient=True))
    except SyntaxError as error:
        message, line = shown(_PLACE.sub("", error.msg)), error.lineno or 0
        if form == RdfFormat.RDF_XML and not isinstance(file, bytes):
            line = _line_of_fault(file, base)
        raise Unreadable("not_well_formed", f"line {line}: {message}" if line else message, line) from error
    except ValueError as error:  # a base that is none
        raise Unreadable("not_well_formed", shown(f"the file cannot be parsed: {error}")) from error
    return statements


class _ByLine:
    """A file that is handed out line by line."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.line = file, 0

    def read(self, size: int = -1) -> bytes:
        self.line += 1
        return self.file.readline(size)


def _line_of_fault(file: IO[bytes], base: str) -> int:
    """The parser of RDF/XML does not say where it stopped: how far it reads, does."""
    file.seek(0)
    lines = _ByLine(file)
    try:
        deque(pyoxigraph.parse(cast("IO[bytes]", lines), RdfFormat.RDF_XML, base_iri=base, lenient=True), maxlen=0)
    except SyntaxError:
        return lines.line
    return 0


# JSON


def _json(file: IO[bytes], base: str, empty: Callable[[], Statements]) -> Parsed:
    try:  # large ones piece by piece
        return _linked(streaming.pieces(file), base, empty())
    except streaming.Odd:
        file.seek(0)
    whole, said = document(file.read().decode())
    shallow(whole)
    if not is_linked(whole):
        return Parsed("json", document=whole, findings=tuple(said))
    try:
        return _linked([whole], base, empty(), said)
    except RecursionError as error:
        raise Unreadable("too_deep", "nested too deeply") from error


def _linked(pieces: Iterable[Any], base: str, statements: Statements, said: Iterable[Finding] = ()) -> Parsed:
    contexts = Contexts()
    for piece in pieces:
        try:
            text = json.dumps(contexts.resolved(piece), allow_nan=False)
        except ValueError as error:
            raise Unreadable("not_well_formed", "it holds a number that is too large") from error
        _rdf(text.encode(), RdfFormat.JSON_LD, base, statements)
    return Parsed("json-ld", statements, findings=(*said, *contexts.findings()))
