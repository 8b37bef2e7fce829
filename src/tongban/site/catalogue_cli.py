"""`tongban catalogue harvest`: the catalogue's command; only `--store` needs a database."""

from __future__ import annotations

import argparse

from tongban.data.catalogue import cli

from .boot import ready


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `catalogue harvest`."""
    cli.register(commands, run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if not arguments.store:
        return cli.harvest_one(arguments)
    with ready("tongban_app"):
        return cli.harvest_one(arguments)
