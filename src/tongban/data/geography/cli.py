"""`tongban geography`: features into a layer, the place of an address. Exit status: 0 done, 1 nothing was taken."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `geography import` and `geography locate`."""
    geography = commands.add_parser("geography", help="layers, features, addresses")
    verbs = geography.add_subparsers(dest="verb", metavar="VERB", required=True)
    bring = verbs.add_parser("import", help="a GeoJSON FeatureCollection into a layer")
    bring.add_argument("layer", metavar="LAYER", help="the key of a register with a geometry")
    bring.add_argument("file", type=Path, metavar="FILE")
    bring.add_argument("--json", action="store_true", help="print one JSON object")
    bring.set_defaults(run=_import)
    where = verbs.add_parser("locate", help="the divisions an address may lie in")
    where.add_argument("text", metavar="ADDRESS")
    where.add_argument("--json", action="store_true", help="print one JSON object")
    where.set_defaults(run=_locate)


def _import(arguments: argparse.Namespace) -> int:
    import django

    django.setup()
    from tongban.base.kernel.api import system

    from .loading import import_features

    with system():
        report = import_features(arguments.layer, arguments.file)
    if arguments.json:
        sys.stdout.write(json.dumps(asdict(report), ensure_ascii=False) + "\n")
    else:
        for finding in report.findings:
            sys.stderr.write(f"{finding.level}: {finding.message}: {finding.count} ({', '.join(finding.samples)})\n")
        sys.stdout.write(
            f"{report.received} features: {report.inserted} new, {report.updated} changed, "
            f"{report.unchanged} unchanged, {report.refused} refused\n"
        )
    return 0 if report.refused < report.received or not report.received else 1


def _locate(arguments: argparse.Namespace) -> int:
    import django

    django.setup()
    from .lookup import locate

    found = locate(arguments.text)
    if arguments.json:
        sys.stdout.write(json.dumps([asdict(match) for match in found], ensure_ascii=False) + "\n")
    else:
        for match in found:
            sys.stdout.write(f"{match.place.code} {''.join(match.place.chain)} {match.rest}\n")
    return 0 if found else 1
