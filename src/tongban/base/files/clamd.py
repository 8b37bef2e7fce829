"""ClamAV's daemon as a malware scanner, by its INSTREAM protocol (clamd(8))."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import BinaryIO

from .errors import Rejected
from .limits import CHUNK

_SECONDS = 60


@dataclass(frozen=True)
class Clamd:
    """`address` is a socket's path or `host:port`. `Rejected` while it does not answer: nothing comes in unscanned."""

    address: str

    def scan(self, stream: BinaryIO) -> str | None:
        try:
            with self._connected() as line:
                line.sendall(b"zINSTREAM\0")
                while chunk := stream.read(CHUNK):
                    line.sendall(struct.pack(">L", len(chunk)) + chunk)
                line.sendall(struct.pack(">L", 0))
                answer = b"".join(iter(lambda: line.recv(4096), b"")).strip(b"\0\n ").decode(errors="replace")
        except OSError as error:
            raise Rejected("scanner") from error
        if answer.endswith(" FOUND"):
            return answer.removeprefix("stream: ").removesuffix(" FOUND")
        if not answer.endswith("OK"):
            raise Rejected("scanner")
        return None

    def _connected(self) -> socket.socket:
        if self.address.startswith("/"):
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(_SECONDS)
            line.connect(self.address)
            return line
        host, _colon, port = self.address.rpartition(":")
        return socket.create_connection((host, int(port)), timeout=_SECONDS)
