"""Encryption of single fields (security R5, T39): bound to table, column and row, so that a cell cannot be moved;
the number of the data key inside, so that keys can change while the system works; a blind index for equality search.

A sealed field is `01 | number of the data key, 4 bytes | nonce, 12 | ciphertext | tag, 16`: 33 bytes more than the
text. Nonces are random: a class should get a new key before 2^32 fields (NIST SP 800-38D, 8.3).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from time import monotonic

from cryptography.exceptions import InvalidTag
from django.db import connections, transaction
from django.db.models import Max

from tongban.base.kernel.api import Ref, now
from tongban.base.ledger.api import write
from tongban.trust.identity.api import FieldCipher, field_ciphers

from . import ciphers, kek
from .data import CLASS, Algorithm
from .models import DataKey

LIFETIME = 300.0  # seconds a data key stays in this process's memory; a rotation is noticed within that time
INDEX = "index"  # the key of blind indexes, the same for good: a new one would need every index made again
VERSION = b"\x01"
HEAD = 1 + 4 + ciphers.NONCE
INDEX_SIZE = 16
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


@dataclass(frozen=True, slots=True)
class _Opened:
    number: int
    algorithm: Algorithm
    cipher: ciphers.Aead
    plain: bytes
    until: float


_by_number: dict[int, _Opened] = {}
_by_class: dict[str, _Opened] = {}


def seal_field(table: str, column: str, row: str, plaintext: str | bytes, key_class: str) -> bytes:
    """Authenticated encryption of one field under the class's current data key."""
    plain = plaintext.encode() if isinstance(plaintext, str) else plaintext
    return Sealer(key_class).seal(table, column, [row.encode()], [plain])[0]


class Sealer:
    """The current data key of a class, opened once, for many fields. It never asks the database again, so it may work
    beside a connection that is busy: whoever asks on a connection that is inside a COPY waits for ever."""

    def __init__(self, key_class: str) -> None:
        self._key = _current(key_class)

    def seal(self, table: str, column: str, rows: Iterable[bytes], plain: Sequence[bytes]) -> list[bytes]:
        """Fields of one column, each with the name of its row: a microsecond a field."""
        head, place = VERSION + self._key.number.to_bytes(4), _place(table, column, "")
        drawn = os.urandom(ciphers.NONCE * len(plain))
        nonces = [drawn[i : i + ciphers.NONCE] for i in range(0, len(drawn), ciphers.NONCE)]
        bodies = map(self._key.cipher.encrypt, nonces, plain, map(place.__add__, rows))
        return [head + nonce + body for nonce, body in zip(nonces, bodies, strict=True)]


def open_field(table: str, column: str, row: str, sealed: bytes) -> bytes:
    """The plaintext; `Broken` when anything was changed or the field is not of this place."""
    return open_fields(table, column, [(row.encode(), bytes(sealed))])[0]


