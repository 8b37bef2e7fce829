"""Keys in a device behind PKCS #11: they are made there, sign there and cannot be taken out (security T40).

`TONGBAN_PKCS11_MODULE` (path of the device's library), `TONGBAN_PKCS11_TOKEN` (its label) and the PIN in the file
`TONGBAN_PKCS11_PIN_FILE` or the systemd credential `tongban-pkcs11-pin`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from asn1crypto.algos import DigestInfo
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused

from .. import ciphers
from ..data import Algorithm
from . import Made, Stored, providers

CURVES = {Algorithm.P256: "secp256r1", Algorithm.P384: "secp384r1"}
_alone = Lock()


class Token:
    """ECDSA and RSA-3072 in a device."""

    algorithms = frozenset({Algorithm.P256, Algorithm.P384, Algorithm.RSA3072})

    def problem(self) -> str:
        """Why it cannot be used here, in words; empty when it can."""
        try:
            with _session():
                return ""
        except Refused as refused:
            return str(refused)

    def generate(self, key_id: str, algorithm: Algorithm) -> Made:
        """A fresh key pair in the device, sensitive and not extractable."""
        from pkcs11 import Attribute, KeyType, Mechanism
        from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters
        from pkcs11.util.rsa import encode_rsa_public_key

        fixed = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
        with _session() as session:
            if algorithm in CURVES:
                curve = {Attribute.EC_PARAMS: encode_named_curve_parameters(CURVES[algorithm])}
                parameters = session.create_domain_parameters(KeyType.EC, curve, local=True)
                public, _private = parameters.generate_keypair(
                    mechanism=Mechanism.EC_KEY_PAIR_GEN, store=True, label=key_id, private_template=fixed
                )
                return Made(encode_ec_public_key(public), handle=key_id)
            public, _private = session.generate_keypair(
                KeyType.RSA, 3072, store=True, label=key_id, private_template=fixed
            )
            modulus = encode_rsa_public_key(public)
        return Made(_spki_of_rsa(modulus), handle=key_id)

    def sign(self, key: Stored, data: bytes, hash_name: str, *, hashed: bool) -> bytes:
        """The device signs the digest; hashing is done here."""
        from pkcs11 import Mechanism
        from pkcs11.util.ec import encode_ecdsa_signature

        value = data if hashed else ciphers.digest(data, hash_name)
        with _private_key(key) as private:
            if key.algorithm in CURVES:
                return bytes(encode_ecdsa_signature(private.sign(value, mechanism=Mechanism.ECDSA)))
            info = DigestInfo({"digest_algorithm": {"algorithm": hash_name}, "digest": value}).dump()
            return bytes(private.sign(info, mechanism=Mechanism.RSA_PKCS))

    def encrypt(self, key: Stored, data: bytes, aad: bytes) -> bytes:
        """Not by a device."""
        raise Refused(_("Keys in the device only sign."))

    def decrypt(self, key: Stored, data: bytes, aad: bytes) -> bytes:
        """Not by a device."""
        raise Refused(_("Keys in the device only sign."))

    def export(self, key: Stored) -> bytes:
        """Never."""
        raise Refused(_("A key in the device cannot be taken out."))

    def restore(self, key_id: str, plain: bytes) -> bytes:
        """Never."""
        raise Refused(_("A key in the device cannot be taken out."))

    def destroy(self, key: Stored) -> None:
        """Delete both halves in the device."""
        from pkcs11 import Attribute

        with _session() as session:
            for thing in list(session.get_objects({Attribute.LABEL: key.handle})):
                thing.destroy()


def _spki_of_rsa(key: bytes) -> bytes:
    from asn1crypto.keys import PublicKeyInfo, RSAPublicKey

    return bytes(PublicKeyInfo.wrap(RSAPublicKey.load(key), "rsa").dump())


@contextmanager
def _private_key(key: Stored) -> Iterator[Any]:
    from pkcs11 import ObjectClass
    from pkcs11.exceptions import NoSuchKey

    with _session() as session:
        try:
            yield session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=key.handle)
        except NoSuchKey:
            raise Refused(_("The device does not hold this key."), "device") from None


@contextmanager
def _session() -> Iterator[Any]:
    from pkcs11.exceptions import PKCS11Error

    # One session of the process, one caller at a time: many devices know no more.
    with _alone:
        try:
            yield _opened(os.getpid(), os.environ.get("TONGBAN_PKCS11_MODULE", ""), _label())
        except (PKCS11Error, OSError) as error:
            _opened.cache_clear()
            raise Refused(_("The device for keys does not answer (%s).") % type(error).__name__, "device") from None


def _label() -> str:
    return os.environ.get("TONGBAN_PKCS11_TOKEN", "tongban")


@cache
def _opened(_process: int, module: str, label: str) -> Any:
    import pkcs11

    if not module:
        raise Refused(_("No device for keys is set up (TONGBAN_PKCS11_MODULE)."), "device")
    token = pkcs11.lib(module).get_token(token_label=label)
    try:
        return token.open(rw=True, user_pin=_pin())
    except pkcs11.exceptions.UserAlreadyLoggedIn:  # signing in is the process's, and outlives a failed session
        return token.open(rw=True)


def _pin() -> str:
    credential = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent")) / "tongban-pkcs11-pin"
    path = Path(os.environ.get("TONGBAN_PKCS11_PIN_FILE") or credential)
    return path.read_text("utf-8").strip()


providers.register("pkcs11", Token())
