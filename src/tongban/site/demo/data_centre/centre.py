"""The centre's own processes: those that serve already, or ours while the story lasts."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tongban.site.database import migrated, running
from tongban.site.home import home
from tongban.site.mainjob import wait_for_sites
from tongban.site.nats import ports
from tongban.site.run import Town, _command, _port, say


@contextmanager
def centre() -> Iterator[bool]:
    """Inside the block both sites, the workers, the hub and the exchange run; gives whether they are ours."""
    with running():
        if not migrated():
            say("Bringing the database up to date ...")
            _command("migrate")
        if not (home() / "demo-accounts.json").exists():
            say("Loading the demo province ...")
            _command("demo", "load")
        if _serving():
            yield False
            return
        with _kept():
            wait_for_sites()
            yield True


def _serving() -> bool:
    """Whether this installation serves: the staff site answers, and our own hub listens."""
    try:
        wait_for_sites(0)
    except RuntimeError:
        return False
    hub = int(os.environ.get("TONGBAN_NATS_PORT", "0")) or ports(home() / "nats" / "ports.json", 3)[0]
    if not (os.environ.get("TONGBAN_NATS_URL") or _listening(hub)):
        raise RuntimeError(
            f"Another installation answers on port {_port('staff')}, or this one serves without its hub. End it, or "
            "set TONGBAN_PUBLIC_PORT and TONGBAN_STAFF_PORT to free ports."
        )
    return True


def _listening(at: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", at)) == 0


@contextmanager
def _kept() -> Iterator[None]:
    """Start all processes of one machine, keep them up, and end them."""
    town, over = Town.usual(), threading.Event()

    def keep() -> None:
        while not over.wait(0.3):
            town.keep()

    keeper = threading.Thread(target=keep, name="town", daemon=True)
    town.keep()
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
        town.stop()
