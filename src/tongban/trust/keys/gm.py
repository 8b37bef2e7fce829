"""SM2 with SM3 (GB/T 32918, GM/T 0003) through the system's libcrypto 3. SM3 and SM4 come from `cryptography`.

There is no SM2 in Python here: where the library lacks it, keys of the GM suite are refused.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_ulong, c_void_p
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused

# The signer's identity that enters the hash; a default everybody uses (GM/T 0009, 10).
DISTINGUISHING_ID = os.environ.get("TONGBAN_SM2_ID", "1234567812345678").encode()

_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "OpenSSL_version_num": (c_ulong, []),
    "EVP_PKEY_CTX_new_from_name": (c_void_p, [c_void_p, c_char_p, c_char_p]),
    "EVP_PKEY_CTX_new": (c_void_p, [c_void_p, c_void_p]),
    "EVP_PKEY_CTX_free": (None, [c_void_p]),
    "EVP_PKEY_CTX_set1_id": (c_int, [c_void_p, c_char_p, c_int]),
    "EVP_PKEY_keygen_init": (c_int, [c_void_p]),
    "EVP_PKEY_generate": (c_int, [c_void_p, POINTER(c_void_p)]),
    "EVP_PKEY_free": (None, [c_void_p]),
    "EVP_PKEY2PKCS8": (c_void_p, [c_void_p]),
    "PKCS8_PRIV_KEY_INFO_free": (None, [c_void_p]),
    "i2d_PKCS8_PRIV_KEY_INFO": (c_int, [c_void_p, POINTER(c_void_p)]),
    "i2d_PUBKEY": (c_int, [c_void_p, POINTER(c_void_p)]),
    "d2i_PUBKEY": (c_void_p, [c_void_p, POINTER(c_void_p), c_long]),
    "d2i_AutoPrivateKey": (c_void_p, [c_void_p, POINTER(c_void_p), c_long]),
    "EVP_PKEY_is_a": (c_int, [c_void_p, c_char_p]),
    "EVP_MD_CTX_new": (c_void_p, []),
    "EVP_MD_CTX_free": (None, [c_void_p]),
    "EVP_MD_CTX_set_pkey_ctx": (None, [c_void_p, c_void_p]),
    "EVP_sm3": (c_void_p, []),
    "EVP_DigestSignInit": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p]),
    "EVP_DigestSign": (c_int, [c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t]),
    "EVP_DigestVerifyInit": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p]),
    "EVP_DigestVerify": (c_int, [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]),
    "EVP_PKEY_encrypt_init": (c_int, [c_void_p]),
    "EVP_PKEY_encrypt": (c_int, [c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t]),
    "EVP_PKEY_decrypt_init": (c_int, [c_void_p]),
    "EVP_PKEY_decrypt": (c_int, [c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t]),
    "CRYPTO_free": (None, [c_void_p, c_char_p, c_int]),
    "ERR_clear_error": (None, []),
}


@cache
def _library() -> Any:
    """libcrypto 3 with SM2, or None."""
    try:
        library = ctypes.CDLL("libcrypto.so.3")
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError):
        return None
    context = library.EVP_PKEY_CTX_new_from_name(None, b"SM2", None)
    library.EVP_PKEY_CTX_free(context)
    return library if context and library.OpenSSL_version_num() >= 0x30000000 else None


def available() -> bool:
    """Whether this machine's OpenSSL computes SM2."""
    return _library() is not None


def _crypto() -> Any:
    if (library := _library()) is None:
        raise Refused(_("This machine's OpenSSL has no SM2; keys of the GM suite cannot be used."), "no_sm2")
    return library


def generate() -> tuple[bytes, bytes]:
    """A fresh key pair: PKCS #8 and SubjectPublicKeyInfo, both DER."""
    crypto = _crypto()
    context, key = crypto.EVP_PKEY_CTX_new_from_name(None, b"SM2", None), c_void_p()
    try:
        _ok(crypto.EVP_PKEY_keygen_init(context))
        _ok(crypto.EVP_PKEY_generate(context, byref(key)))
        information = crypto.EVP_PKEY2PKCS8(key)
        try:
            private = _der(crypto.i2d_PKCS8_PRIV_KEY_INFO, information)
        finally:
            crypto.PKCS8_PRIV_KEY_INFO_free(information)
        return private, _der(crypto.i2d_PUBKEY, key)
    finally:
        crypto.EVP_PKEY_free(key)
        crypto.EVP_PKEY_CTX_free(context)


