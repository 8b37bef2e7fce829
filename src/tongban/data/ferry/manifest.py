"""What a bundle says of itself, in the clear and signed; its content is closed to the receiver."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused, canonical

from .data import Content

FORMAT = "tongban-ferry-1"
MANIFEST, SIGNATURE, PAYLOAD = "manifest.json", "manifest.json.p7s", "payload.closed"


@dataclass(frozen=True)
class Manifest:
    """The label of a bundle. `previous` is the digest of the bundle before it; `payload` the SHA-256 of what is
    closed."""

    channel: str
    from_zone: str
    to_zone: str
    number: int
    previous: str
    label: str
    reason: str
    proposer: str
    approver: str
    made: str
    payload: str
    contents: tuple[Content, ...]

    @property
    def name(self) -> str:
        """pkg-<zone>-<channel>-<yyyymmdd>-<number>.zip (standards 6.5)."""
        day = f"{datetime.fromisoformat(self.made):%Y%m%d}"
        return f"pkg-{self.from_zone}-{self.channel}-{day}-{self.number:06}.zip"

    def write(self) -> bytes:
        """Its one possible text."""
        return canonical({"format": FORMAT, **json.loads(json.dumps(asdict(self)))})


def digest(text: bytes) -> str:
    """What the next bundle names as the one before it."""
    return hashlib.sha256(text).hexdigest()


def read(text: bytes) -> Manifest:
    """A manifest from its text; `Refused` unless it is exactly what `write` makes."""
    try:
        found: dict[str, Any] = json.loads(text)
        kind = found.pop("format")
        contents = tuple(
            Content(**{**one, "columns": tuple(one["columns"])})
            for one in found.pop("contents")
            if set(one) == {field.name for field in fields(Content)}
        )
        manifest = Manifest(**found, contents=contents)
        fit = kind == FORMAT and manifest.write() == text and manifest.number > 0 and bool(manifest.name)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        fit = False
    if not fit:
        raise Refused(_("This is not a bundle that this program made, or its label is damaged."), "format")
    return manifest
