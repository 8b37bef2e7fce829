"""What a file is, by its content; never by its name or what the browser says."""

from __future__ import annotations

import codecs
import zipfile
from typing import TYPE_CHECKING

from .limits import CHUNK

if TYPE_CHECKING:
    from typing import BinaryIO

_STARTS = (
    (b"%PDF-", "pdf"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"PAR1", "parquet"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_STREAMS = (("WordDocument", "doc"), ("Workbook", "xls"), ("Book", "xls"), ("PowerPoint Document", "ppt"))
_OFFICE_PARTS = (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx"))
_TEXT_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13} | {127}


def detect(stream: BinaryIO) -> str:
    """The key of the format, or "" when it is none that we know. Structure is checked later, by the
    family."""
    stream.seek(0)
    start = stream.read(16)
    for signature, key in _STARTS:
        if start.startswith(signature):
            return key
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    if start.startswith(b"PK\x03\x04"):
        return _zipped(stream)
    if start.startswith(_OLE):
        return next((key for name, key in _OLE_STREAMS if holds(stream, name.encode("utf-16-le"))), "")
    return "txt" if start and _is_text(stream) else ""


def _zipped(stream: BinaryIO) -> str:
    try:
        names = central_names(stream)
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return "zip"
    if "OFD.xml" in names:
        return "ofd"
    if "[Content_Types].xml" in names:
        return next((key for folder, key in _OFFICE_PARTS if any(n.startswith(folder) for n in names)), "zip")
    return "zip"


def central_names(stream: BinaryIO) -> set[str]:
    """The names in a zip's directory; the directory is small, or `archives.check` refuses it before reading
    on."""
    from .archives import directory_of

    directory_of(stream)
    with zipfile.ZipFile(stream) as archive:
        return set(archive.namelist())


def holds(stream: BinaryIO, needle: bytes) -> bool:
    """Whether the bytes occur anywhere in the stream."""
    stream.seek(0)
    tail = b""
    while chunk := stream.read(CHUNK):
        window = tail + chunk
        if needle in window:
            return True
        tail = window[-(len(needle) - 1) :]
    return False


def _is_text(stream: BinaryIO) -> bool:
    return any(_decodes(stream, encoding) for encoding in ("utf-8", "gb18030"))


def _decodes(stream: BinaryIO, encoding: str) -> bool:
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := stream.read(CHUNK):
            if not _TEXT_CONTROLS.isdisjoint(chunk):
                return False
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
