"""`tongban items import FILE`: read, check and publish an item list; one JSON object with --json."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from .data import Finding, ImportReport


def register(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    run: Callable[[argparse.Namespace], int] | None = None,
) -> None:
    """Adds `items import`. `run` stands around the command, say to see that a database answers."""
    items = commands.add_parser("items", help="service items")
    verbs = items.add_subparsers(dest="verb", metavar="VERB", required=True)
    load = verbs.add_parser("import", help="import an item list (CSV, XLSX, JSON)")
    load.add_argument("file", type=Path)
    load.add_argument("--map", type=Path, help="a mapping file (YAML): columns, values, defaults, departments")
    load.add_argument("--dry-run", action="store_true", help="check only, write nothing")
    load.add_argument("--attribution", default="", help="source and licence, shown on every guide page")
    load.add_argument("--json", action="store_true", help="print one JSON object")
    load.set_defaults(run=run or import_items)


def import_items(arguments: argparse.Namespace) -> int:
    """Exit status 1 where the file could not be read as a list; refused rows alone do not fail the import."""
    report = _report(arguments)
    if arguments.json:
        sys.stdout.write(json.dumps(as_json(report), ensure_ascii=False) + "\n")
    else:
        _print(report)
    return 0 if report.readable else 1


def _report(arguments: argparse.Namespace) -> ImportReport:
    import django

    django.setup()
    from django.db import OperationalError, ProgrammingError

    from . import importer

    try:
        content = arguments.file.read_bytes()
        mapping = arguments.map.read_text(encoding="utf-8") if arguments.map else ""
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return ImportReport(findings=(Finding(None, "", "file.unreadable", "error", why),))
    if arguments.dry_run:
        return importer.examine(content, mapping, arguments.attribution).report
    try:
        return importer.import_list(content, mapping, attribution=arguments.attribution)
    except (OperationalError, ProgrammingError) as error:
        why = str(error).splitlines()[0]
        return ImportReport(findings=(Finding(None, "", "database.unreachable", "error", why),))


def as_json(report: ImportReport) -> dict[str, object]:
    """The report as the command prints it."""
    body: dict[str, object] = {
        "rows": report.rows,
        "accepted": report.accepted,
        "warned": report.warned,
        "refused": report.refused,
        "skipped": report.skipped,
        "findings": [asdict(finding) for finding in report.findings],
        "mapping": dict(report.mapping),
        "unused": list(report.unused),
    }
    if report.published:
        body["published"] = asdict(report.published)
    return body


def _print(report: ImportReport) -> None:
    for column, field in report.mapping.items():
        sys.stdout.write(f"  {column} -> {field}\n")
    if report.unused:
        sys.stdout.write(f"  (not used: {', '.join(report.unused)})\n")
    for finding in report.findings[:200]:
        where = f"row {finding.row}" if finding.row is not None else "file"
        sys.stdout.write(f"{where}: {finding.level}: {finding.rule}: {finding.message}\n")
    if len(report.findings) > 200:
        sys.stdout.write(f"... {len(report.findings) - 200} more findings; --json gives all\n")
    sys.stdout.write(
        f"{report.rows} rows: {report.accepted} accepted ({report.warned} with warnings), {report.refused} refused\n"
    )
