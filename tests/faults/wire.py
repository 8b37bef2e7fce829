"""A line that can be spoiled: frames between two interfaces are carried by this program, which drops or delays them.

The kernel's own netem is not everywhere. Here every packet of a node passes a pair of raw sockets, so what is lost is
really lost, in one direction or both, and TCP has to cope. Reads orders on its input: `NAME DIRECTION MODE` with
direction `out` (from the node), `in` or `both`, and mode `pass`, `cut`, `loss30`, `slow` (64 kbit/s) or `flap`.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import sys
import time
from dataclasses import dataclass, field

SLOW = 8_000  # bytes a second
QUEUE = 2.0  # seconds of waiting at most; what comes then is dropped, as a modem's buffer does
FLAP = 0.7


@dataclass
class Way:
    """One direction of a line."""

    source: socket.socket
    target: socket.socket
    mode: str = "pass"
    free: float = 0.0
    waiting: list[tuple[float, int, bytes]] = field(default_factory=list)
    count: int = 0

    def carry(self) -> None:
        """Take what is there and pass it on, or not."""
        while True:
            try:
                frame = self.source.recv(65_536)
            except BlockingIOError:
                return
            moment = time.monotonic()
            if self.mode == "cut" or (self.mode == "loss30" and random.random() < 0.3):
                continue
            if self.mode == "flap" and int(moment / FLAP) % 2:
                continue
            if self.mode == "slow":
                self.free = max(self.free, moment)
                if self.free - moment > QUEUE:
                    continue
                self.free += len(frame) / SLOW
                self.count += 1
                heapq.heappush(self.waiting, (self.free, self.count, frame))
            else:
                self._send(frame)

    def due(self) -> float | None:
        """Seconds until something delayed may go, after sending what may."""
        while self.waiting:
            rest = self.waiting[0][0] - time.monotonic()
            if rest > 0:
                return rest
            self._send(heapq.heappop(self.waiting)[2])
        return None

    def _send(self, frame: bytes) -> None:
        with contextlib.suppress(OSError):  # a full queue drops, as lines do
            self.target.send(frame)


def raw(name: str) -> socket.socket:
    """Every frame that arrives at an interface; what we send ourselves is not seen again."""
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    made.bind((name, 0))
    made.setsockopt(263, 23, 1)  # SOL_PACKET, PACKET_IGNORE_OUTGOING
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    made.setblocking(False)
    plain(name)
    return made


def plain(name: str) -> None:
    """No checksums left to hardware that is not there, no joined packets: frames must be whole."""
    with socket.socket() as any_socket:
        for order in (0x17, 0x1F, 0x21, 0x24, 0x2C, 0x15):  # tx checksum, TSO, UFO, GSO, GRO, rx checksum
            value = array.array("B", struct.pack("II", order, 0))
            request = struct.pack("16sP", name.encode(), value.buffer_info()[0])
            try:
                fcntl.ioctl(any_socket, 0x8946, request)  # SIOCETHTOOL
            except OSError:
                continue  # the kernel's way of saying that there is no such thing to switch off


def main() -> None:
    ways: dict[tuple[str, str], Way] = {}
    for name in sys.argv[1:]:
        near, far = raw(f"n-{name}"), raw(f"w-{name}")
        ways[name, "out"], ways[name, "in"] = Way(near, far), Way(far, near)
    sources = {way.source: way for way in ways.values()}
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        rest = min((each for each in (way.due() for way in ways.values()) if each is not None), default=1.0)
        ready, _write, _error = select.select([sys.stdin, *sources], [], [], rest)
        for source in ready:
            if not isinstance(source, socket.socket):
                orders = os.read(0, 65_536).decode().splitlines()
                if not orders:
                    return
                for name, direction, mode in (order.split() for order in orders):
                    for each in ("out", "in") if direction == "both" else (direction,):
                        ways[name, each].mode = mode
            else:
                sources[source].carry()


if __name__ == "__main__":
    if sys.argv[1:2] == ["plain"]:
        plain(sys.argv[2])
    else:
        main()
