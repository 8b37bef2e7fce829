"""What is computed with public keys and plain symmetric keys: no state, no tables, no secrets kept."""

from __future__ import annotations

import hashlib
import os
from typing import Protocol

from asn1crypto import keys as asn1_keys
from asn1crypto import x509
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid

from . import gm
from .data import Algorithm

NONCE, TAG = 12, 16
SMALLEST_RSA = 3072
SYMMETRIC = {Algorithm.AES256: 32, Algorithm.SM4: 16}
HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
    "sm3": hashes.SM3,
}
CURVES = {"secp256r1": Algorithm.P256, "secp384r1": Algorithm.P384, "1.2.156.10197.1.301": Algorithm.SM2}


def digest(data: bytes, hash_name: str) -> bytes:
    """The hash of data; `Invalid` for a hash we do not sign with."""
    return hashlib.new(known_hash(hash_name), data).digest()


def known_hash(hash_name: str) -> str:
    """The name itself; `Invalid` for a hash that is broken or unknown here."""
    if hash_name not in HASHES:
        raise Invalid({"hash": _("Hashes here are %s.") % ", ".join(HASHES)})
    return hash_name


def own_hash(algorithm: Algorithm) -> str:
    """The hash an algorithm signs with unless another is asked for."""
    return {Algorithm.P384: "sha384", Algorithm.SM2: "sm3", Algorithm.ED25519: "sha512"}.get(algorithm, "sha256")


def algorithm_of(public: bytes) -> Algorithm:
    """The algorithm of a SubjectPublicKeyInfo (DER). `Invalid`: unreadable, too weak or not one of ours."""
    wrong = Invalid({"key": _("The public key is of a kind or size that is not accepted here.")})
    try:
        about = asn1_keys.PublicKeyInfo.load(public, strict=True)
        kind = about["algorithm"]["algorithm"].native
        if kind == "ec":
            curve = about["algorithm"]["parameters"].chosen
            return CURVES[curve.native if curve.native in CURVES else curve.dotted]
        if kind == "ed25519":
            return Algorithm.ED25519
        if kind == "rsa" and about.bit_size >= SMALLEST_RSA:
            return Algorithm.RSA3072
    except (ValueError, TypeError, KeyError, AttributeError):
        raise wrong from None
    raise wrong


def public_key_of(der: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate, or of itself."""
    try:
        return bytes(x509.Certificate.load(der, strict=True).public_key.dump())
    except (ValueError, TypeError):
        return der


def verified(public: bytes, data: bytes, value: bytes, hash_name: str = "", *, hashed: bool = False) -> bool:
    """Whether `value` signs the data (or, `hashed`, the digest) under this SubjectPublicKeyInfo; false for whatever
    cannot be read."""
    try:
        algorithm = algorithm_of(public)
        if algorithm is Algorithm.SM2:
            return not hashed and gm.verify(public, data, value)
        key = serialization.load_der_public_key(public)
        if isinstance(key, ed25519.Ed25519PublicKey):
            if hashed:
                return False
            key.verify(value, data)
            return True
        kind: hashes.HashAlgorithm = HASHES[hash_name or own_hash(algorithm)]()
        how = utils.Prehashed(kind) if hashed else kind
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, data, ec.ECDSA(how))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(value, data, padding.PKCS1v15(), how)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, Invalid, ValueError, TypeError, KeyError):
        return False
    return True


class Aead(Protocol):
    """Authenticated encryption with a nonce the caller gives once."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Ciphertext and tag."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """The plaintext; `InvalidTag`."""


class SM4GCM:
    """SM4 in GCM (RFC 8998) with the interface of `AESGCM`."""

    def __init__(self, key: bytes) -> None:
        self._cipher = SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Ciphertext and tag."""
        context = Cipher(self._cipher, modes.GCM(nonce)).encryptor()
        context.authenticate_additional_data(associated_data or b"")
        return context.update(data) + context.finalize() + context.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """The plaintext; `InvalidTag`."""
        if len(data) < TAG:
            raise InvalidTag
        context = Cipher(self._cipher, modes.GCM(nonce, data[-TAG:])).decryptor()
        context.authenticate_additional_data(associated_data or b"")
        return context.update(data[:-TAG]) + context.finalize()


def aead(algorithm: Algorithm, key: bytes) -> Aead:
    """AES-256-GCM or SM4-GCM with this key."""
    return AESGCM(key) if algorithm is Algorithm.AES256 else SM4GCM(key)


def fresh(algorithm: Algorithm) -> bytes:
    """A random key of a symmetric algorithm."""
    return os.urandom(SYMMETRIC[algorithm])


OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def encrypt_to(public: bytes, data: bytes) -> bytes:
    """Encrypt a short text to a public key: RSA-OAEP or SM2; `Invalid` for keys that only sign."""
    algorithm = algorithm_of(public)
    try:
        if algorithm is Algorithm.SM2:
            return gm.encrypt(public, data)
        key = serialization.load_der_public_key(public)
        if isinstance(key, rsa.RSAPublicKey):
            return key.encrypt(data, OAEP)
    except ValueError:
        raise Invalid({"data": _("This is too long to be encrypted to a public key.")}) from None
    raise Invalid({"key": _("This key cannot encrypt.")})
