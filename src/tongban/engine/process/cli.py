"""`tongban conformance bpmn`."""

from __future__ import annotations

import argparse

from .conformance import add_arguments


def add_conformance(sub: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the kit `bpmn` to the commands of `tongban conformance`."""
    add_arguments(sub.add_parser("bpmn", help="compile a folder of BPMN files and walk each to its ends"))
