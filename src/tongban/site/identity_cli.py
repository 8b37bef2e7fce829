"""`tongban reorganise FILE` and `tongban people import FILE`: what a personnel office does from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tongban.base.kernel.data import DefinitionError, TongbanError

from .boot import ready


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `reorganise` and `people import`. Exit status: 0 done, 1 refused (rows or the whole file), 2 usage."""
    text = "merge, split, rename, move and close offices; everything they hold finds its new home"
    reorganise = commands.add_parser("reorganise", help=text, description=text)
    reorganise.add_argument("file", type=Path, metavar="FILE")
    reorganise.add_argument("--plan", action="store_true", help="only show what would move and what has no home yet")
    reorganise.add_argument("--json", action="store_true", help="print one JSON object")
    reorganise.set_defaults(run=_reorganise)
    people = commands.add_parser("people", help="people and their posts")
    verbs = people.add_subparsers(dest="verb", metavar="VERB", required=True)
    load = verbs.add_parser("import", help="joiners, movers and leavers from a list (CSV, XLSX)")
    load.add_argument("file", type=Path, metavar="FILE")
    load.add_argument("--dry-run", action="store_true", help="check only, change nothing")
    load.add_argument("--json", action="store_true", help="print one JSON object")
    load.set_defaults(run=_people)


def _reorganise(arguments: argparse.Namespace) -> int:
    with ready("tongban_app"):
        from tongban.trust.identity import api as identity

        try:
            report = _reorganised(arguments, identity)
        except DefinitionError as error:
            report = {"ok": False, "findings": list(error.findings)}
        except TongbanError as error:
            report = {"ok": False, "findings": [str(error)]}
    if arguments.json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    else:
        _show(report)
    return 0 if report["ok"] else 1


def _reorganised(arguments: argparse.Namespace, identity: Any) -> dict[str, Any]:
    text = arguments.file.read_text(encoding="utf-8")
    if arguments.plan:
        shown = identity.plan_reorganisation(text, arguments.file.name)
        return {"ok": shown["possible"], "state": "planned", **shown}
    row, shown = identity.reorganise(text, arguments.file.name)
    return {"ok": True, "id": row.public_id, "state": str(row.state), "on": row.on.isoformat(), **shown}


def _show(report: dict[str, Any]) -> None:
    for finding in report.get("findings", ()):
        sys.stderr.write(finding + "\n")
    for sentence in report.get("words", ()):
        sys.stdout.write(sentence + "\n")
    for route in report.get("routes", ()):
        sys.stdout.write(f"{route['count']:8} {route['title']:20} {route['former']} -> {route['to']}\n")
    for each in report.get("homeless", ()):
        examples = ", ".join(each["examples"])
        sys.stdout.write(f"{each['count']:8} {each['title']:20} {each['former']} -> ?  ({examples})\n")
    if "state" in report:
        sys.stdout.write(report["state"] + "\n")


def _people(arguments: argparse.Namespace) -> int:
    with ready("tongban_app"):
        from tongban.trust.identity import api as identity

        report = asdict(identity.import_people(arguments.file.read_bytes(), dry_run=arguments.dry_run))
    if arguments.json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    else:
        for finding in report["findings"]:
            sys.stderr.write(f"{finding['row'] or '-'}: {finding['level']}: {finding['message']}\n")
        names = ("rows", "accepted", "warned", "refused", "joined", "moved", "left")
        sys.stdout.write(", ".join(f"{name} {report[name]}" for name in names) + "\n")
    return 0 if report["readable"] else 1
