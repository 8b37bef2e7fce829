"""Public ids: opaque, unguessable, safe in addresses and file names (security T13)."""

from __future__ import annotations

import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id() -> str:
    """128 random bits as 26 characters of lower-case Crockford base32. Never derived, never sequential."""
    number = secrets.randbits(128)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
