"""Text tables: UTF-8, GB 18030 or UTF-16 with a mark; any usual separator; titles above the header."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from ..data import Change, Counts, Place, SourceChanged
from . import Numbered, Source, sources
from .files import steady
from .headers import tabled

_SAMPLE = 1 << 20  # bytes that tell the encoding
_HEAD = 1 << 16  # bytes that tell the separator
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
ENCODINGS = ("utf-8", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb2312", "big5")


class Texts(Source):
    """The files of one text table, read as one after the other."""

    def __init__(self, paths: list[Path], place: Place, columns: Collection[str]) -> None:
        self.paths, self.place, self.columns = paths, place, columns

    def shape(self) -> dict[str, str]:
        with self._lines(self.paths[0]) as lines:
            header, _rows = tabled(lines, self.columns, self.paths[0].name, Counts())
        return dict.fromkeys(header.places, "text")

    def rows(self, columns: Sequence[str], counts: Counts, change: Change, mark: Any) -> Iterator[Numbered]:
        for path in self.paths:
            with self._lines(path) as lines:
                header, rows = tabled(lines, columns, path.name, counts)
                for number, cells in rows:
                    if len(cells) > header.width and any(cells[header.width :]):
                        # A separator within a value moves all that follows: better no row than a wrong one.
                        yield number, {}
                    else:
                        yield number, header.row(cells, columns)

    @contextmanager
    def _lines(self, path: Path) -> Iterator[Iterator[list[str]]]:
        with path.open("rb") as raw:
            sample = raw.read(_SAMPLE)
        encoding = self.place.get("encoding") or encoding_of(sample)
        if encoding not in (*ENCODINGS, "utf-8-sig"):
            raise SourceChanged(_("{name} is not a known encoding of texts.").format(name=encoding))
        separator = self.place.get("separator") or separator_of(sample[:_HEAD].decode(encoding, "ignore"))
        with path.open(encoding=encoding, newline="") as text:
            lines = csv.reader(text, delimiter="\t" if separator == "tab" else separator)
            try:
                yield lines
            except (UnicodeDecodeError, csv.Error) as error:
                why = _("not {encoding}").format(encoding=encoding) if isinstance(error, UnicodeError) else str(error)
                raise SourceChanged(
                    _("The source changed: {where} cannot be read after line {line}: {why}.").format(
                        where=path.name, line=lines.line_num, why=why
                    )
                ) from None


def encoding_of(sample: bytes) -> str:
    """The encoding by its mark; else UTF-8 where the sample is UTF-8, else GB 18030."""
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(sample)  # a letter cut at the end is no error
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def separator_of(text: str) -> str:
    """The separator that stands most often in the first lines."""
    head = "\n".join(text.splitlines()[:20])
    return max(",\t;|", key=head.count)


@sources("csv")
@contextmanager
def open_texts(place: Place, columns: Collection[str]) -> Iterator[Texts]:
    """Text tables by a path or a pattern."""
    with steady(place.get("path")) as paths:
        yield Texts(paths, place, columns)
