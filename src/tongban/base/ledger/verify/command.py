"""The command line: exit status 0 all holds, 1 findings, 2 unreadable."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from .files import verify_file
from .report import FEW, Report


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Verify an export of the ledger, an evidence package or a receipt.")
    add_arguments(parser)
    return run(parser.parse_args(argv))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="export or evidence package (zip), receipt (JSON or PDF)")
    parser.add_argument("--heads", type=Path, nargs="+", default=[], metavar="WITNESS", help="folders of witnesses")
    parser.add_argument("--trust", type=Path, metavar="CA.pem", help="certificates to trust")
    parser.add_argument("--json", action="store_true", help="the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Verify and tell."""
    try:
        report = verify_file(arguments.file, arguments.heads, arguments.trust)
    except ValueError as error:
        sys.stdout.write(json.dumps({"valid": False, "error": str(error)}) + "\n" if arguments.json else f"{error}\n")
        return 2
    if arguments.json:
        sys.stdout.write(json.dumps(report.as_json(), ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(told(report)) + "\n")
    return 0 if report.valid else 1


def told(report: Report) -> Iterator[str]:
    """The report for people."""
    yield f"{report.kind} {report.log}: {report.leaves} leaves from {report.begin}, {report.heads} heads"
    yield f"last head: {report.last.get('size')} leaves at {report.last.get('at')}"
    for key, fingerprint in report.keys.items():
        yield f"signed by key {key}, certificate SHA-256 {fingerprint}"
    for name, count in report.witnesses.items():
        yield f"witness {name} signed {count} heads"
    for entry in report.entries:
        yield f"leaf {entry['leaf']}: {entry['kind']} of {entry['subject']} at {entry['at']}"
    yield from (f"NOT VALID  {finding.text}" for finding in report.findings)
    yield from (f"... {count - FEW} more: {code}" for code, count in report.counts.items() if count > FEW)
    yield "all holds" if report.valid else "does not hold"
