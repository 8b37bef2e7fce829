"""`tongban items import`: the hall's command with a database that answers."""

from __future__ import annotations

import argparse

from tongban.work.hall import cli

from .boot import ready


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `items import`; only a dry run needs no database."""
    cli.register(commands, run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.dry_run:
        return cli.import_items(arguments)
    with ready("tongban_app"):
        return cli.import_items(arguments)
