"""Where private keys live and compute: a closed registry of providers behind one interface (security R23, T40)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from tongban.base.kernel.api import Registry

from ..data import Algorithm


@dataclass(frozen=True, slots=True)
class Stored:
    """What the table knows of a private key: wrapped bytes, or a handle into a device. Symmetric keys alike."""

    id: str
    algorithm: Algorithm
    private: bytes = field(default=b"", repr=False)
    handle: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A fresh key: its public half (DER) and what to keep of the private one."""

    public: bytes
    private: bytes = field(default=b"", repr=False)
    handle: str = ""


class Provider(Protocol):
    """Makes keys and computes with them. `Refused` with a clear word when the device or library is not there."""

    algorithms: frozenset[Algorithm]

    def problem(self) -> str:
        """Why it cannot be used here, in words; empty when it can."""

    def generate(self, key_id: str, algorithm: Algorithm) -> Made:
        """A fresh key."""

    def sign(self, key: Stored, data: bytes, hash_name: str, *, hashed: bool) -> bytes:
        """The signature of data, or of a digest (`hashed`)."""

    def encrypt(self, key: Stored, data: bytes, aad: bytes) -> bytes:
        """With a symmetric key: nonce, ciphertext, tag."""

    def decrypt(self, key: Stored, data: bytes, aad: bytes) -> bytes:
        """The plaintext; `Broken` when it was not made with this key and `aad`."""

    def export(self, key: Stored) -> bytes:
        """The plain private key (PKCS #8 DER, or raw), for escrow and recovery only; `Refused` by devices."""

    def restore(self, key_id: str, plain: bytes) -> bytes:
        """What to keep of a recovered private key."""

    def destroy(self, key: Stored) -> None:
        """Take the key out of the device."""


providers: Registry[Provider] = Registry("key providers")

from . import national, software, token  # noqa: E402, F401 - each registers itself
