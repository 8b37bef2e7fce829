"""`tongban packs new|check|plan|apply|sign|test`. Exit status: 0 done, 1 something is wrong with a pack, 2 usage."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tongban.base.kernel.data import DefinitionError, TongbanError

from .boot import ready
from .database import grant_rows

Report = dict[str, Any]


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the `packs` command."""
    packs = commands.add_parser("packs", help="make, check, plan, install and test packs")
    verbs = packs.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, (run, text) in _VERBS.items():
        parser = verbs.add_parser(verb, help=text, description=text)
        parser.add_argument("packs", nargs="+", metavar="PACK", help="a folder, a .zip file, or a key under packs/")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        if verb in ("plan", "apply"):
            parser.add_argument("--older", action="store_true", help="also where a newer version is installed")
        if verb == "sign":
            parser.add_argument("--key", type=Path, required=True, help="the publisher's private key (PEM)")
            parser.add_argument("--certificate", type=Path, required=True, help="its certificate and chain (PEM)")
        parser.set_defaults(run=_command, report=run)


def _command(arguments: argparse.Namespace) -> int:
    try:
        report: Report = {"ok": True, **arguments.report(arguments)}
    except DefinitionError as error:
        report = {"ok": False, "findings": list(error.findings)}
    except TongbanError as error:
        report = {"ok": False, "findings": [str(error)]}
    if arguments.json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    else:
        _show(report)
    return 0 if report["ok"] else 1


def _show(report: Report) -> None:
    for finding in report.get("findings", ()):
        sys.stderr.write(finding + "\n")
    for change in report.get("changes", ()):
        detail = " ".join(change["detail"].split())[:200]
        sys.stdout.write(f"{change['what']:10} {change['key']:32} {change['how']} {detail}\n")
    for case in report.get("cases", ()):
        verdict = "passed" if case["passed"] else "FAILED"
        line = f"{verdict} {case['seconds']:6.2f} s  {case['pack']}: {case['case']}  {case['detail']}"
        sys.stdout.write(line.rstrip() + "\n")
    for key, digest in report.get("packs", {}).items():
        sys.stdout.write(f"{key} sha256:{digest}\n")
    if report.get("message"):
        sys.stdout.write(report["message"] + "\n")


def _setup() -> None:
    """Django without its database: enough to read definitions."""
    import django

    django.setup()


def _new(arguments: argparse.Namespace) -> Report:
    _setup()
    from tongban.packs import api as packs

    made = [str(packs.make(name)) for name in arguments.packs]
    return {"made": made, "message": "\n".join(f"made {folder}" for folder in made)}


def _check(arguments: argparse.Namespace) -> Report:
    _setup()
    from tongban.packs import api as packs

    read, _library = packs.read(arguments.packs)
    return {"packs": {pack.key: pack.digest for pack in read}, "findings": [], "message": "Every reference holds."}


def _plan(arguments: argparse.Namespace) -> Report:
    with ready("tongban_owner"):
        from tongban.packs import api as packs

        changes = packs.plan(arguments.packs, older=arguments.older)
    return _changed(changes)


def _apply(arguments: argparse.Namespace) -> Report:
    with ready("tongban_owner"):
        from tongban.packs import api as packs

        changes = packs.apply(arguments.packs, older=arguments.older)
        grant_rows()
    return _changed(changes)


def _changed(changes: list[Any]) -> Report:
    return {"changes": [asdict(each) for each in changes], "message": "" if changes else "Nothing to change."}


def _test(arguments: argparse.Namespace) -> Report:
    with ready("tongban_owner"):
        from tongban.packs import api as packs

        runs = packs.test(arguments.packs)
    passed = sum(run.passed for run in runs)
    return {
        "ok": bool(runs) and passed == len(runs),
        "cases": [asdict(run) for run in runs],
        "message": f"{passed} of {len(runs)} cases passed." if runs else "There are no cases.",
    }


def _sign(arguments: argparse.Namespace) -> Report:
    _setup()
    from tongban.packs import api as packs

    try:
        made = [str(packs.sign(packs.load(Path(n)), arguments.key, arguments.certificate)) for n in arguments.packs]
    except (OSError, ValueError, TypeError) as error:
        return {"ok": False, "findings": [f"The key or certificate cannot be used: {error}"]}
    return {"made": made, "message": "\n".join(f"signed: {file}" for file in made)}


_VERBS: dict[str, tuple[Callable[[argparse.Namespace], Report], str]] = {
    "new": (_new, "make the folder of a new pack that passes check, plan, apply and test"),
    "check": (_check, "check every reference, without a database"),
    "plan": (_plan, "show what apply would change"),
    "apply": (_apply, "install packs and what they need"),
    "sign": (_sign, "sign the folder of a pack as its publisher"),
    "test": (_test, "run the acceptance cases of packs, installed or not; nothing is left behind"),
}
