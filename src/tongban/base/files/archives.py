"""Zip archives and the formats made of them: counted while they are read, refused and never repaired (T22,
T23)."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from django.utils.translation import gettext as _

from .data import CHUNK, MB, Family
from .errors import Rejected
from .names import RUNNABLE, endings, hidden
from .scanners import scanners

MAX_TOTAL = 200 * MB
MAX_RATIO = 100
MAX_ENTRIES = 2_000
MAX_DIRECTORY = 2 * MB
_SMALL = 1 * MB  # below this a high ratio harms nobody: empty tables shrink a hundredfold
_ARCHIVES = (
    b"PK\x03\x04",
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"(\xb5/\xfd",
)
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"L\x00\x00\x00\x01\x14\x02\x00")
_REMOTE = re.compile(rb"(attachedTemplate|oleObject|frame|subDocument)\"[^>]*TargetMode\s*=\s*[\"']External", re.I)
_MACRO_PARTS = re.compile(r"(vbaProject\.bin|vbaData\.xml|/activeX/|macrosheets/)", re.I)


@dataclass
class Budget:
    """What may still be unpacked, over all levels of one upload."""

    bytes: int = MAX_TOTAL
    entries: int = MAX_ENTRIES


def directory_of(stream: BinaryIO) -> int:
    """How many entries the zip's directory announces. `Rejected` when the end of the file is not the end of
    a zip, or the directory is too large to be read."""
    stream.seek(0, io.SEEK_END)
    size = stream.tell()
    stream.seek(max(0, size - 65_557))
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        raise Rejected("broken")
    disk, first, here, entries, length, offset, comment = struct.unpack("<4H2LH", tail[at + 4 : at + 22])
    if at + 22 + comment != len(tail) or comment:
        raise Rejected("trailing")
    if entries > MAX_ENTRIES or length > MAX_DIRECTORY:
        raise Rejected("entries", _("The archive holds more than {n} files.").format(n=MAX_ENTRIES))
    if disk or first or here != entries or offset + length != size - 22:
        raise Rejected("broken")
    return int(entries)


def check(stream: BinaryIO, family: Family, budget: Budget | None = None, depth: int = 0) -> None:
    """Read a whole archive and refuse what must not come in. Nothing is written; memory stays flat."""
    budget = budget or Budget()
    entries = directory_of(stream)
    stream.seek(0, io.SEEK_END)
    size = stream.tell()
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if len(members) != entries:
                raise Rejected("broken")
            budget.entries -= len(members)
            if budget.entries < 0:
                raise Rejected("entries", _("The archive holds more than {n} files.").format(n=MAX_ENTRIES))
            _layout(members, size)
            _names(members)
            for member in members:
                _flags(member, family)
            _sizes(members, size, budget)
            for member in members:
                if not member.is_dir():
                    _content(archive, member, family, budget, depth)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        struct.error,
        UnicodeError,
        ValueError,
    ) as error:
        raise Rejected("broken") from error


def _layout(members: list[zipfile.ZipInfo], size: int) -> None:
    """Entries lie one behind the other from the first byte: nothing before them, none inside another."""
    end = 0
    for member in sorted(members, key=lambda m: m.header_offset):
        if member.header_offset < end or (end == 0 and member.header_offset):
            raise Rejected("layout", _("The parts of this archive overlap or are hidden."))
        name = member.orig_filename.encode("utf-8" if member.flag_bits & 0x800 else "cp437", "replace")
        end = member.header_offset + 30 + len(name) + member.compress_size
    if end > size:
        raise Rejected("broken")


def _name(member: zipfile.ZipInfo) -> str:
    """The name as its maker meant it: without the UTF-8 mark, Chinese systems write GB 18030."""
    name = member.orig_filename
    if member.flag_bits & 0x800:
        return name
    try:
        return name.encode("cp437").decode("gb18030")
    except UnicodeError:
        return name


def _names(members: list[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for member in members:
        name = _name(member)
        parts = name.rstrip("/").split("/")
        bad = (
            not name
            or len(name) > 400
            or name.startswith("/")
            or "\\" in name
            or re.match(r"[A-Za-z]:", name) is not None
            or any(part in ("", ".", "..") for part in parts)
            or hidden(name)
        )
        if bad:
            raise Rejected("member_name", _("A file inside the archive has a name that leads out of it."))
        if (folded := name.rstrip("/").casefold()) in seen:
            raise Rejected("member_twice", _("The archive holds two files of the same name."))
        seen.add(folded)
    folders = {"/".join(name.split("/")[:i]) for name in seen for i in range(1, name.count("/") + 1)}
    files = {_name(m).casefold() for m in members if not m.is_dir()}
    if folders & files:
        raise Rejected("member_twice", _("The archive holds two files of the same name."))


def _flags(member: zipfile.ZipInfo, family: Family) -> None:
    if member.flag_bits & 0x2041:
        raise Rejected("encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Rejected("method", _("The archive is packed in a way that is not accepted. Please use plain ZIP."))
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Rejected("link", _("The archive holds links or devices instead of files."))
    if family is Family.ZIP and RUNNABLE.intersection(endings(member.orig_filename)):
        raise Rejected("program", _("The archive holds programs, scripts or web pages."))
    if family is Family.OOXML and _MACRO_PARTS.search(f"/{member.orig_filename}"):
        raise Rejected("macro")


def _sizes(members: list[zipfile.ZipInfo], size: int, budget: Budget) -> None:
    """Before anything is unpacked: what the directory itself admits."""
    total = sum(m.file_size for m in members)
    if total > budget.bytes:
        raise _too_large()
    if total > max(_SMALL, MAX_RATIO * size) or any(
        m.file_size > max(_SMALL, MAX_RATIO * m.compress_size) for m in members
    ):
        raise _bomb()


def _too_large() -> Rejected:
    return Rejected("too_large", _("Unpacked, the archive is larger than {n} MB.").format(n=MAX_TOTAL // MB))


def _bomb() -> Rejected:
    return Rejected("bomb", _("The archive unpacks to far more than it should. It is not accepted."))


class _Counted(io.RawIOBase):
    """A member while it is unpacked: counts what comes out, whatever the directory says."""

    def __init__(self, member: IO[bytes], budget: Budget, most: int) -> None:
        self._member, self._budget, self._left = member, budget, most

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        chunk = self._member.read(CHUNK if size < 0 else size)
        self._budget.bytes -= len(chunk)
        self._left -= len(chunk)
        if self._budget.bytes < 0:
            raise _too_large()
        if self._left < 0:
            raise _bomb()
        return chunk


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, family: Family, budget: Budget, depth: int) -> None:
    most = max(_SMALL, MAX_RATIO * member.compress_size)
    xml = member.orig_filename.lower().endswith((".xml", ".rels"))
    with archive.open(member) as packed:
        counted = _Counted(packed, budget, most)
        start, tail = b"", b""
        while chunk := counted.read(CHUNK):
            start = start or chunk[:16]
            window = tail + chunk
            if xml and b"<!" in window and re.search(rb"<!(DOCTYPE|ENTITY)", window, re.I):
                raise Rejected("xml_entities", _("The document holds definitions that are not accepted."))
            if family is Family.OOXML and xml and _REMOTE.search(window):
                raise Rejected("remote", _("The document loads parts from elsewhere. Please save it without them."))
            tail = window[-2000:]
    for _name, scanner in scanners.items():
        with archive.open(member) as again:
            if scanner.scan(cast(BinaryIO, again)):
                raise infected()
    if start.startswith(_PROGRAMS) and not xml:
        raise Rejected("program", _("The archive holds programs, scripts or web pages."))
    if start.startswith(_ARCHIVES):
        _nested(archive, member, budget, depth)
    elif start.startswith(b"\xd0\xcf\x11\xe0"):
        _old_office(archive, member)


def infected() -> Rejected:
    """A scanner found something."""
    return Rejected("malware", _("Malware was found in this file. It was not accepted."))


def _nested(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget, depth: int) -> None:
    """A document inside an archive, or a table inside a document, is read too, one level deep; archives are
    not."""
    refused = Rejected("nested", _("The archive holds another archive. Please upload its files directly."))
    kinds = {"docx": Family.OOXML, "xlsx": Family.OOXML, "pptx": Family.OOXML, "ofd": Family.OFD}
    family = kinds.get(next(reversed(endings(member.orig_filename)), ""))
    if depth or family is None or member.file_size > 20 * MB:
        raise refused
    with archive.open(member) as packed:
        inner = io.BytesIO(packed.read(20 * MB))
    from .detection import central_names

    names = central_names(inner)
    if "OFD.xml" not in names and "[Content_Types].xml" not in names:
        raise refused
    check(inner, family, budget, depth + 1)


def _old_office(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    from . import documents

    with archive.open(member) as packed:
        documents.check_ole(io.BytesIO(packed.read(20 * MB)))
