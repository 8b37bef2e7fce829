"""`tongban node run`: database, leaf and the node's worker, each started again when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from types import FrameType

from tongban.data.transport.data import LineKey, Own
from tongban.site.home import home
from tongban.site.nats import Leaf, ports
from tongban.site.postgres import PostgresError, Server
from tongban.site.run import Child, say

from .database import current, migrate, ready, running

_PYTHON = [sys.executable, "-m", "tongban.site.node.running"]


def run() -> int:
    """Until Ctrl-C or SIGTERM."""
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _ended)
    with running() as server:
        with ready():  # Django is set up here; what follows the first line asks files only
            if not current():
                _owner("migrate")
            from tongban.data.transport import api as transport

            own, leaf = _prepared()
        children = [
            Child("leaf", leaf, {}),
            Child("node", [*_PYTHON, "work"], {"TONGBAN_DATABASE_ROLE": "tongban_app"}),
        ]
        try:
            while True:
                _keep(server)
                if transport.own() != own:  # new certificates
                    for child in children:
                        child.stop()
                    own, _leaf = _prepared()
                for child in children:
                    child.keep()
                time.sleep(0.3)
        except KeyboardInterrupt:
            say("Stopping ...")
        finally:
            for child in reversed(children):
                child.stop()
    return 0


def _ended(_signal: int, _frame: FrameType | None) -> None:
    for ending in (signal.SIGTERM, signal.SIGINT):  # said twice it would break off the stopping, and leave the leaf
        signal.signal(ending, lambda _signal, _frame: None)
    raise KeyboardInterrupt


def _keep(server: Server | None) -> None:
    if server is None or server.alive():
        return
    try:
        server.start()
    except PostgresError as error:
        say(str(error))  # what the dead server left may still hold it; the next round tries again


def _owner(what: str) -> None:
    """Run a step as the owner of the database, in a process of its own: this one never has its rights."""
    environment = {**os.environ, "TONGBAN_DATABASE_ROLE": "tongban_owner"}
    done = subprocess.run([*_PYTHON, what], env=environment, check=False)
    if done.returncode:
        raise RuntimeError("The database of this node could not be brought up to date; see above.")


def _prepared() -> tuple[Own, list[str]]:
    """Write the leaf's configuration and tell transport where it listens; gives who we are and the leaf's command."""
    from tongban.data.transport import api as transport

    own = transport.own()
    port = int(os.environ.get("TONGBAN_NATS_PORT", "0")) or ports(home() / "nats" / "ports.json", 1)[0]
    key = LineKey(own.line_certificate, own.line_key, own.line_roots)
    leaf = Leaf(home() / "nats", own.node, key, port=port, gates=own.gates)
    if own.servers != (leaf.url,):
        own = replace(own, servers=(leaf.url,))
        transport.set_up(own)
    return own, leaf.prepare()


def work() -> None:
    """The worker process."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())
    signal.signal(signal.SIGINT, lambda _signal, _frame: stop.set())
    with ready():
        from tongban.data.node import api as node

        node.work(stop)


if __name__ == "__main__":
    if sys.argv[1:] == ["migrate"]:
        with ready("tongban_owner"):
            migrate()
    else:
        work()
