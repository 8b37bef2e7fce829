"""The structural check of documents, images and text, one function per family."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from typing import TYPE_CHECKING

from .detection import holds
from .errors import Rejected
from .limits import CHUNK, MAX_OBJECTS, MAX_PAGES, MAX_PIXELS

if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from PIL.Image import Image

_ACTIVE = (
    "/JavaScript",
    "/Launch",
    "/ImportData",
    "/GoToE",
    "/RichMediaExecute",
    "/Rendition",
    "/Movie",
    "/Sound",
)
_MARKUP = re.compile(rb"<\s*(?:script|html|body|iframe|svg|object|embed|!doctype\s+html)\b|<\?php|javascript:", re.I)
_OLE_MACROS = ("_VBA_PROJECT", "Macros", "VBA", "Ole10Native")


def check_pdf(stream: BinaryIO) -> None:
    """A PDF that opens without a password, runs nothing and carries no other file."""
    import pikepdf

    _pdf_end(stream)
    stream.seek(0)
    try:
        with pikepdf.open(stream, access_mode=pikepdf.AccessMode.stream) as pdf:
            if len(pdf.objects) > MAX_OBJECTS or len(pdf.pages) > MAX_PAGES:
                raise Rejected("pages")
            for thing in pdf.objects:
                _pdf_object(thing, pikepdf)
            _pdf_object(pdf.trailer, pikepdf)
    except pikepdf.PasswordError as error:
        raise Rejected("encrypted") from error
    except (pikepdf.PdfError, ValueError, RuntimeError, TypeError) as error:
        raise Rejected("broken") from error


def _pdf_end(stream: BinaryIO) -> None:
    stream.seek(0, io.SEEK_END)
    size = stream.tell()
    stream.seek(max(0, size - 2048))
    _before, mark, behind = stream.read().rpartition(b"%%EOF")
    if not mark:
        raise Rejected("broken")
    if len(behind) > 1024 or behind.strip(b"\r\n\t \0"):
        raise Rejected("trailing")
    if zipfile.is_zipfile(stream):
        raise Rejected("trailing")


def _pdf_object(thing: Any, pikepdf: Any, depth: int = 0) -> None:
    """Look into one object and what is written directly inside it; what it refers to has its own turn."""
    if depth > 60:
        raise Rejected("broken")
    if isinstance(thing, pikepdf.Array):
        for item in thing:  # type: ignore[attr-defined, unused-ignore]
            if not getattr(item, "is_indirect", False):
                _pdf_object(item, pikepdf, depth + 1)
    elif isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        for key in thing.keys():  # noqa: SIM118 - not a mapping
            value = thing[key]
            if key in ("/JavaScript", "/JS") or (
                key == "/S" and isinstance(value, pikepdf.Name) and str(value) in _ACTIVE
            ):
                raise Rejected("active")
            if key in ("/EmbeddedFile", "/EmbeddedFiles") or (key == "/Type" and str(value) == "/EmbeddedFile"):
                raise Rejected("attached")
            if not getattr(value, "is_indirect", False):
                _pdf_object(value, pikepdf, depth + 1)


def is_signed(stream: BinaryIO) -> bool:
    """Whether a PDF carries a signature over its bytes."""
    return holds(stream, b"/ByteRange")


def write_pdf(stream: BinaryIO, out: BinaryIO) -> None:
    """The same document from its objects: nothing stays between or behind them. The same content gives the same
    bytes."""
    import pikepdf

    stream.seek(0)
    with pikepdf.open(stream, access_mode=pikepdf.AccessMode.stream) as pdf:
        pdf.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def check_image(stream: BinaryIO, key: str) -> None:
    """An image that is whole, not too large, and nothing but an image."""
    from PIL import Image, UnidentifiedImageError

    _only_image(stream, key)
    stream.seek(0)
    try:
        with Image.open(stream, formats=[key.upper()]) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise Rejected("pixels")
            if getattr(image, "n_frames", 1) > MAX_PAGES:
                raise Rejected("pages")
            image.verify()
    except Image.DecompressionBombError as error:
        raise Rejected("pixels") from error
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        struct.error,
        MemoryError,
        EOFError,
    ) as error:
        raise Rejected("broken") from error


def write_image(stream: BinaryIO, key: str, out: BinaryIO) -> None:
    """The same picture drawn again, upright, without what cameras and programs wrote beside it."""
    from PIL import Image, ImageOps, ImageSequence

    stream.seek(0)
    try:
        with Image.open(stream, formats=[key.upper()]) as image:
            frames = [_bare(ImageOps.exif_transpose(frame)) for frame in ImageSequence.Iterator(image)]
            many = {"save_all": True, "append_images": frames[1:]} if len(frames) > 1 else {}
            best = {"quality": 92, "optimize": True} if key == "jpeg" else {"lossless": True} if key == "webp" else {}
            frames[0].save(out, key.upper(), **many, **best)
    except (OSError, SyntaxError, ValueError, MemoryError, EOFError) as error:
        raise Rejected("broken") from error


def _bare(image: Image) -> Image:
    bare = image.copy()
    bare.info = {key: value for key, value in image.info.items() if key in ("transparency", "dpi", "duration", "loop")}
    return bare


def _only_image(stream: BinaryIO, key: str) -> None:
    if zipfile.is_zipfile(stream):
        raise Rejected("trailing")
    _no_markup(stream)
    stream.seek(0)
    if key == "png":
        _png(stream)
    elif key == "gif":
        _gif(stream)
    elif key == "jpeg":
        _jpeg(stream)


def _no_markup(stream: BinaryIO) -> None:
    stream.seek(0)
    tail = b""
    while chunk := stream.read(CHUNK):
        if _MARKUP.search(tail + chunk):
            raise Rejected("markup")
        tail = chunk[-64:]


def _png(stream: BinaryIO) -> None:
    """Every chunk in its place; nothing behind the last one."""
    stream.seek(8)
    kind = b""
    while kind != b"IEND":
        head = stream.read(8)
        if len(head) < 8:
            raise Rejected("broken")
        length, kind = struct.unpack(">L4s", head)
        stream.seek(length + 4, io.SEEK_CUR)
    at = stream.tell()
    if stream.seek(0, io.SEEK_END) != at:
        raise Rejected("broken") if stream.tell() < at else Rejected("trailing")


def _gif(stream: BinaryIO) -> None:
    """Every block in its place. A GIF whose first numbers read as a comment or an assignment is a script as
    well."""
    head = stream.read(13)
    if len(head) < 13:
        raise Rejected("broken")
    if head[6:8] == b"/*" or head[6:7] == b"=":
        raise Rejected("markup")
    if head[10] & 0x80:
        stream.seek(3 << ((head[10] & 7) + 1), io.SEEK_CUR)
    while (kind := stream.read(1)) != b";":
        if kind == b"!":
            stream.seek(1, io.SEEK_CUR)
        elif kind == b",":
            flags = stream.read(9)[8:9]
            if not flags:
                raise Rejected("broken")
            if flags[0] & 0x80:
                stream.seek(3 << ((flags[0] & 7) + 1), io.SEEK_CUR)
            stream.seek(1, io.SEEK_CUR)
        else:
            raise Rejected("broken")
        while length := stream.read(1):
            if length == b"\0":
                break
            stream.seek(length[0], io.SEEK_CUR)
    if stream.read(1):
        raise Rejected("trailing")


def _jpeg(stream: BinaryIO) -> None:
    """Cameras write previews and notes behind the end of the picture: those may stay, a missing end may
    not."""
    if not holds(stream, b"\xff\xd9"):
        raise Rejected("broken")


def check_ole(stream: BinaryIO) -> None:
    """An old Office document without macros, programs inside, or a password."""
    if holds(stream, "EncryptedPackage".encode("utf-16-le")):
        raise Rejected("encrypted")
    if zipfile.is_zipfile(stream):
        raise Rejected("trailing")
    for name in _OLE_MACROS:
        if holds(stream, name.encode("utf-16-le") + b"\0\0"):
            raise Rejected("macro")


def check_text(stream: BinaryIO) -> None:
    """Text that no browser would take for a page."""
    _no_markup(stream)
