"""Large catalogues in plain JSON, row by row: neither the file nor its document is ever whole in memory.

Only what is plain from its beginning is read like this: data.json 1.0 and 1.1, lists and lines of CKAN, in UTF-8. At
the first oddity (`Odd`) the file is read again, whole, by the code that knows how to say what is wrong with it.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import IO, Any, cast

from . import progress
from .documents import is_linked, no_number, shallow
from .plain import Rows
from .reading import LARGEST
from .report import Unreadable

_CHUNK = 1024 * 1024
_LONGEST = 16 * _CHUNK  # characters of one row, of what stands before the rows, or behind them
_PIECE = 500  # items of a list that are read at once
_HEAD = 20  # rows that tell what the file is
_SPACE = re.compile(r"[ \t\r\n]*")
_TELLING = {"dataset", "@graph", "@context", "@type", "conformsTo", "result", "success", "service"}
_decoder = json.JSONDecoder(parse_constant=no_number)


class Odd(Exception):
    """Not to be read row by row."""


@contextmanager
def document(file: IO[bytes]) -> Iterator[Any]:
    """The document of a file, its rows an iterator instead of a list. `Odd` here or while the rows are read."""
    with _plain() as source:
        yield _document(source(file))


def pieces(file: IO[bytes]) -> Iterator[dict[str, Any] | list[Any]]:
    """A large JSON-LD document as a row of smaller ones that together say the same: its long lists are cut. `Odd` where
    it has none, or is something else."""
    with _plain() as source:
        start = source(file)
        if start.next() == "[":
            head = list(islice(items := _items(start, last=True), _PIECE))
            if len(head) < _PIECE or not is_linked(head):
                raise Odd
            yield from _batched(chain(head, items))
            return
        whole, long = _outline(start)
        if not long or not is_linked(whole) or ("id" in whole and "@id" not in whole):
            raise Odd
        whole.setdefault("@id", "_:document")
        yield whole
        about = {key: value for key, value in whole.items() if key in ("@context", "@id", "@type", "type")}
        file.seek(0)
        for name, value in _members(source(file)):
            if name in long:
                for some in _batched(value):
                    yield {**about, name: some}


def _batched(items: Iterator[Any]) -> Iterator[list[Any]]:
    while some := list(islice(items, _PIECE)):
        yield some


def _outline(source: _Source) -> tuple[dict[str, Any], set[str]]:
    """An object without its long lists, and their names."""
    whole: dict[str, Any] = {}
    long: set[str] = set()
    for name, value in _members(source):
        if isinstance(value, Iterator):
            some = list(islice(value, _PIECE))
            if next(value, None) is not None:
                long.add(name)
                some = []
                deque(value, maxlen=0)
            value = some
        if name in whole:
            raise Odd
        whole[name] = value
    return whole, long


def _members(source: _Source) -> Iterator[tuple[str, Any]]:
    """Name and value of an object's members, one after the other; a list is an iterator, to be read before the next."""
    source.skip("{")
    while True:
        name = source.value()
        source.skip(":")
        if not isinstance(name, str):
            raise Odd
        if source.next() == "[":
            items = _items(source)
            yield name, items
            deque(items, maxlen=0)
        else:
            yield name, _shallow(source.value())
        if source.next() == "}":
            break
        source.skip(",")
    source.skip("}")
    _end(source)


@contextmanager
def _plain() -> Iterator[Callable[[IO[bytes]], _Source]]:
    """Whatever is wrong with the text is `Odd`."""

    def source(file: IO[bytes]) -> _Source:
        made = _Source(file)
        progress.at("reading", lambda: made.taken // _CHUNK)
        return made

    try:
        yield source
    except (ValueError, RecursionError, Unreadable) as error:  # JSON and UnicodeDecode errors as well
        raise Odd from error


class _Source:
    """Text of which only what was not understood yet is kept."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.decoder = file, codecs.getincrementaldecoder("utf-8")()
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
