"""Malware scanners: a registry, and the built-in one that knows signatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from tongban.base.kernel.api import Registry

from .data import CHUNK, Scanner

scanners: Registry[Scanner] = Registry("malware scanner")

# The test string of the anti-malware industry, kept in two parts so that this file is not found by scanners
# itself.
_EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


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


scanners.register("signatures", Signatures({"EICAR-Test-File": _EICAR}))


def finding(stream: BinaryIO) -> str | None:
    """The first scanner's finding in a seekable stream, or nothing."""
    for _name, scanner in scanners.items():
        stream.seek(0)
        if found := scanner.scan(stream):
            return found
    return None
