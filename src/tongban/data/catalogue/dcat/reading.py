"""From a file or address to its text: compressed or not, whatever its encoding, within limits."""

from __future__ import annotations

import codecs
import re
import zlib
from pathlib import Path

from .report import Finding, Unreadable

LARGEST = 1024 * 1024 * 1024  # bytes of text, after unpacking
_CHUNK = 1024 * 1024
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
_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


def from_file(path: Path) -> bytes:
    """The file's bytes, `Unreadable` where there is no such file."""
    try:
        if path.is_dir():
            raise Unreadable("not_a_file", "this is a folder, not a file")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise Unreadable("missing", "there is no such file") from error
    except PermissionError as error:
        raise Unreadable("no_permission", "the file may not be read") from error
    except (OSError, ValueError) as error:
        raise Unreadable("missing", f"the file cannot be read: {type(error).__name__}") from error
    return _small(content)


def _small(content: bytes) -> bytes:
    if len(content) > LARGEST:
        raise Unreadable("too_large", f"larger than {LARGEST // 1024**2} MB")
    return content


def text_of(content: bytes) -> tuple[str, str, list[Finding]]:
    """The text, its encoding, and what is to be said about it. `Unreadable` if it is no text."""
    findings: list[Finding] = []
    for _layer in range(2):  # sent compressed what was stored compressed
        if content[:2] != b"\x1f\x8b":
            break
        content = _unpacked(content)
    for mark, kind in _KNOWN_BINARY:
        if content.startswith(mark):
            raise Unreadable("format_unknown", f"this is {kind}; no catalogue can be read from it")
    text, encoding = _decoded(content)
    if encoding != "utf-8":
        findings.append(Finding("not_utf8", f"the text was read as {encoding}; catalogues are exchanged in UTF-8"))
    if "\x00" in text:
        raise Unreadable("format_unknown", "this is no text file")
    if not text.strip():
        raise Unreadable("empty", "the file is empty")
    return text, encoding, findings


def _unpacked(content: bytes) -> bytes:
    """All members of a gzip file, counted while they are unpacked (T22)."""
    out = bytearray()
    while content[:2] == b"\x1f\x8b":
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            while not unpacker.eof:
                piece = unpacker.decompress(content, _CHUNK)
                out += piece
                if len(out) > LARGEST:
                    raise Unreadable("too_large", f"larger than {LARGEST // 1024**2} MB when unpacked")
                content = unpacker.unconsumed_tail
                if not content and len(piece) < _CHUNK and not unpacker.eof:
                    raise Unreadable("gzip_broken", "the compressed file ends too early")
        except zlib.error as error:
            raise Unreadable("gzip_broken", "the compressed file is damaged") from error
        content = unpacker.unused_data
    return bytes(out)


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
