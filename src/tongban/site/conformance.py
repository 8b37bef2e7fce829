"""`tongban conformance`: runs the public conformance kits of the two languages we execute."""

from __future__ import annotations

import argparse
from importlib import import_module

from .home import exists


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `conformance dmn` and `conformance bpmn`."""
    conformance = commands.add_parser("conformance", help="run a conformance kit of DMN or BPMN")
    kits = conformance.add_subparsers(dest="kit", required=True)
    for module in ("tongban.base.rules.cli", "tongban.engine.process.cli"):
        if exists(module):
            import_module(module).add_conformance(kits)
