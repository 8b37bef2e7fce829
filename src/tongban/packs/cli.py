"""`tongban packs new|check|plan|apply|test`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from tongban.base.kernel.data import DefinitionError


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the `packs` command."""
    packs = commands.add_parser("packs", help="make, check, plan, install and test packs")
    verbs = packs.add_subparsers(dest="verb", required=True)
    for verb, text in (
        ("new", "make the folder of a new pack that already passes `check`"),
        ("check", "check every reference, without a database"),
        ("plan", "show what `apply` would change"),
        ("apply", "install packs and what they need"),
        ("test", "run the acceptance cases"),
    ):
        parser = verbs.add_parser(verb, help=text)
        parser.add_argument("packs", nargs="+", metavar="PACK", help="a folder, or a key under packs/")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run one of the verbs; exit status 1 when something is wrong with a pack."""
    try:
        report = globals()[f"_{arguments.verb}"](arguments.packs)
    except DefinitionError as error:
        report = {"ok": False, "findings": list(error.findings)}
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _show(report)
    return 0 if report["ok"] else 1


def _show(report: dict[str, Any]) -> None:
    for finding in report.get("findings", ()):
        sys.stderr.write(finding + "\n")
    for change in report.get("changes", ()):
        print(f"{change['what']:10} {change['key']:32} {change['how']} {change['detail'][:200]}")
    for case in report.get("cases", ()):
        print(f"{'passed' if case['passed'] else 'FAILED'}  {case['pack']}: {case['case']}  {case['detail']}")
    if report["ok"] and not report.get("changes") and not report.get("cases"):
        print(report.get("message", "nothing to change"))


def _setup() -> None:
    import django

    django.setup()


def _new(names: list[str]) -> dict[str, Any]:
    from .making import make

    _setup()
    return {"ok": True, "message": "\n".join(f"made {make(name)}" for name in names)}


def _check(names: list[str]) -> dict[str, Any]:
    _setup()
    from .applying import read

    packs, _library = read(names)
    return {"ok": True, "packs": [pack.key for pack in packs], "message": "every reference holds"}


def _plan(names: list[str]) -> dict[str, Any]:
    from .applying import plan

    _setup()
    return {"ok": True, "changes": [asdict(change) for change in plan(names)]}


def _apply(names: list[str]) -> dict[str, Any]:
    from .applying import apply

    _setup()
    return {"ok": True, "changes": [asdict(change) for change in apply(names)]}


def _test(names: list[str]) -> dict[str, Any]:
    from .running import test

    _setup()
    runs = test(names)
    return {"ok": bool(runs) and all(run.passed for run in runs), "cases": [asdict(run) for run in runs]}
