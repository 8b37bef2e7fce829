"""Large catalogues in plain JSON, row by row: neither the file nor its document is ever whole in memory.

Only what is plain from its beginning is read like this: data.json 1.0 and 1.1, lists and lines of CKAN, in UTF-8. At
the first oddity (`Odd`) the file is read again, whole, by the code that knows how to say what is wrong with it.
"""

from __future__ import annotations

import codecs
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

from . import progress
from .parsing import is_linked, no_number, shallow
from .plain import Rows
from .reading import LARGEST
from .report import Unreadable

_CHUNK = 1024 * 1024
_LONGEST = 16 * _CHUNK  # characters of one row, of what stands before the rows, or behind them
_HEAD = 20  # rows that tell what the file is
_SPACE = re.compile(r"[ \t\r\n]*")
_TELLING = {"dataset", "@graph", "@context", "@type", "conformsTo", "result", "success", "service"}
_decoder = json.JSONDecoder(parse_constant=no_number)


class Odd(Exception):
    """Not to be read row by row."""


@contextmanager
def document(path: Path) -> Iterator[Any]:
    """The document of a file, its rows an iterator instead of a list. `Odd` here or while the rows are read."""
    if not path.is_file():  # what a pipe gave cannot be read again
        raise Odd
    try:
        with path.open("rb") as file:
            source = _Source(cast("IO[bytes]", gzip.GzipFile(fileobj=file) if _packed(file) else file))
            progress.at("reading", lambda: source.taken // _CHUNK)
            try:
                yield _document(source)
            except (ValueError, EOFError, RecursionError, Unreadable) as error:  # JSON and UnicodeDecode errors as well
                raise Odd from error
    except (OSError, zlib.error) as error:  # no such file; a broken gzip file, too
        raise Odd from error


def _packed(file: IO[bytes]) -> bool:
    start = file.read(2)
    file.seek(0)
    return start == b"\x1f\x8b"


class _Source:
    """Text of which only what was not understood yet is kept."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.decoder = file, codecs.getincrementaldecoder("utf-8-sig")()
        self.text, self.at, self.taken, self.ended = "", 0, 0, False

    def more(self) -> bool:
        """Reads on; False at the end."""
        if self.ended:
            return False
        content = self.file.read(_CHUNK)
        self.ended, self.taken = not content, self.taken + len(content)
        if self.taken > LARGEST or len(self.text) - self.at > _LONGEST:
            raise Odd
        self.text, self.at = self.text[self.at :] + self.decoder.decode(content, self.ended), 0
        return True

    def next(self) -> str:
        """The next character that is no space, left where it is; "" at the end."""
        while True:
            self.at = cast("re.Match[str]", _SPACE.match(self.text, self.at)).end()
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def lines(self) -> Iterator[str]:
        """Lines that are not empty."""
        while self.next():
            end = self.text.find("\n", self.at)
            while end < 0 and self.more():
                end = self.text.find("\n", self.at)
            start, self.at = self.at, end if end >= 0 else len(self.text)
            yield self.text[start : self.at]

    def skip(self, wanted: str) -> None:
        if self.next() != wanted:
            raise Odd
        self.at += 1

    def value(self) -> Any:
        """The next value. One that ends where the text so far ends might go on."""
        self.next()
        while True:
            try:
                found, end = _decoder.raw_decode(self.text, self.at)
            except ValueError:
                if not self.more():
                    raise
                continue
            if end < len(self.text) or self.ended:
                self.at = end
                return found
            self.more()


def _document(source: _Source) -> Any:
    first = source.next()
    if first == "[":
        return _rows(_items(source, last=True))
    line, end, _rest = source.text[source.at :].partition("\n")
    if first == "{" and not (end and _is_json(line)):
        return _data_json(source)
    return _rows(map(_read, source.lines()))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _rows(rows: Iterator[Any]) -> Rows:
    """Rows of which the first tell what they are."""
    head = list(islice(rows, _HEAD))
    if len(head) < 2 or is_linked(head):
        raise Odd
    return Rows(head, rows)


def _data_json(source: _Source) -> dict[str, Any]:
    """data.json 1.1: what says that it is one stands before its datasets, or it is read whole."""
    source.skip("{")
    before: dict[str, Any] = {}
    while (name := source.value()) != "dataset":
        if name in ("@graph", "result"):
            raise Odd
        source.skip(":")
        before[name] = source.value()
        source.skip(",")
    source.skip(":")
    if "v1.1" not in str(before.get("conformsTo")) or is_linked(before) or before.get("@type") == "Catalog":
        raise Odd
    return {**before, "dataset": _after(source)}


def _after(source: _Source) -> Iterator[Any]:
    yield from _items(source)
    while source.next() == ",":
        source.skip(",")
        if source.value() in _TELLING:
            raise Odd
        source.skip(":")
        source.value()
    source.skip("}")
    _end(source)


def _items(source: _Source, last: bool = False) -> Iterator[Any]:
    source.skip("[")
    while True:
        yield _shallow(source.value())
        if source.next() == "]":
            break
        source.skip(",")
    source.skip("]")
    if last:
        _end(source)


def _end(source: _Source) -> None:
    if source.next():
        raise Odd


def _read(line: str) -> Any:
    return _shallow(json.loads(line, parse_constant=no_number))


def _shallow(row: Any) -> Any:
    shallow(row, above=2)
    return row
