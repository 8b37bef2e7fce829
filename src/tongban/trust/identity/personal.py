"""Identity numbers and phones: normal form, keyed hash for equality look-up (T14, T39)."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from django.conf import settings
from django.utils.crypto import salted_hmac


def normal(text: str) -> str:
    """Full-width forms, spaces and hyphens typed by people are the same number; the last x is an X."""
    if text.isascii() and text.isalnum():
        return text.upper()
    return "".join(unicodedata.normalize("NFKC", text).split()).replace("-", "").upper()


def normal_phone(text: str) -> str:
    """A mainland mobile number without the country code."""
    number = normal(text).removeprefix("+")
    return number[2:] if len(number) == 13 and number.startswith("86") else number


def keyed(field: str, text: str) -> str:
    """HMAC-SHA256 under the index key, bound to the field; empty for empty. Never log what goes in."""
    if not text:
        return ""
    return hmac.new(_key(), f"{field}|{text}".encode(), hashlib.sha256).hexdigest()


def _key() -> bytes:
    key = getattr(settings, "TONGBAN_INDEX_KEY", "")
    # Development only: production start-up demands a key of its own, because SECRET_KEY rotates and this
    # must not.
    return key.encode() if key else salted_hmac("tongban.identity.index", "key", algorithm="sha256").digest()
