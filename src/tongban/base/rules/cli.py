"""`tongban conformance dmn DIR [--json]`."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_conformance(sub: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser `dmn` to the subparsers of `tongban conformance`."""
    parser = sub.add_parser("dmn", help="run a DMN technology compatibility kit")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON line a case")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from .conformance import report

    return report(args.folder, args.as_json)
