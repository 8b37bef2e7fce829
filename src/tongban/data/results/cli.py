"""`tongban results import KIND FILE`: decisions from CSV. Exit status: 0 done, 1 no row could be taken."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `results import`."""
    results = commands.add_parser("results", help="results of approvals and penalties")
    verbs = results.add_subparsers(dest="verb", metavar="VERB", required=True)
    bring = verbs.add_parser("import", help="decisions from CSV, published within the rules")
    bring.add_argument("kind", choices=("approval", "penalty"))
    bring.add_argument("file", type=Path, metavar="FILE")
    bring.add_argument("--source", default="import", help="whose decisions these are")
    bring.add_argument("--json", action="store_true", help="print one JSON object")
    bring.set_defaults(run=_import)


def _import(arguments: argparse.Namespace) -> int:
    import django

    django.setup()
    from tongban.base.kernel.api import system

    from .actions import import_rows
    from .data import Kind

    with system(), arguments.file.open(encoding="utf-8-sig", newline="") as lines:
        report = import_rows(Kind(arguments.kind), lines, by=None, source=arguments.source)
    if arguments.json:
        sys.stdout.write(json.dumps(asdict(report), ensure_ascii=False) + "\n")
    else:
        for row, field, text in report.findings:
            sys.stderr.write(f"{arguments.file.name}:{row}: {field}: {text}\n")
        sys.stdout.write(f"{report.stored} of {report.received} decisions stored, {report.refused} refused\n")
    return 0 if report.stored or not report.received else 1
