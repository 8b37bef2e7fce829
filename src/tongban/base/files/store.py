"""Content on disk, named by its SHA-256: `files/ab/cd/abcd…` under TONGBAN_HOME."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from .data import CHUNK


class TooLarge(Exception):
    """More bytes came than the slot takes."""


@dataclass
class Incoming:
    """Bytes that were received but not judged yet."""

    path: Path
    stream: BinaryIO
    size: int
    sha256: str


def root() -> Path:
    """The folder of the store."""
    return Path(settings.TONGBAN_HOME) / "files"


def path_of(sha256: str) -> Path:
    """Where content lies."""
    return root() / sha256[:2] / sha256[2:4] / sha256


@contextmanager
def incoming(source: BinaryIO, max_bytes: int) -> Iterator[Incoming]:
    """Stream to a file of its own, which is gone after the block unless it was kept. `TooLarge` stops
    early."""
    with _aside() as (path, stream):
        size = 0
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if size > max_bytes:
                raise TooLarge
            stream.write(chunk)
        yield _measured(path, stream)


@contextmanager
def anew(one: Incoming, write: Callable[[BinaryIO, BinaryIO], bool]) -> Iterator[Incoming]:
    """What `write` made of received content, beside it; the content itself where it wrote nothing."""
    with _aside() as (path, stream):
        yield _measured(path, stream) if write(one.stream, stream) else one


@contextmanager
def _aside() -> Iterator[tuple[Path, BufferedRandom]]:
    folder = root() / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=folder)
    path = Path(name)
    try:
        with os.fdopen(handle, "w+b") as stream:
            yield path, stream
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


def _measured(path: Path, stream: BufferedRandom) -> Incoming:
    stream.flush()
    stream.seek(0)
    digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Incoming(path, stream, stream.seek(0, os.SEEK_END), digest)


def keep(one: Incoming) -> None:
    """Make received content lasting: on disk before its row is written, so that no row is without content."""
    target = path_of(one.sha256)
    if target.exists() and target.stat().st_size == one.size:
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.fsync(one.stream.fileno())
    one.path.rename(target)
    for folder in (target.parent, target.parent.parent):
        _sync(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest_of(sha256: str) -> str:
    """The hash that the stored content really has; "" when it is gone."""
    try:
        with path_of(sha256).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def stale(before: float) -> Iterator[Path]:
    """Everything in the store that was last written before this moment (seconds of the epoch)."""
    for path in root().rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < before:
                yield path
