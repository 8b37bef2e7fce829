"""From a file or address to its text: compressed or not, whatever its encoding, within limits."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from .report import Finding, Unreadable

LARGEST = 1024 * 1024 * 1024  # bytes of text, after unpacking
_CHUNK = 1024 * 1024
_IN_MEMORY = 4 * _CHUNK
_SPACE = codecs.BOM_UTF8 + b" \t\r\n"
_BOMS = (  # the longer first: UTF-32 begins like UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_KNOWN_BINARY = (
    (b"PK\x03\x04", "a ZIP archive or an Office file; unpack it and harvest the file inside"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"BZh", "a bzip2 archive; unpack it first"),
    (b"\xfd7zXZ", "an xz archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
    (b"PAR1", "a Parquet file"),
)
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


def from_file(path: Path) -> IO[bytes]:
    """The file, to be read from anywhere; `Unreadable` where there is no such file."""
    try:
        if path.is_dir():
            raise Unreadable("not_a_file", "this is a folder, not a file")
        file = path.open("rb")
        if path.is_file():
            return file
        with file:  # what a pipe gives can be read once
            return _copied(iter(lambda: file.read(_CHUNK), b""))
    except FileNotFoundError as error:
        raise Unreadable("missing", "there is no such file") from error
    except PermissionError as error:
        raise Unreadable("no_permission", "the file may not be read") from error
    except (OSError, ValueError) as error:
        raise Unreadable("missing", f"the file cannot be read: {type(error).__name__}") from error


def _copied(pieces: Iterable[bytes], unpacked: str = "") -> IO[bytes]:
    """What comes in pieces, as a file; counted on the way (T22)."""
    file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by who asked
    for piece in pieces:
        file.write(piece)
        if file.tell() > LARGEST:
            raise Unreadable("too_large", f"larger than {LARGEST // 1024**2} MB{unpacked}")
    file.seek(0)
    return cast("IO[bytes]", file)


def utf8_of(file: IO[bytes]) -> tuple[IO[bytes], str, list[Finding]]:
    """The text in UTF-8 from its first character on, the encoding it had, and what is to be said about it.
    `Unreadable` if it is no text."""
    for _layer in range(2):  # sent compressed what was stored compressed
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not packed:
            break
        file = _copied(_unpacked(file), " when unpacked")
    if file.seek(0, os.SEEK_END) > LARGEST:
        raise Unreadable("too_large", f"larger than {LARGEST // 1024**2} MB")
    file.seek(0)
    head = file.read(_CHUNK)
    for mark, kind in _KNOWN_BINARY:
        if head.startswith(mark):
            raise Unreadable("format_unknown", f"this is {kind}; no catalogue can be read from it")
    encoding = "utf-8" if _is_utf8(file, head) else ""
    file.seek(0)
    if not encoding:
        text, encoding = _decoded(file.read())
        file = io.BytesIO(_XML_DECLARATION.sub("", text.lstrip("\ufeff"), count=1).encode("utf-8", "replace"))
    findings: list[Finding] = []
    if encoding != "utf-8":
        findings.append(Finding("not_utf8", f"the text was read as {encoding}; catalogues are exchanged in UTF-8"))
    return _from_first(file), encoding, findings


def _is_utf8(file: IO[bytes], head: bytes) -> bool:
    """Whether all of it is, by its marks and its bytes."""
    declared = _XML_ENCODING.match(head[:200])
    if any(head.startswith(mark) for mark, name in _BOMS if name != "utf-8"):
        return False
    if declared and declared.group(1).lower() not in (b"utf-8", b"utf8"):
        return False
    if len(head) > 1 and not (any(head[1:64:2]) and any(head[:64:2])):  # UTF-16 without a mark
        return False
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while piece := file.read(_CHUNK):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _from_first(file: IO[bytes]) -> IO[bytes]:
    """The file without space before its first character."""
    before = 0
    while piece := file.read(_CHUNK):
        before += len(piece) - len(rest := piece.lstrip(_SPACE))
        if rest:
            if b"\x00" in rest:
                raise Unreadable("format_unknown", "this is no text file")
            file.seek(before)
            if not before:
                return file
            return _copied(iter(lambda: file.read(_CHUNK), b""))
    raise Unreadable("empty", "the file is empty")


def _unpacked(file: IO[bytes]) -> Iterator[bytes]:
    """The members of a gzip file."""
    with gzip.GzipFile(fileobj=file) as packed:
        try:
            while piece := packed.read(_CHUNK):
                yield piece
        except EOFError as error:
            raise Unreadable("gzip_broken", "the compressed file ends too early") from error
        except (OSError, zlib.error) as error:
            raise Unreadable("gzip_broken", "the compressed file is damaged") from error


def _decoded(content: bytes) -> tuple[str, str]:
    for mark, name in _BOMS:
        if content.startswith(mark):
            try:
                return content.decode("utf-8-sig" if name == "utf-8" else name), name
            except UnicodeDecodeError as error:
                raise Unreadable("encoding", f"marked as {name}, but not {name} at byte {error.start}") from error
    declared = _XML_ENCODING.match(content[:200])
    if declared:
        named = _named(declared.group(1).decode())
        if named.startswith(("ascii", "iso8859", "cp12")):  # what reads as UTF-8 is UTF-8, whatever it says
            with suppress(UnicodeDecodeError):
                return content.decode(), "utf-8"
        try:
            return content.decode(named), named
        except UnicodeDecodeError as error:
            message = f"it says it is {named}, but is not at byte {error.start}"
            raise Unreadable("encoding", message) from error
    for name, zeros in (("utf-16-le", content[1:64:2]), ("utf-16-be", content[:64:2])):
        if len(zeros) > 1 and not any(zeros):  # markup without a mark begins with ASCII
            return content.decode(name, "replace"), name
    try:
        return content.decode(), "utf-8"
    except UnicodeDecodeError as error:
        return _not_utf8(content, error)


def _named(name: str) -> str:
    """Python's name of a declared encoding; GB2312 and GBK are read as what they grew into."""
    try:
        found = codecs.lookup(name).name
    except LookupError as error:
        raise Unreadable("encoding", f"encoding {name} is not known") from error
    if found in ("gb2312", "gbk"):
        return "gb18030"
    if found.startswith(("utf", "gb", "big5", "iso8859", "cp12", "ascii", "koi8", "shift", "euc")):
        return found
    raise Unreadable("encoding", f"encoding {name} is not one for text exchange")


def _not_utf8(content: bytes, error: UnicodeDecodeError) -> tuple[str, str]:
    """Chinese or western text of before UTF-8: in GB18030 bytes beyond ASCII come in pairs, in cp1252 mostly alone."""
    before = content[: error.start].decode()
    if sum(1 for one in before[-100_000:] if ord(one) > 127) <= 3:  # else it was UTF-8 so far
        runs = [len(one) for one in _BEYOND_ASCII.findall(content[:1_000_000])]
        western = sum(1 for one in runs if one % 2) > len(runs) / 2
        for name in ("cp1252", "gb18030") if western else ("gb18030",):
            try:
                return content.decode(name), name
            except UnicodeDecodeError:
                continue
    line = before.count("\n") + 1
    raise Unreadable("encoding", f"neither UTF-8 nor GB18030: byte {error.start} in line {line}", line) from error
