"""Network namespaces: each node and each hub server in its own, the nodes behind lines that can be spoiled."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def why_not() -> str:
    """Why there can be no namespaces here; "" where there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    name = f"tb{os.getpid()}-probe"
    try:
        _ip("netns", "add", name)
        _ip("netns", "del", name)
    except (RuntimeError, OSError) as error:
        return f"no network namespaces here: {error}"
    return ""


@dataclass
class Lines:
    """Addresses are 10.77.0.x; `places` are names of namespaces by the names of who is in them."""

    hubs: list[str]
    nodes: list[str]
    mark: str = field(default_factory=lambda: f"tb{os.getpid()}")
    wire: subprocess.Popen[str] | None = None

    def place(self, name: str) -> str:
        return f"{self.mark}-{name}"

    def address(self, name: str) -> str:
        return f"10.77.0.{11 + [*self.hubs, *self.nodes].index(name)}"

    def make(self) -> None:
        switch = self.place("switch")
        _ip("netns", "add", switch)
        _ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        _ip("-n", switch, "link", "set", "bridge", "up")
        for name in [*self.hubs, *self.nodes]:
            place, short = self.place(name), name[:10]
            _ip("netns", "add", place)
            near = f"n-{short}"
            _ip("-n", switch, "link", "add", near, "type", "veth", "peer", "name", "eth0", "netns", place)
            if name in self.hubs:
                _ip("-n", switch, "link", "set", near, "master", "bridge")
            else:
                _ip("-n", switch, "link", "add", f"w-{short}", "type", "veth", "peer", "name", f"b-{short}")
                _ip("-n", switch, "link", "set", f"b-{short}", "master", "bridge")
                for each in (f"w-{short}", f"b-{short}"):
                    _ip("-n", switch, "link", "set", each, "up")
            _ip("-n", switch, "link", "set", near, "up")
            _ip("-n", place, "link", "set", "lo", "up")
            _ip("-n", place, "address", "add", f"{self.address(name)}/24", "dev", "eth0")
            _ip("-n", place, "link", "set", "eth0", "up")
            self._plain(place)
        here = ["ip", "netns", "exec", switch, sys.executable, "-m", "tests.faults.wire"]
        self.wire = subprocess.Popen(
            [*here, *[name[:10] for name in self.nodes]],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.wire.stdout
        assert self.wire.stdout.readline() == "ready\n"

    @staticmethod
    def _plain(place: str) -> None:
        here = ["ip", "netns", "exec", place, sys.executable, "-m", "tests.faults.wire", "plain", "eth0"]
        subprocess.run(here, cwd=ROOT, check=True)

    def spoil(self, name: str, mode: str, direction: str = "both") -> None:
        """Make a node's line `cut`, `loss30`, `slow`, `flap`, or whole again (`pass`)."""
        assert self.wire
        assert self.wire.stdin
        self.wire.stdin.write(f"{name[:10]} {direction} {mode}\n")
        self.wire.stdin.flush()

    def end(self) -> None:
        if self.wire and self.wire.stdin:
            self.wire.stdin.close()
            self.wire.wait(60)
        for name in [*self.hubs, *self.nodes, "switch"]:
            subprocess.run(["ip", "netns", "del", self.place(name)], capture_output=True, check=False)
