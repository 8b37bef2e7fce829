"""Nouns of the file store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from tongban.base.kernel.data import Ref, Text

from .limits import MB


class State(StrEnum):
    """Where an upload stands (security R18). Only a released file can be fetched; a refused one keeps its
    reason but not its content; `quarantine` holds one whose check has not ended."""

    RECEIVED = "received"
    QUARANTINE = "quarantine"
    CHECKED = "checked"
    RELEASED = "released"
    REFUSED = "refused"
    REMOVED = "removed"


class Family(StrEnum):
    """How a format is built, and so which check reads it."""

    PDF = "pdf"
    IMAGE = "image"
    OOXML = "ooxml"
    OFD = "ofd"
    OLE = "ole"
    ZIP = "zip"
    TEXT = "text"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Format:
    """A file format that may be allowed: `endings` without the dot, the first is the usual one."""

    key: str
    family: Family
    mime: str
    endings: tuple[str, ...]

    @property
    def label(self) -> str:
        """As people say it: the usual ending in capitals."""
        return self.endings[0].upper()


_OFFICE = "application/vnd.openxmlformats-officedocument."
FORMATS: dict[str, Format] = {
    f.key: f
    for f in (
        Format("pdf", Family.PDF, "application/pdf", ("pdf",)),
        Format("ofd", Family.OFD, "application/ofd", ("ofd",)),
        Format("jpeg", Family.IMAGE, "image/jpeg", ("jpg", "jpeg")),
        Format("png", Family.IMAGE, "image/png", ("png",)),
        Format("gif", Family.IMAGE, "image/gif", ("gif",)),
        Format("bmp", Family.IMAGE, "image/bmp", ("bmp",)),
        Format("tiff", Family.IMAGE, "image/tiff", ("tif", "tiff")),
        Format("webp", Family.IMAGE, "image/webp", ("webp",)),
        Format("docx", Family.OOXML, f"{_OFFICE}wordprocessingml.document", ("docx",)),
        Format("xlsx", Family.OOXML, f"{_OFFICE}spreadsheetml.sheet", ("xlsx",)),
        Format("pptx", Family.OOXML, f"{_OFFICE}presentationml.presentation", ("pptx",)),
        Format("doc", Family.OLE, "application/msword", ("doc", "wps")),
        Format("xls", Family.OLE, "application/vnd.ms-excel", ("xls", "et")),
        Format("ppt", Family.OLE, "application/vnd.ms-powerpoint", ("ppt", "dps")),
        Format("zip", Family.ZIP, "application/zip", ("zip",)),
        Format("txt", Family.TEXT, "text/plain", ("txt",)),
        Format("csv", Family.TEXT, "text/csv", ("csv",)),
        Format("parquet", Family.TABLE, "application/vnd.apache.parquet", ("parquet",)),
    )
}
IMAGES = ("jpeg", "png")
MATERIALS = ("pdf", "ofd", "jpeg", "png", "docx", "xlsx", "doc", "xls")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a file: which formats (keys of `FORMATS`) it takes, and how many bytes."""

    formats: tuple[str, ...] = MATERIALS
    max_bytes: int = 20 * MB

    def __post_init__(self) -> None:
        unknown = set(self.formats) - set(FORMATS)
        if unknown or not self.formats:
            raise ValueError(f"a slot with unknown formats: {sorted(unknown)}")

    @property
    def endings(self) -> tuple[str, ...]:
        """All file endings that fit, without the dot."""
        return tuple(ending for key in self.formats for ending in FORMATS[key].endings)

    @property
    def accept(self) -> str:
        """For the `accept` attribute of a file field."""
        return ",".join(f".{ending}" for ending in self.endings)

    @property
    def rule(self) -> str:
        """What may be uploaded, in words, for people to read beforehand and in refusals."""
        names = pgettext("formats", ", ").join(FORMATS[key].label for key in self.formats)
        return _("Allowed: {formats}; at most {size}.").format(formats=names, size=size_in_words(self.max_bytes))


@dataclass(frozen=True, slots=True)
class File:
    """One upload. `format` is what its content is, never what it claimed; `reason` says why it was
    refused."""

    id: str
    name: str
    format: str
    mime: str
    size: int
    sha256: str
    state: State
    reason: str
    owner: Ref
    by: Ref
    subject: Ref | None
    at: datetime


class Scanner(Protocol):
    """Looks for malware. Told the content from its beginning; answers the finding's name, or nothing."""

    def scan(self, stream: BinaryIO) -> str | None: ...


STATES: dict[State, Text] = {
    State.RECEIVED: pgettext_lazy("file", "received"),
    State.QUARANTINE: pgettext_lazy("file", "being checked"),
    State.CHECKED: pgettext_lazy("file", "checked"),
    State.RELEASED: pgettext_lazy("file", "ready"),
    State.REFUSED: pgettext_lazy("file", "refused"),
    State.REMOVED: pgettext_lazy("file", "removed"),
}


def size_in_words(size: int) -> str:
    """2516582 -> `2.4 MB`; 1 MB being 1024 x 1024 bytes, as forms and pages count."""
    for unit, factor in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if size >= factor:
            return f"{size / factor:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} B"
