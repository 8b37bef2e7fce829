"""Keys of the GM suite (SM2, SM4) in the database, wrapped by the key-encrypting key; SM2 by the system's OpenSSL."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused

from .. import ciphers, gm, kek
from ..data import Algorithm
from . import Made, Stored, providers
from .software import Software


class GM(Software):
    """SM2 with SM3, SM4-GCM. A software module is not a certified cipher product."""

    algorithms = frozenset({Algorithm.SM2, Algorithm.SM4})

    def problem(self) -> str:
        """Why it cannot be used here, in words; empty when it can."""
        return super().problem() or ("" if gm.available() else "this machine's OpenSSL (libcrypto 3) has no SM2")

    def generate(self, key_id: str, algorithm: Algorithm) -> Made:
        """A fresh key, wrapped."""
        if algorithm in ciphers.SYMMETRIC:
            return super().generate(key_id, algorithm)
        private, public = gm.generate()
        return Made(public, self.restore(key_id, private))

    def sign(self, key: Stored, data: bytes, hash_name: str, *, hashed: bool) -> bytes:
        """SM2 with SM3 (DER). The signer's identity enters the hash, so a digest made elsewhere cannot be signed."""
        if hashed or hash_name != "sm3":
            raise Refused(_("SM2 signs data, with SM3."))
        return gm.sign(self.export(key), data)

    def decrypt(self, key: Stored, data: bytes, aad: bytes) -> bytes:
        """The plaintext; `Broken` when it was not encrypted for this key."""
        if key.algorithm in ciphers.SYMMETRIC:
            return super().decrypt(key, data, aad)
        try:
            return gm.decrypt(self.export(key), data)
        except gm.Unreadable:
            raise kek.Broken from None


providers.register("gm", GM())
