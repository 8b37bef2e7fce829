"""Content is sealed before it is written (security T39): pieces of 64 KiB, each authenticated together with its number
and whether it is the last (STREAM, Hoang and others 2015). So nothing can be changed, reordered or cut off unnoticed,
and any part is read without the rest. Each content has a key of its own, and no two files can be exchanged."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Refused, Registry

from .limits import CHUNK

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_TAG = 16
_SEALED = CHUNK + _TAG


class Damaged(Refused):
    """What lies on the disk is not what was written there."""

    def __init__(self) -> None:
        super().__init__(_("The stored file is damaged."), "damaged")


class Cipher(Protocol):
    """Authenticated encryption, as `cryptography` has it."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


@dataclass(frozen=True)
class ContentKeys:
    """What the key room gives. `fresh()`: a new key and its cipher; `wrap(name, key)`: the key as the database may have
    it; `open(name, wrapped)`: its cipher again; `rewrap(name, wrapped)`: the same key wrapped anew, where what is
    wrapped now begins with `head()`; `index(text)`: a keyed hash."""

    fresh: Callable[[], tuple[bytes, Cipher]]
    wrap: Callable[[str, bytes], bytes]
    open: Callable[[str, bytes], Cipher]
    rewrap: Callable[[str, bytes], bytes]
    head: Callable[[], bytes]
    index: Callable[[str], bytes]


content_keys: Registry[ContentKeys] = Registry("content keys")


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11) + bytes([last])


def seal(plain: BinaryIO, out: BinaryIO, cipher: Cipher) -> str:
    """Write everything sealed; gives the SHA-256 of what was written."""
    digest, number, chunk, last = hashlib.sha256(), 0, plain.read(CHUNK), False
    while not last:
        following = plain.read(CHUNK)
        last = not following
        sealed = cipher.encrypt(_nonce(number, last), chunk, None)
        out.write(sealed)
        digest.update(sealed)
        number, chunk = number + 1, following
    return digest.hexdigest()


def sealed_size(size: int) -> int:
    """How many bytes lie on the disk for content of this size."""
    return size + _TAG * max(1, -(-size // CHUNK))


class Opened(io.RawIOBase):
    """Sealed content, read from anywhere. `Damaged` as soon as a piece is read that is not as it was written."""

    def __init__(self, sealed: BinaryIO, cipher: Cipher) -> None:
        self._sealed, self._cipher, self._at = sealed, cipher, 0
        size = sealed.seek(0, os.SEEK_END)
        self._last = max(0, -(-size // _SEALED) - 1)
        self._size = size - _TAG * (self._last + 1)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        number, skip = divmod(self._at, CHUNK)
        if number > self._last:
            return 0
        view = memoryview(buffer).cast("B")
        part = self._piece(number)[skip : skip + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _piece(self, number: int) -> bytes:
        self._sealed.seek(number * _SEALED)
        try:
            return self._cipher.decrypt(_nonce(number, number == self._last), self._sealed.read(_SEALED), None)
        except InvalidTag as error:
            raise Damaged from error

    def close(self) -> None:
        self._sealed.close()
        super().close()
