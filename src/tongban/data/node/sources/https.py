"""JSON by HTTP: a list of objects, or a path to it; page by page where the mapping names the parameter."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from ..calling import exchange
from ..data import Cell, Change, Counts, Place, SourceChanged
from . import Numbered, Source, sources
from .headers import gone

_PAGES = 100_000
_PAGE_ROWS = "1000"


class Https(Source):
    """One address. A column is a path into an object: `address/province`."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def shape(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for row in self._page(1)[:200]:
            for name, value in _flat(row, ""):
                found[name] = _kind(value) if value is not None else found.get(name, "value")
        return found

    def rows(self, columns: Sequence[str], counts: Counts, change: Change, mark: Any) -> Iterator[Numbered]:
        number, met = 0, set[str]()
        for page in range(1, _PAGES if self.place.get("page") else 2):
            rows = self._page(page)
            for row in rows:
                number += 1
                known = dict(_flat(row, ""))
                met |= known.keys() if len(met) < len(columns) else set()
                yield number, {column: known.get(column) for column in columns}
            if not rows:
                break
        if number and (missing := [column for column in columns if column not in met]):
            raise SourceChanged(gone(self.place.get("url"), missing, sorted(met - set(columns))))

    def _page(self, page: int) -> list[dict[str, Any]]:
        query = ""
        if name := self.place.get("page"):
            query = urlencode({name: page, self.place.get("size", "size"): _PAGE_ROWS})
        try:
            found: Any = json.loads(exchange(self.place, query), parse_float=str)
            for step in filter(None, self.place.get("rows").split("/")):
                found = found[step]
            if isinstance(found, list) and all(isinstance(row, dict) for row in found):
                return found
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
        raise SourceChanged(
            _("The source changed: {url} gives no list of objects at {path}.").format(
                url=self.place.get("url"), path=self.place.get("rows") or "/"
            )
        )


def _flat(value: dict[str, Any], above: str) -> Iterator[tuple[str, Cell]]:
    """Values by path; a list is one text."""
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _flat(inner, f"{above}{name}/")
        elif isinstance(inner, list):
            yield f"{above}{name}", json.dumps(inner, ensure_ascii=False)
        else:
            yield f"{above}{name}", inner


def _kind(value: Cell) -> str:
    return "yes or no" if isinstance(value, bool) else "whole number" if isinstance(value, int) else "text"


@sources("http")
@contextmanager
def open_https(place: Place, columns: Collection[str]) -> Iterator[Https]:
    """An address that gives JSON."""
    yield Https(place)
