"""The two witnesses that one machine runs for itself, and where they listen.

They make the mechanism complete from the first start; against somebody who owns the machine only witnesses elsewhere
help (`TONGBAN_WITNESSES`).
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

from .home import home

NAMES = ("one", "two")


def witness_commands() -> dict[str, list[str]]:
    """The command of each witness to keep running here; none where others are named."""
    if os.environ.get("TONGBAN_WITNESSES") is not None:
        return {}
    folder = home() / "witness"
    ports = _ports(folder / "addresses.json")
    return {name: _command(port, folder / name) for name, port in ports.items()}


def _command(port: int, folder: Path) -> list[str]:
    listen = ["--listen", f"127.0.0.1:{port}", "--state", str(folder)]
    return [sys.executable, "-m", "tongban.site.cli", "witness", *listen]


def _ports(path: Path) -> dict[str, int]:
    """The ports of last time where they are free, else fresh ones; written down for the processes that ask."""
    known = json.loads(path.read_text()) if path.exists() else {}
    ports = {name: _free(int(str(known.get(name, ":0")).rpartition(":")[2])) for name in NAMES}
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({name: f"http://127.0.0.1:{port}" for name, port in ports.items()}))
    fresh.replace(path)
    return ports


def _free(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return _free(0)
        return int(probe.getsockname()[1])
