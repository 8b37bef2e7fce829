"""Keys of stored files (security T39): each content has its own, wrapped with the data key of this class and bound to
the name of what it opens. Where the class's key changes, these small values are wrapped anew; contents stay as they
are."""

from __future__ import annotations

from tongban.base.files.api import ContentKeys, content_keys

from . import ciphers
from .data import CONTENTS
from .fields import VERSION, blind_index, current_algorithm, current_number, open_field, seal_field

_PLACE = ("files_blob", "key")
_BY_SIZE = {size: algorithm for algorithm, size in ciphers.SYMMETRIC.items()}


def _fresh() -> tuple[bytes, ciphers.Aead]:
    key = ciphers.fresh(current_algorithm(CONTENTS))
    return key, _cipher(key)


def _cipher(key: bytes) -> ciphers.Aead:
    return ciphers.aead(_BY_SIZE[len(key)], key)


def _wrap(name: str, key: bytes) -> bytes:
    return seal_field(*_PLACE, name, key, CONTENTS)


def _unwrap(name: str, wrapped: bytes) -> bytes:
    return open_field(*_PLACE, name, wrapped)


content_keys.register(
    "contents",
    ContentKeys(
        fresh=_fresh,
        wrap=_wrap,
        open=lambda name, wrapped: _cipher(_unwrap(name, wrapped)),
        rewrap=lambda name, wrapped: _wrap(name, _unwrap(name, wrapped)),
        head=lambda: VERSION + current_number(CONTENTS).to_bytes(4),
        index=lambda text: blind_index(CONTENTS, text),
    ),
)
