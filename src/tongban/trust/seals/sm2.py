"""Checking SM2 signatures with SM3 (GB/T 32918.2, GM/T 0009) by the system's libcrypto 3, and nothing else of it.

The key management centre has the whole suite; this process reads hostile files and must hold neither its models nor
its secrets, so it brings the one function it needs."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_char_p, c_int, c_long, c_size_t, c_void_p
from functools import cache
from typing import Any

IDENTITY = b"1234567812345678"
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "d2i_PUBKEY": (c_void_p, [c_void_p, c_void_p, c_long]),
    "EVP_PKEY_is_a": (c_int, [c_void_p, c_char_p]),
    "EVP_PKEY_CTX_new": (c_void_p, [c_void_p, c_void_p]),
    "EVP_PKEY_CTX_set1_id": (c_int, [c_void_p, c_char_p, c_int]),
    "EVP_MD_CTX_new": (c_void_p, []),
    "EVP_MD_CTX_set_pkey_ctx": (None, [c_void_p, c_void_p]),
    "EVP_sm3": (c_void_p, []),
    "EVP_DigestVerifyInit": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p]),
    "EVP_DigestVerify": (c_int, [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]),
    "EVP_MD_CTX_free": (None, [c_void_p]),
    "EVP_PKEY_CTX_free": (None, [c_void_p]),
    "EVP_PKEY_free": (None, [c_void_p]),
}


@cache
def library() -> Any:
    """libcrypto 3, or None where the machine has none with SM2."""
    try:
        found = ctypes.CDLL("libcrypto.so.3")
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(found, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError):
        return None
    return found


def verify(public: bytes, data: bytes, value: bytes) -> bool:
    """Whether `value` (DER) signs `data` under a SubjectPublicKeyInfo (DER). False for whatever cannot be read.
    Call only where `library()` is there."""
    crypto = library()
    start = ctypes.cast(ctypes.create_string_buffer(public, len(public)), c_void_p)
    key = crypto.d2i_PUBKEY(None, byref(start), len(public))
    if not key:
        return False
    own, context = None, crypto.EVP_MD_CTX_new()
    try:
        own = crypto.EVP_PKEY_CTX_new(key, None)
        if not (crypto.EVP_PKEY_is_a(key, b"SM2") and crypto.EVP_PKEY_CTX_set1_id(own, IDENTITY, len(IDENTITY)) == 1):
            return False
        crypto.EVP_MD_CTX_set_pkey_ctx(context, own)
        ready = crypto.EVP_DigestVerifyInit(context, None, crypto.EVP_sm3(), None, key) == 1
        return bool(ready and crypto.EVP_DigestVerify(context, value, len(value), data, len(data)) == 1)
    finally:
        crypto.EVP_MD_CTX_free(context)
        crypto.EVP_PKEY_CTX_free(own)
        crypto.EVP_PKEY_free(key)
