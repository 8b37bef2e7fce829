"""Sources: where a department's rows come from. Each kind reads in order, in bounded memory, and evaluates nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from tongban.base.kernel.api import Registry

from ..data import Change, Counts, Place, Row

Numbered = tuple[int, Row]  # a row with its number at the source, from 1


class Source(ABC):
    """An open source."""

    @abstractmethod
    def shape(self) -> dict[str, str]:
        """Every column with its kind of value, as the source declares it now."""

    @abstractmethod
    def rows(self, columns: Sequence[str], counts: Counts, change: Change, mark: Any) -> Iterator[Numbered]:
        """The rows; with a mark, those at or after it."""

    def taken(self, faulty: Sequence[Row]) -> None:
        """What was read is on its way; a front table notes it in its status column."""
        return


class Opener(Protocol):
    """Opens a source of one kind; columns are those the mapping reads."""

    def __call__(self, place: Place, columns: Collection[str]) -> AbstractContextManager[Source]: ...


sources: Registry[Opener] = Registry("sources")


def open_source(place: Place, columns: Collection[str]) -> AbstractContextManager[Source]:
    """The source of a mapping; `SourceUnreachable` or `SourceChanged` when it cannot be used."""
    from . import csvs, folders, https, parquets, sql, workbooks, xmls  # noqa: F401 - they register themselves

    return sources.get(place.kind)(place, columns)
