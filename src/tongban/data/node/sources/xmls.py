"""Folders of XML files: one element per record; a column is a path below it, `住所/省` or `@id`. No DTD (T24)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped]
from django.utils.translation import gettext as _

from ..data import Change, Counts, Place, Row, SourceChanged
from . import Numbered, Source, sources
from .files import steady
from .headers import gone


class Xmls(Source):
    """The records of every file, in order."""

    def __init__(self, paths: list[Path], record: str, columns: Collection[str]) -> None:
        self.paths, self.record, self.columns = paths, record, columns

    def shape(self) -> dict[str, str]:
        """Paths of the first records, and those asked for: an empty element is often left out, so only a whole reading
        tells whether one is there at all."""
        found = dict.fromkeys(self.columns, "text")
        for count, record in enumerate(self._records()):
            found |= dict.fromkeys(_paths(record, ""), "text")
            if count >= 200:
                break
        return found

    def rows(self, columns: Sequence[str], counts: Counts, change: Change, mark: Any) -> Iterator[Numbered]:
        met: set[str] = set()
        number = 0
        for number, record in enumerate(self._records(), 1):
            row: Row = {column: _at(record, column) for column in columns}
            if len(met) < len(columns):
                met |= {column for column, cell in row.items() if cell is not None}
            yield number, row
        if number and (missing := [column for column in columns if column not in met]):
            raise SourceChanged(gone(self.record, missing, [name for name in self.shape() if name not in columns]))

    def _records(self) -> Iterator[Element]:
        for path in self.paths:
            try:
                yield from self._of(path)
            except (ParseError, DefusedXmlException, ValueError) as error:
                raise SourceChanged(
                    _("The source changed: {where} is not XML that can be read ({why}).").format(
                        where=path.name, why=type(error).__name__
                    )
                ) from None

    def _of(self, path: Path) -> Iterator[Element]:
        root: Element | None = None
        for event, element in iterparse(str(path), ("start", "end"), forbid_dtd=True):
            if root is None:
                root = element
            if event == "end" and _name(element) == self.record:
                yield element
                root.clear()  # what was read is let go: a large file takes no more memory than a small one


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _at(record: Element, column: str) -> str | None:
    *steps, last = column.split("/")
    at: Element | None = record
    for step in steps if last.startswith("@") else [*steps, last]:
        at = next((child for child in at if _name(child) == step), None) if at is not None else None
    if at is None:
        return None
    return at.get(last[1:]) if last.startswith("@") else (at.text or "")


def _paths(element: Element, above: str) -> Iterator[str]:
    yield from (f"{above}@{name.rpartition('}')[2]}" for name in element.attrib)
    for child in element:
        yield f"{above}{_name(child)}"
        yield from _paths(child, f"{above}{_name(child)}/")


@sources("xml")
@contextmanager
def open_xmls(place: Place, columns: Collection[str]) -> Iterator[Xmls]:
    """XML files by a path or a pattern."""
    with steady(place.get("path")) as paths:
        yield Xmls(paths, place.get("record"), columns)
