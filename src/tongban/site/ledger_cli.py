"""`tongban ledger`: export, verify, check and seal from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path

from tongban.base.ledger.data import add_verify_arguments, run_verify, verifier

from .boot import ready


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `ledger` and its verbs. Exit status: 0 all holds, 1 something does not, 2 unreadable or usage."""
    ledger = commands.add_parser("ledger", help="export, verify and check the ledger")
    verbs = ledger.add_subparsers(dest="verb", metavar="VERB", required=True)
    export = verbs.add_parser("export", help="write the ledger, or the part between two moments, as one file")
    export.add_argument("--out", type=Path, required=True, metavar="FILE")
    export.add_argument("--from", dest="since", type=datetime.fromisoformat, metavar="TIME", help="ISO moment")
    export.add_argument("--to", dest="until", type=datetime.fromisoformat, metavar="TIME", help="ISO moment")
    export.add_argument("--json", action="store_true")
    export.set_defaults(run=_export)
    verify = verbs.add_parser("verify", help="verify an export, an evidence package or a receipt, without a database")
    add_verify_arguments(verify)
    verify.set_defaults(run=run_verify)
    program = verbs.add_parser("verifier", help="write the verifying program as one file for anybody")
    program.add_argument("--out", type=Path, required=True, metavar="FILE")
    program.set_defaults(run=_verifier)
    check = verbs.add_parser("check", help="the database against its tiles, its heads and the witnesses, now")
    check.add_argument("--json", action="store_true")
    check.set_defaults(run=_check)
    seal = verbs.add_parser("seal", help="seal what waits and show it to the witnesses, now")
    seal.add_argument("--json", action="store_true")
    seal.set_defaults(run=_seal)


def _export(arguments: argparse.Namespace) -> int:
    with ready():
        from tongban.trust.witness import api as witness

        told = witness.export_period(arguments.out, arguments.since, arguments.until)
    _tell(json.dumps(told) if arguments.json else f"{told['leaves']} leaves, {told['heads']} heads: {arguments.out}")
    return 0


def _verifier(arguments: argparse.Namespace) -> int:
    arguments.out.write_bytes(verifier())
    return 0


def _check(arguments: argparse.Namespace) -> int:
    with ready():
        from tongban.trust.witness import api as witness

        result = witness.check()
    if arguments.json:
        told = {"valid": result.valid, "leaves": result.leaves, "findings": list(result.findings)}
        _tell(json.dumps(told, ensure_ascii=False))
    else:
        _tell("\n".join(str(finding["text"]) for finding in result.findings) or f"{result.leaves} leaves, all holds")
    return 0 if result.valid else 1


def _seal(arguments: argparse.Namespace) -> int:
    with ready():
        from tongban.trust.witness import api as witness

        count = witness.seal_leaves()
        witness.hand_over()
        states = {watch.name: str(watch.state) for watch in witness.watchers()}
    _tell(json.dumps({"sealed": count, "witnesses": states}) if arguments.json else f"{count} leaves sealed, {states}")
    return 0


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
