"""`tongban ca` and `tongban keys` with a database that answers."""

from __future__ import annotations

import argparse

from tongban.trust.keys import cli

from .boot import ready


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the room's commands."""
    cli.register(commands, run=_run)


def _run(arguments: argparse.Namespace) -> int:
    with ready("tongban_app"):
        return cli.execute(arguments)
