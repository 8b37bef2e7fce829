"""The receipt that goes back on paper: short enough to be typed, and only who opened the bundle can know it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

_WORD = "TBF1"


def code(secret: bytes, channel: str, number: int, digest: str) -> str:
    """Four groups of five letters over a secret that lay closed in the bundle (100 bits)."""
    mac = hmac.new(secret, f"{channel}|{number}|{digest}|imported".encode(), hashlib.sha256).digest()
    letters = base64.b32encode(mac)[:20].decode()
    return "-".join(letters[at : at + 5] for at in range(0, 20, 5))


def text(channel: str, number: int, code: str) -> str:
    """What the QR code on the paper says."""
    return f"{_WORD} {channel} {number} {code}"


def read(text: str) -> tuple[str, int, str] | None:
    """Channel, number and code from a scanned or typed receipt; None when it is none."""
    found = re.fullmatch(rf"\s*{_WORD}\s+([\w-]+)\s+(\d{{1,18}})\s+((?:[A-Z2-7]{{5}}-?){{4}})\s*", text.upper())
    if found is None:
        return None
    letters = found[3].replace("-", "")
    return found[1].lower(), int(found[2]), "-".join(letters[at : at + 5] for at in range(0, 20, 5))
