"""A file as messages: pieces, signed and closed like others; name, size and SHA-256 of the whole are in each."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tongban.data.transport import api as transport
from tongban.data.transport.data import Business, Kind, language

from . import models

PIECE = 16 << 20


def send_pieces(grant: models.Grant, shape: str, path: Path, whole: language.Whole) -> str:
    """Put a file into the outbox, in the caller's transaction; the SHA-256 of what was read."""
    total, digest = max(1, -(-whole["size"] // PIECE)), hashlib.sha256()
    with path.open("rb") as file:
        for number in range(1, total + 1):
            piece = file.read(PIECE)
            digest.update(piece)
            head = language.Piece(**whole, total=total, number=number)
            body = json.dumps(head, ensure_ascii=False).encode() + b"\n" + piece
            transport.send(
                grant.node, Kind.FILE, Business.FILE, body,
                resource=grant.resource, grant=grant.id, schema=shape, priority=8,
            )  # fmt: skip
    return digest.hexdigest()
