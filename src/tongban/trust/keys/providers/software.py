"""Keys of the international suite in the database, wrapped by the key-encrypting key."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused, now

from .. import ciphers, kek
from ..data import KEY, Algorithm
from . import Made, Stored, providers

CURVES = {Algorithm.P256: ec.SECP256R1, Algorithm.P384: ec.SECP384R1}
LIFETIME = 300  # seconds an opened key stays in memory at most twice that long


class Software:
    """ECDSA, RSA, Ed25519 and AES by `cryptography`."""

    algorithms = frozenset({Algorithm.P256, Algorithm.P384, Algorithm.RSA3072, Algorithm.ED25519, Algorithm.AES256})

    def problem(self) -> str:
        """Why it cannot be used here, in words; empty when it can."""
        return kek.kek_problem()

    def generate(self, key_id: str, algorithm: Algorithm) -> Made:
        """A fresh key, wrapped."""
        if algorithm in ciphers.SYMMETRIC:
            return Made(b"", self.restore(key_id, ciphers.fresh(algorithm)))
        key: Any
        if algorithm in CURVES:
            key = ec.generate_private_key(CURVES[algorithm]())
        elif algorithm is Algorithm.ED25519:
            key = ed25519.Ed25519PrivateKey.generate()
        else:
            key = rsa.generate_private_key(65537, 3072)
        plain = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return Made(public, self.restore(key_id, plain))

    def sign(self, key: Stored, data: bytes, hash_name: str, *, hashed: bool) -> bytes:
        """ECDSA (DER), RSA PKCS #1 v1.5, Ed25519."""
        private = self._opened(key)
        if isinstance(private, ed25519.Ed25519PrivateKey):
            if hashed:
                raise Refused(_("Ed25519 signs data, not digests."))
            return private.sign(data)
        kind = ciphers.HASHES[ciphers.known_hash(hash_name)]()
        how = utils.Prehashed(kind) if hashed else kind
        if isinstance(private, ec.EllipticCurvePrivateKey):
            return private.sign(data, ec.ECDSA(how))
        signature: bytes = private.sign(data, padding.PKCS1v15(), how)
        return signature

    def encrypt(self, key: Stored, data: bytes, aad: bytes) -> bytes:
        """With a symmetric key: nonce, ciphertext, tag."""
        nonce = os.urandom(ciphers.NONCE)
        sealed: bytes = nonce + self._opened(key).encrypt(nonce, data, aad)
        return sealed

    def decrypt(self, key: Stored, data: bytes, aad: bytes) -> bytes:
        """The plaintext; `Broken` when it was not made with this key and `aad`."""
        private = self._opened(key)
        try:
            if key.algorithm in ciphers.SYMMETRIC:
                return bytes(private.decrypt(data[: ciphers.NONCE], data[ciphers.NONCE :], aad))
            return bytes(private.decrypt(data, ciphers.OAEP))
        except (InvalidTag, ValueError):
            raise kek.Broken from None

    def export(self, key: Stored) -> bytes:
        """The plain private key, for escrow and recovery only."""
        return kek.unwrap(key.private, about(key.id))

    def restore(self, key_id: str, plain: bytes) -> bytes:
        """The key wrapped, bound to its row."""
        return kek.wrap(plain, about(key_id))

    def destroy(self, key: Stored) -> None:
        """Forget opened keys of this process; the row loses the wrapped one, other processes within ten minutes."""
        _opened.cache_clear()

    def _opened(self, key: Stored) -> Any:
        return _opened(key.id, key.algorithm, key.private, int(now().timestamp()) // LIFETIME)


def about(key_id: str) -> str:
    """What a wrapped private key is bound to."""
    return f"{KEY}:{key_id}"


@lru_cache(maxsize=16)
def _opened(key_id: str, algorithm: Algorithm, private: bytes, _period: int) -> Any:
    # Loading is slower than signing: RSA 1 ms, curves 50 us. Few keys, and not for long.
    plain = kek.unwrap(private, about(key_id))
    if algorithm in ciphers.SYMMETRIC:
        return ciphers.aead(algorithm, plain)
    return serialization.load_der_private_key(plain, None)


providers.register("software", Software())
