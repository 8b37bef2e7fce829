"""A PDF that carries its own proof.

It is drawn with an attachment of `SLOT` spaces and sealed so: a leaf holds the SHA-256 of these bytes. The proof, which
exists only afterwards, is put over the spaces; who verifies puts the spaces back. So every byte of the file is either
under the leaf's digest or part of the proof, and no PDF has to be understood.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

SLOT = 16_384  # bytes
FORMAT = "tongban-document-1"
_BEGIN = b'{"format":"tongban-document-1",'


def filled(content: bytes, proof: Mapping[str, Any]) -> bytes | None:
    """The PDF with its proof; None when it has no slot, or one too small."""
    blank, text = b" " * SLOT, _text(proof)
    if len(text) > SLOT or content.count(blank) != 1:
        return None
    return content.replace(blank, text.ljust(SLOT))


def parted(content: bytes) -> tuple[bytes, dict[str, Any]]:
    """The PDF as it was sealed, and the proof in it. `ValueError` when there is none, or written in another way."""
    if content.count(_BEGIN) != 1:
        raise ValueError("this PDF carries no proof")
    at = content.index(_BEGIN)
    slot = content[at : at + SLOT]
    proof: dict[str, Any] = json.loads(slot)
    if _text(proof).ljust(SLOT) != slot:
        raise ValueError("the proof is not written as it should be")
    return content[:at] + b" " * SLOT + content[at + SLOT :], proof


def _text(proof: Mapping[str, Any]) -> bytes:
    return json.dumps(proof, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
