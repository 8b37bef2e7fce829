"""Closing a file to one receiver: AES-256-GCM in pieces, the file's key wrapped to the receiver's certificate.

Each piece is bound to its place and to whether it is the last, so that none can be dropped, moved or cut off.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused
from tongban.trust.keys import api as keys

PIECE = 1 << 20
_TAG = 16
_MAGIC = b"TBF1"


def close(plain: IO[bytes], out: IO[bytes], certificate: bytes) -> None:
    """Write `plain` so that only the holder of the certificate (DER) can read it."""
    secret = os.urandom(32)
    wrapped = keys.wrap_for(certificate, secret)
    out.write(_MAGIC + len(wrapped).to_bytes(2, "big") + wrapped)
    cipher, piece, number = AESGCM(secret), plain.read(PIECE), 0
    while True:
        following = plain.read(PIECE)
        out.write(cipher.encrypt(_nonce(number, last=not following), piece, _MAGIC))
        if not following:
            return
        piece, number = following, number + 1


def open_closed(closed: IO[bytes], out: IO[bytes], key_id: str) -> None:
    """Write the plain content; `Refused` when it was closed to somebody else, changed or cut off."""
    head = closed.read(6)
    if head[:4] != _MAGIC or len(head) != 6:
        raise _broken()
    secret = keys.unwrap_with(key_id, closed.read(int.from_bytes(head[4:], "big")))
    try:
        cipher = AESGCM(secret)
        for number, (piece, last) in enumerate(_pieces(closed)):
            out.write(cipher.decrypt(_nonce(number, last=last), piece, _MAGIC))
    except (InvalidTag, ValueError):
        raise _broken() from None


def _pieces(closed: IO[bytes]) -> Iterator[tuple[bytes, bool]]:
    piece = closed.read(PIECE + _TAG)
    while True:
        following = closed.read(PIECE + _TAG)
        yield piece, not following
        if not following:
            return
        piece = following


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _broken() -> Refused:
    return Refused(_("The content of the bundle is damaged."), "damaged")
