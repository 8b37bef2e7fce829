"""Which bytes of a PDF a seal covers. Everything but its own value, or it proves nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import generic

from .signers import Bad, broken
from .verdicts import Verdict

_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_FORM = re.compile(rb"/SubFilter\s*(/[A-Za-z0-9.]+)")
_NOT_HEX = re.compile(rb"[^0-9A-Fa-f]")
MOST = 50
"""Seals looked at in a file whose structure is gone."""


@dataclass(frozen=True)
class Range:
    """`signed`: the covered bytes; `value`: the signature value in the gap; `end`: where the cover ends; `wrong`: what
    is amiss although the range can be followed."""

    signed: bytes
    value: bytes
    end: int
    wrong: Bad | None = None


def entry(node: Any, key: str, default: Any = None) -> Any:
    """What stands under a key of a dictionary, references followed. The library's `get` does not follow them."""
    return node[key] if key in node else default  # noqa: SIM401


def range_of(content: bytes, seal: Any) -> Range:
    """The range of a signature dictionary. Raises Bad for one that nobody can follow."""
    try:
        raw = [one.get_object() for one in seal["/ByteRange"].get_object()]
    except (KeyError, TypeError, AttributeError) as error:
        raise broken("range") from error
    if len(raw) != 4 or not all(isinstance(one, int) and not isinstance(one, bool) for one in raw):
        raise broken("range")
    value = _value(seal)
    start, before, after, rest = (int(one) for one in raw)
    if start != 0 or before <= 0 or rest <= 0 or after < before:
        raise broken("range")
    end = after + rest
    signed = content[:before] + content[after:end]
    if end > len(content):
        return Range(signed, value, end, Bad(Verdict.ALTERED, "cut"))
    if not _explained(content[before:after], value):
        return Range(signed, value, end, Bad(Verdict.ALTERED, "part_only"))
    return Range(signed, value, end)


def _value(seal: Any) -> bytes:
    try:
        raw = seal.raw_get("/Contents", decrypt=generic.EncryptedObjAccess.RAW)
        raw = raw.get_object() if isinstance(raw, generic.IndirectObject) else raw
    except KeyError as error:
        raise broken("no_value") from error
    if not isinstance(raw, generic.TextStringObject | generic.ByteStringObject):
        raise broken("no_value")
    return bytes(raw.original_bytes)


def _explained(gap: bytes, value: bytes) -> bool:
    """The gap holds the signature value as one hexadecimal string, and nothing else."""
    gap = gap.strip(b" \t\r\n\0\f")
    if not (gap.startswith(b"<") and gap.endswith(b">")):
        return False
    digits = b"".join(gap[1:-1].split())
    if _NOT_HEX.search(digits):
        return False
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode()) == value


def scanned(content: bytes) -> Iterator[tuple[Range, str]]:
    """Ranges found by looking through the bytes, with the format named near each; for files that cannot be parsed."""
    for found in list(_RANGE.finditer(content))[:MOST]:
        start, before, after, rest = map(int, found.groups())
        if start or not before < after or not rest:
            continue
        gap = content[before:after].strip(b" \t\r\n\0\f")
        digits = b"".join(gap[1:-1].split())
        near = _FORM.search(content, max(0, min(before, found.start()) - 500), after + 1500)
        end, wrong = after + rest, None
        if end > len(content):
            wrong = Bad(Verdict.ALTERED, "cut")
        elif not (gap.startswith(b"<") and gap.endswith(b">")) or _NOT_HEX.search(digits) or len(digits) % 2:
            wrong, digits = Bad(Verdict.ALTERED, "part_only"), b""
        signed = content[:before] + content[after:end]
        value = bytes.fromhex(digits.decode()) if wrong is None else b""
        yield Range(signed, value, end, wrong), near.group(1).decode() if near else ""
