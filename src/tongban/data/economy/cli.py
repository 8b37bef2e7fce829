"""`tongban economy import FILE`: published figures into the base. Exit status: 0 done, 1 no figure could be read."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `economy import`."""
    economy = commands.add_parser("economy", help="figures of the macro-economy")
    verbs = economy.add_subparsers(dest="verb", metavar="VERB", required=True)
    bring = verbs.add_parser("import", help="bring in figures that are public already (CSV, XLSX, XLS)")
    bring.add_argument("file", type=Path, metavar="FILE")
    bring.add_argument("--indicator", default="", help="for a file whose rows do not name one")
    bring.add_argument("--area", default="", help="code of the area, for a file about one area")
    bring.add_argument("--source", default="import", help="who published them")
    bring.add_argument("--json", action="store_true", help="print one JSON object")
    bring.set_defaults(run=_import)


def _import(arguments: argparse.Namespace) -> int:
    import django

    django.setup()
    from tongban.base.kernel.api import system

    from .actions import import_published
    from .reading import read
    from .sheets import rows

    with system(), arguments.file.open("rb") as file:
        delivery = read(rows(file, arguments.file.name), indicator=arguments.indicator, area=arguments.area)
        report = import_published(delivery, source=arguments.source)
    if arguments.json:
        found = {"rows": delivery.rows, "figures": len(delivery.figures), "inserted": report.inserted}
        found |= {"updated": report.updated, "unchanged": report.unchanged, "refused": delivery.refused}
        found |= {"findings": [asdict(finding) for finding in delivery.findings]}  # type: ignore[dict-item]
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    else:
        for finding in delivery.findings:
            sys.stderr.write(f"{arguments.file.name}:{finding.row}: {finding.message}\n")
        sys.stdout.write(f"{report.inserted} new, {report.updated} revised, {report.unchanged} unchanged figures\n")
    return 0 if delivery.figures else 1
