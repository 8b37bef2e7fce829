"""`tongban laws import FOLDER`: statutes as markdown into the registers. Exit status: 0 done, 1 nothing read."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `laws import`."""
    laws = commands.add_parser("laws", help="laws and regulations")
    verbs = laws.add_subparsers(dest="verb", metavar="VERB", required=True)
    bring = verbs.add_parser("import", help="read a folder of laws in markdown; reading it again changes nothing")
    bring.add_argument("folder", type=Path, metavar="FOLDER")
    bring.add_argument("--json", action="store_true", help="print one JSON object")
    bring.set_defaults(run=_import)


def _import(arguments: argparse.Namespace) -> int:
    import django

    django.setup()
    from tongban.base.kernel.api import system

    from .actions import import_folder

    with system():
        report = import_folder(arguments.folder)
    if arguments.json:
        sys.stdout.write(json.dumps(asdict(report), ensure_ascii=False) + "\n")
    else:
        for finding in report.findings:
            sys.stderr.write(f"{finding.file}: {finding.level}: {finding.message}\n")
        sys.stdout.write(
            f"{report.read} texts of {report.laws} laws, {report.articles} articles: {report.added} added, "
            f"{report.changed} changed, {report.unchanged} unchanged; {report.refused} files refused\n"
        )
    return 0 if report.read or not report.files else 1
