"""A file as messages: pieces, signed and closed like others; name, size and SHA-256 of the whole are in each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as Map
from pathlib import Path
from typing import Any

from tongban.data.transport import api as transport
from tongban.data.transport.data import Kind

from . import models

FILE = "file"
PIECE = 16 << 20


def send_pieces(grant: models.Grant, shape: str, path: Path, head: Map[str, Any]) -> str:
    """Put a file into the outbox, in the caller's transaction; the SHA-256 of what was read."""
    total, digest = max(1, -(-int(head["size"]) // PIECE)), hashlib.sha256()
    with path.open("rb") as file:
        for number in range(1, total + 1):
            piece = file.read(PIECE)
            digest.update(piece)
            body = json.dumps({**head, "total": total, "number": number}, ensure_ascii=False).encode() + b"\n" + piece
            transport.send(
                grant.node, Kind.FILE, FILE, body, resource=grant.resource, grant=grant.id, schema=shape, priority=8
            )
    return digest.hexdigest()
