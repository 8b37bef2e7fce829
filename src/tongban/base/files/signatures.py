"""Malware that is known by a string of bytes. Known inside the cell too, where no daemon can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .limits import CHUNK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO


class Signatures:
    """Finds byte strings anywhere in a stream, in constant memory."""

    def __init__(self, known: Mapping[str, bytes]) -> None:
        self._known = dict(known)
        self._overlap = max(map(len, known.values())) - 1

    def scan(self, stream: BinaryIO) -> str | None:
        tail = b""
        while chunk := stream.read(CHUNK):
            window = tail + chunk
            for name, signature in self._known.items():
                if signature in window:
                    return name
            tail = window[-self._overlap :]
        return None


# The test string of the anti-malware industry, kept in two parts so that this file is not found by scanners itself.
_EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
KNOWN = Signatures({"EICAR-Test-File": _EICAR})