def open_fields(table: str, column: str, fields: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    """The same for many fields of one column, each with the name of its row."""
    place, ciphers_of, made = _place(table, column, ""), dict[bytes, ciphers.Aead](), list[bytes]()
    for row, sealed in fields:
        if sealed[:1] != VERSION or len(sealed) < HEAD + ciphers.TAG:
            raise kek.Broken
        if (cipher := ciphers_of.get(head := sealed[:5])) is None:
            cipher = ciphers_of[head] = _numbered(int.from_bytes(head[1:])).cipher
        try:
            made.append(cipher.decrypt(sealed[5:HEAD], sealed[HEAD:], place + row))
        except InvalidTag:
            raise kek.Broken from None
    return made


def current_number(key_class: str) -> int:
    """The number of the class's current data key."""
    return _current(key_class).number


def current_algorithm(key_class: str) -> Algorithm:
    """What the class's current data key encrypts with."""
    return _current(key_class).algorithm


def field_is_current(sealed: bytes, key_class: str) -> bool:
    """Whether it was sealed under the class's current data key; else re-seal it when there is time."""
    return int.from_bytes(bytes(sealed)[1:5]) == _current(key_class).number


def blind_index(key_class: str, value: str) -> bytes:
    """HMAC-SHA256 of the value for equality search, bound to the class: equal values of two classes differ. 128 bits of
    it: among 10^9 values two are equal by chance with a probability of 10^-21."""
    return blind_indexes(key_class, [value])[0]


def blind_indexes(key_class: str, values: Iterable[str]) -> list[bytes]:
    """The same for many values. HMAC (RFC 2104) written out, because both halves begin alike for all values: half the
    time of `hmac.digest`."""
    key = _current(INDEX).plain.ljust(64, b"\0")
    first = hashlib.sha256(key.translate(_INNER) + f"{key_class}|".encode())
    second = hashlib.sha256(key.translate(_OUTER))
    made = []
    for value in values:
        inner, outer = first.copy(), second.copy()
        inner.update(value.encode())
        outer.update(inner.digest())
        made.append(outer.digest()[:INDEX_SIZE])
    return made


def rotate_class(key_class: str, *, algorithm: Algorithm = Algorithm.AES256, by: Ref | None = None) -> int:
    """A new current data key; gives its number. Old ones still open what they sealed. Not inside a transaction:
    another process could seal with a key whose row is then rolled back."""
    if key_class == INDEX:
        raise ValueError("blind indexes keep their key")
    with transaction.atomic(durable=True):
        number = _add(key_class, algorithm)
        write("keys.class_rotated", Ref(CLASS, key_class), by=by, number=number)
    _by_class.pop(key_class, None)
    return number


def forget_cached() -> None:
    """Drop opened data keys from this process's memory."""
    _by_number.clear()
    _by_class.clear()


def _place(table: str, column: str, row: str) -> bytes:
    return f"{table}|{column}|{row}".encode()


def _current(key_class: str) -> _Opened:
    key = _by_class.get(key_class)
    if key is None or key.until < monotonic():
        row = DataKey.objects.filter(key_class=key_class).order_by("-generation").first() or _first(key_class)
        key = _by_class[key_class] = _opened(row)
    return key


def _numbered(number: int) -> _Opened:
    key = _by_number.get(number)
    if key is None or key.until < monotonic():
        row = DataKey.objects.filter(number=number).first()
        if row is None:
            raise kek.Broken
        key = _by_number[number] = _opened(row)
    return key


def _opened(row: DataKey) -> _Opened:
    plain = kek.unwrap(bytes(row.wrapped), _about(row.key_class))
    algorithm = Algorithm(row.algorithm)
    cipher = ciphers.aead(algorithm, plain)
    return _Opened(row.number, algorithm, cipher, plain, inf if row.key_class == INDEX else monotonic() + LIFETIME)


def _about(key_class: str) -> str:
    return f"{CLASS}:{key_class}"


def _add(key_class: str, algorithm: Algorithm) -> int:
    last = DataKey.objects.filter(key_class=key_class).aggregate(last=Max("generation"))["last"] or 0
    row = DataKey.objects.create(
        key_class=key_class,
        generation=last + 1,
        algorithm=algorithm,
        wrapped=kek.wrap(ciphers.fresh(algorithm), _about(key_class)),
        created=now(),
    )
    return int(row.number)


_FIRST = """
INSERT INTO keys_data_key (key_class, generation, algorithm, wrapped, created) VALUES (%s, 1, %s, %s, %s)
ON CONFLICT (key_class, generation) DO NOTHING
"""


def _first(key_class: str) -> DataKey:
    """The first data key of a class, written by a connection of its own: should the caller's transaction be rolled
    back, the key must stay, because this process may already have sealed with it."""
    wrapped = kek.wrap(ciphers.fresh(Algorithm.AES256), _about(key_class))
    apart = connections.create_connection("default")
    try:
        with apart.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
            cursor.execute(_FIRST, [key_class, Algorithm.AES256.value, wrapped, now()])
    finally:
        apart.close()
    return DataKey.objects.filter(key_class=key_class).order_by("-generation")[0]


field_ciphers.register("fields", FieldCipher(seal_field, open_field, blind_indexes))
