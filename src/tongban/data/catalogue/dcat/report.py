"""What harvesting says about a file: one verdict per entry, each with its reasons."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from tempfile import SpooledTemporaryFile
from typing import Any

LONGEST = 500  # characters of a stranger's text in a message or title
_IN_MEMORY = 4 * 1024 * 1024  # bytes of verdicts


class Status(StrEnum):
    """ACCEPTED conforms. WARNED can be taken over, with loss or doubt. REFUSED lacks what DCAT-AP makes mandatory."""

    ACCEPTED = "accepted"
    WARNED = "warned"
    REFUSED = "refused"


class Severity(StrEnum):
    """An ERROR refuses an entry, a WARNING warns, a NOTE changes nothing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One reason. `code` is stable and for machines; `path` says where inside the entry or the file."""

    code: str
    message: str
    path: str = ""
    severity: Severity = Severity.WARNING

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message, "path": self.path, "severity": self.severity.value}


def shown(text: object) -> str:
    """A stranger's text as it may stand in a message: one line, not endless, nothing that moves a terminal."""
    flat = str(text)[: LONGEST + 1]
    if not flat.isprintable():
        flat = "".join(one if one.isprintable() else " " for one in flat)
    flat = " ".join(flat.split())
    return flat if len(flat) <= LONGEST else flat[: LONGEST - 1] + "…"


@dataclass(frozen=True)
class File:
    """A distribution: where the data of an entry can be had."""

    url: str
    title: str = ""
    format: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Entry:
    """A dataset, dataset series, data service or catalogue of the file.

    `id` is its IRI, or else its identifier, or else its place in the file. `title` is the Chinese one if there is one,
    then the English; `titles` and `descriptions` hold all, by language tag ("" for none).
    """

    id: str
    kind: str
    title: str = ""
    titles: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    publisher: str = ""
    identifier: str = ""
    keywords: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    issued: str = ""
    modified: str = ""
    landing_page: str = ""
    files: tuple[File, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def status(self) -> Status:
        found = {one.severity for one in self.findings}
        if Severity.ERROR in found:
            return Status.REFUSED
        return Status.WARNED if Severity.WARNING in found else Status.ACCEPTED

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "status": self.status.value,
            "kind": self.kind,
            "titles": self.titles,
            "findings": [one.as_json() for one in self.findings],
        }


class Entries:
    """Verdicts in the file's order. Many of them lie on disk: a harvest needs no memory for what it has said."""

    def __init__(self, given: Iterable[Entry] = ()) -> None:
        self._file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed with the report
        self._end = 0
        self.counts: Counter[Status] = Counter()
        self.take(given)

    def take(self, given: Iterable[Entry]) -> None:
        """Adds what is given, one after the other."""
        self._file.seek(self._end)
        for one in given:
            pickle.dump(one, self._file, pickle.HIGHEST_PROTOCOL)
            self.counts[one.status] += 1
        self._end = self._file.tell()

    def __len__(self) -> int:
        return sum(self.counts.values())

    def __iter__(self) -> Iterator[Entry]:
        at = 0
        while at < self._end:
            self._file.seek(at)
            one = pickle.load(self._file)  # noqa: S301 - written by this process, into a file without a name
            at = self._file.tell()
            yield one


class Unreadable(Exception):
    """The file as a whole cannot be harvested. `line` is 0 where the place is not known."""

    def __init__(self, code: str, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.line = code, message, line


@dataclass(frozen=True)
class Report:
    """All that was found in one file. With `failure` nothing else is known of it."""

    source: str
    format: str = ""
    encoding: str = ""
    catalogues: tuple[Entry, ...] = ()
    entries: Entries = field(default_factory=Entries)
    findings: tuple[Finding, ...] = ()
    failure: Unreadable | None = None

    def counts(self) -> dict[str, int]:
        return {"entries": len(self.entries), **{one.value: self.entries.counts[one] for one in Status}}

    def as_json(self) -> dict[str, Any]:
        """All but the entries, of which there may be many."""
        lost = self.failure
        return {
            "source": self.source,
            "format": self.format or None,
            "encoding": self.encoding or None,
            "error": {"code": lost.code, "message": lost.message, "line": lost.line or None} if lost else None,
            "findings": [one.as_json() for one in self.findings],
            "catalogues": [one.as_json() for one in self.catalogues],
            "counts": self.counts(),
        }


def preferred(texts: dict[str, str], languages: Iterable[str] = ("zh", "en", "")) -> str:
    """The text in the first of these languages, or any."""
    for language in languages:
        for tag, text in texts.items():
            if tag == language or (language and tag.lower().startswith(language + "-")):
                return text
    return next(iter(texts.values()), "")
