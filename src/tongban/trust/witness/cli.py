"""`tongban witness`: the one process of this room that needs no database."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `witness`."""
    witness = commands.add_parser("witness", help="be a witness of a ledger: a process of its own, best elsewhere")
    witness.add_argument("--listen", default="127.0.0.1:8600", metavar="HOST:PORT")
    witness.add_argument("--state", type=Path, required=True, metavar="DIR", help="where it keeps what it saw")
    witness.add_argument("--name", default="", help="its name; by default that of its folder")
    witness.set_defaults(run=_witness)


def _witness(arguments: argparse.Namespace) -> int:
    from .process import Book, server

    host, _colon, port = arguments.listen.rpartition(":")
    running = server(Book(arguments.state, arguments.name or arguments.state.name), host or "127.0.0.1", int(port))
    sys.stderr.write(f"witness at {host}:{port}\n")
    try:
        running.serve_forever()
    except KeyboardInterrupt:
        running.server_close()
    return 0
