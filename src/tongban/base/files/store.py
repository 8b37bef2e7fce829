"""Content on disk, sealed, and named by the SHA-256 of the sealed bytes: `files/ab/cd/abcd…` under TONGBAN_HOME."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from .limits import CHUNK
from .sealing import Opened, content_keys, seal, sealed_size


class TooLarge(Exception):
    """More bytes came than the slot takes."""


@dataclass(frozen=True)
class Content:
    """Plain bytes on their way, in a file without name."""

    stream: BinaryIO
    size: int
    sha256: str

    @property
    def index(self) -> bytes:
        """By which the same content is known again, to nobody without our keys."""
        return content_keys.get("contents").index(self.sha256)


def root() -> Path:
    """The folder of the store."""
    return Path(settings.TONGBAN_HOME) / "files"


def path_of(sha256: str) -> Path:
    """Where content lies."""
    return root() / sha256[:2] / sha256[2:4] / sha256


@contextmanager
def unnamed() -> Iterator[BinaryIO]:
    """A file for plain bytes: no name leads to it, and it is gone with the block or the process."""
    with tempfile.TemporaryFile(dir=_incoming()) as stream:
        yield stream


def copy(source: BinaryIO, out: BinaryIO, max_bytes: int) -> None:
    """Take in what comes. `TooLarge` stops early."""
    while chunk := source.read(CHUNK):
        if out.tell() + len(chunk) > max_bytes:
            raise TooLarge
        out.write(chunk)


def measured(stream: BinaryIO) -> Content:
    """Size and hash of what was written."""
    stream.flush()
    stream.seek(0)
    digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    return Content(stream, stream.seek(0, os.SEEK_END), digest)


def keep(one: Content) -> tuple[str, bytes]:
    """Make content lasting, sealed under a key of its own: on disk before its row is written, so that no row is without
    content. Gives its name and the wrapped key."""
    keys = content_keys.get("contents")
    key, cipher = keys.fresh()
    with tempfile.NamedTemporaryFile(dir=_incoming(), delete=False) as out:
        path = Path(out.name)
        try:
            one.stream.seek(0)
            name = seal(one.stream, out, cipher)  # type: ignore[arg-type]
            out.flush()
            os.fsync(out.fileno())
            target = path_of(name)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.rename(target)
        finally:
            path.unlink(missing_ok=True)
    for folder in (target.parent, target.parent.parent):
        _sync(folder)
    return name, keys.wrap(name, key)


def _incoming() -> Path:
    folder = root() / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def opened(sha256: str, key: bytes) -> BinaryIO:
    """The plain content, read from anywhere. `FileNotFoundError`; `Damaged` while it is read."""
    cipher = content_keys.get("contents").open(sha256, key)
    return BufferedReader(Opened(path_of(sha256).open("rb", buffering=0), cipher), CHUNK)


def there(sha256: str, size: int) -> bool:
    """Whether sealed content of this (plain) size lies where it should; what it says is not looked at."""
    with suppress(FileNotFoundError):
        return path_of(sha256).stat().st_size == sealed_size(size)
    return False


def stale(before: float) -> Iterator[Path]:
    """Everything in the store that was last written before this moment (seconds of the epoch)."""
    for path in root().rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < before:
                yield path
