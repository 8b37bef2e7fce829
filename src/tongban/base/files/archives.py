"""Zip archives and the formats made of them: counted while they are read, refused and never repaired (T22,
T23)."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, cast

from .detection import central_names
from .documents import check_ole
from .errors import Rejected
from .limits import CHUNK, MAX_DIRECTORY, MAX_ENTRIES, MAX_INNER, MAX_RATIO, MAX_TOTAL, MB
from .names import RUNNABLE, endings, hidden
from .signatures import KNOWN

if TYPE_CHECKING:
    from typing import IO, BinaryIO

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


class Budget:
    """What may still be unpacked, over all levels of one upload."""

    def __init__(self) -> None:
        self.bytes, self.entries = MAX_TOTAL, MAX_ENTRIES


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
        raise Rejected("entries")
    if disk or first or here != entries or offset + length != size - 22:
        raise Rejected("broken")
    return int(entries)


def check(stream: BinaryIO, family: str, budget: Budget | None = None, depth: int = 0) -> None:
    """Read a whole archive of the family `zip`, `ooxml` or `ofd`, and refuse what must not come in. Nothing is
    written; memory stays flat."""
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
                raise Rejected("entries")
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
            raise Rejected("layout")
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
            raise Rejected("member_name")
        if (folded := name.rstrip("/").casefold()) in seen:
            raise Rejected("member_twice")
        seen.add(folded)
    folders = {"/".join(name.split("/")[:i]) for name in seen for i in range(1, name.count("/") + 1)}
    files = {_name(m).casefold() for m in members if not m.is_dir()}
    if folders & files:
        raise Rejected("member_twice")


def _flags(member: zipfile.ZipInfo, family: str) -> None:
    if member.flag_bits & 0x2041:
        raise Rejected("encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Rejected("method")
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Rejected("link")
    if family == "zip" and RUNNABLE.intersection(endings(member.orig_filename)):
        raise Rejected("program")
    if family == "ooxml" and _MACRO_PARTS.search(f"/{member.orig_filename}"):
        raise Rejected("macro")


def _sizes(members: list[zipfile.ZipInfo], size: int, budget: Budget) -> None:
    """Before anything is unpacked: what the directory itself admits."""
    total = sum(m.file_size for m in members)
    if total > budget.bytes:
        raise Rejected("too_large")
    if total > max(_SMALL, MAX_RATIO * size) or any(
        m.file_size > max(_SMALL, MAX_RATIO * m.compress_size) for m in members
    ):
        raise Rejected("bomb")


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
            raise Rejected("too_large")
        if self._left < 0:
            raise Rejected("bomb")
        return chunk


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, family: str, budget: Budget, depth: int) -> None:
    most = max(_SMALL, MAX_RATIO * member.compress_size)
    xml = member.orig_filename.lower().endswith((".xml", ".rels"))
    with archive.open(member) as packed:
        counted = _Counted(packed, budget, most)
        start, tail = b"", b""
        while chunk := counted.read(CHUNK):
            start = start or chunk[:16]
            window = tail + chunk.replace(b"\0", b"") if xml else chunk  # as well in UTF-16
            if xml and b"<!" in window and re.search(rb"<!(DOCTYPE|ENTITY)", window, re.I):
                raise Rejected("xml_entities")
            if family == "ooxml" and xml and _REMOTE.search(window):
                raise Rejected("remote")
            tail = window[-2000:]
    with archive.open(member) as again:
        if KNOWN.scan(cast("BinaryIO", again)):
            raise Rejected("malware")
    if start.startswith(_PROGRAMS) and not xml:
        raise Rejected("program")
    if start.startswith(_ARCHIVES):
        _nested(archive, member, budget, depth)
    elif start.startswith(b"\xd0\xcf\x11\xe0"):
        _old_office(archive, member)


def _nested(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget, depth: int) -> None:
    """A document inside an archive, or a table inside a document, is read too, one level deep; archives are
    not."""
    refused = Rejected("nested")
    kinds = {"docx": "ooxml", "xlsx": "ooxml", "pptx": "ooxml", "ofd": "ofd"}
    family = kinds.get(next(reversed(endings(member.orig_filename)), ""))
    if depth or family is None or member.file_size > MAX_INNER:
        raise refused
    with archive.open(member) as packed:
        inner = io.BytesIO(packed.read(MAX_INNER))
    names = central_names(inner)
    if "OFD.xml" not in names and "[Content_Types].xml" not in names:
        raise refused
    check(inner, family, budget, depth + 1)


def _old_office(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    with archive.open(member) as packed:
        check_ole(io.BytesIO(packed.read(MAX_INNER)))
