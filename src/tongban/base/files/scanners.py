"""Malware scanners: a registry, and the built-in one that knows signatures."""

from __future__ import annotations

from typing import BinaryIO

from tongban.base.kernel.api import Registry

from .data import Scanner
from .signatures import KNOWN

scanners: Registry[Scanner] = Registry("malware scanner")
scanners.register("signatures", KNOWN)


def finding(stream: BinaryIO) -> str | None:
    """The first scanner's finding in a seekable stream, or nothing."""
    for _name, scanner in scanners.items():
        stream.seek(0)
        if found := scanner.scan(stream):
            return found
    return None