def sign(private: bytes, data: bytes, *, identity: bytes | None = None) -> bytes:
    """SM2 signature (DER) of SM3(Z || data)."""
    crypto = _crypto()
    with _key(private, private=True) as key, _digest(key, identity) as context:
        _ok(crypto.EVP_DigestSignInit(context, None, crypto.EVP_sm3(), None, key))
        size = c_size_t()
        _ok(crypto.EVP_DigestSign(context, None, byref(size), data, len(data)))
        value = ctypes.create_string_buffer(size.value)
        _ok(crypto.EVP_DigestSign(context, value, byref(size), data, len(data)))
        return value.raw[: size.value]


def verify(public: bytes, data: bytes, value: bytes, *, identity: bytes | None = None) -> bool:
    """Whether `value` is an SM2 signature of the data; false for anything that cannot be read."""
    crypto = _crypto()
    try:
        with _key(public, private=False) as key, _digest(key, identity) as context:
            _ok(crypto.EVP_DigestVerifyInit(context, None, crypto.EVP_sm3(), None, key))
            return bool(crypto.EVP_DigestVerify(context, value, len(value), data, len(data)) == 1)
    except Unreadable:
        return False
    finally:
        crypto.ERR_clear_error()


def encrypt(public: bytes, data: bytes) -> bytes:
    """SM2 encryption: the ASN.1 form of GM/T 0009 (C1, C3, C2)."""
    crypto = _crypto()
    with _key(public, private=False) as key:
        return _ciphered(crypto.EVP_PKEY_encrypt_init, crypto.EVP_PKEY_encrypt, key, data)


def decrypt(private: bytes, data: bytes) -> bytes:
    """The plaintext; `Unreadable` for anything that was not encrypted for this key."""
    crypto = _crypto()
    with _key(private, private=True) as key:
        return _ciphered(crypto.EVP_PKEY_decrypt_init, crypto.EVP_PKEY_decrypt, key, data)


class Unreadable(ValueError):
    """libcrypto refused the key or the data."""


def _ok(answer: Any) -> None:
    if answer != 1:
        _crypto().ERR_clear_error()
        raise Unreadable("libcrypto refused")


def _der(write: Any, thing: Any) -> bytes:
    body = c_void_p()
    size = write(thing, byref(body))
    if size <= 0:
        raise Unreadable("libcrypto refused")
    try:
        return ctypes.string_at(body, size)
    finally:
        _crypto().CRYPTO_free(body, None, 0)


@contextmanager
def _key(der: bytes, *, private: bool) -> Iterator[Any]:
    crypto = _crypto()
    buffer = ctypes.create_string_buffer(der, len(der))
    place = c_void_p(ctypes.addressof(buffer))
    key = (crypto.d2i_AutoPrivateKey if private else crypto.d2i_PUBKEY)(None, byref(place), len(der))
    try:
        if not key or crypto.EVP_PKEY_is_a(key, b"SM2") != 1:
            crypto.ERR_clear_error()
            raise Unreadable("not an SM2 key")
        yield key
    finally:
        crypto.EVP_PKEY_free(key)


@contextmanager
def _digest(key: Any, identity: bytes | None) -> Iterator[Any]:
    """A digest context that hashes the signer's identity first."""
    crypto = _crypto()
    name = DISTINGUISHING_ID if identity is None else identity
    context, about = crypto.EVP_MD_CTX_new(), crypto.EVP_PKEY_CTX_new(key, None)
    try:
        _ok(crypto.EVP_PKEY_CTX_set1_id(about, name, len(name)))
        crypto.EVP_MD_CTX_set_pkey_ctx(context, about)
        yield context
    finally:
        crypto.EVP_MD_CTX_free(context)
        crypto.EVP_PKEY_CTX_free(about)


def _ciphered(begin: Any, run: Any, key: Any, data: bytes) -> bytes:
    crypto = _crypto()
    context, size = crypto.EVP_PKEY_CTX_new(key, None), c_size_t()
    try:
        _ok(begin(context))
        _ok(run(context, None, byref(size), data, len(data)))
        out = ctypes.create_string_buffer(size.value)
        _ok(run(context, out, byref(size), data, len(data)))
        return out.raw[: size.value]
    finally:
        crypto.EVP_PKEY_CTX_free(context)
