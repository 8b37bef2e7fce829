"""`tongban ferry export|import|status`: bundles that cross between zones one way, carried by a person."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from tongban.base.kernel.data import TongbanError

from .boot import ready


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `ferry` and its verbs. Exit status: 0 done, 1 refused (the reason is said), 2 usage."""
    ferry = commands.add_parser("ferry", help="one-way bundles between zones")
    verbs = ferry.add_subparsers(dest="verb", metavar="VERB", required=True)
    export = verbs.add_parser("export", help="make the files of approved bundles")
    export.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to put the files")
    export.set_defaults(run=_export)
    take = verbs.add_parser("import", help="take in bundles, in the order given")
    take.add_argument("files", nargs="+", type=Path, metavar="BUNDLE")
    take.set_defaults(run=_import)
    status = verbs.add_parser("status", help="channels, the last number of each and what is missing")
    status.set_defaults(run=_status)
    for verb in (export, take, status):
        verb.add_argument("--json", action="store_true", help="print one JSON object")


def _export(arguments: argparse.Namespace) -> int:
    arguments.out.mkdir(parents=True, exist_ok=True)
    made = []
    with ready():
        from tongban.data.ferry import api as ferry

        for id in list(ferry.approved()):
            bundle, path = ferry.export(id)
            shutil.copyfile(path, arguments.out / bundle.name)
            made.append(_told(bundle))
    _tell(arguments, {"exported": made}, [f"{one['name']}  {one['rows']} rows" for one in made] or ["Nothing waits."])
    return 0


def _import(arguments: argparse.Namespace) -> int:
    done = []
    with ready():
        from tongban.data.ferry import api as ferry

        for file in arguments.files:
            try:
                done.append({"file": file.name, **_told(ferry.bring(file))})
            except TongbanError as error:
                done.append({"file": file.name, "state": "refused", "code": error.code, "reason": str(error)})
            except OSError as error:
                done.append(
                    {"file": file.name, "state": "refused", "code": "unreadable", "reason": str(error.strerror)}
                )
    lines = [f"{one['file']}: {one['state']} {one.get('reason') or one.get('receipt', '')}".rstrip() for one in done]
    _tell(arguments, {"imported": done}, lines)
    return 1 if any(one["state"] != "imported" for one in done) else 0


def _status(arguments: argparse.Namespace) -> int:
    with ready():
        from tongban.data.ferry import api as ferry

        found: list[dict[str, Any]] = [
            {"channel": one.key, "from": one.from_zone, "to": one.to_zone, "number": one.number, "missing": one.missing}
            for one in ferry.channels()
        ]
    lines = [f"{one['channel']}: {one['from']} -> {one['to']}, number {one['number']}" for one in found]
    _tell(arguments, {"channels": found}, lines or ["No channel is open."])
    return 0


def _told(bundle: Any) -> dict[str, Any]:
    return {
        "name": bundle.name,
        "channel": bundle.channel,
        "number": bundle.number,
        "state": str(bundle.state),
        "label": bundle.label,
        "rows": bundle.rows,
        "digest": bundle.digest,
        "finding": bundle.finding,
        **({"receipt": bundle.receipt} if str(bundle.state) == "imported" else {}),
    }


def _tell(arguments: argparse.Namespace, report: dict[str, Any], lines: list[str]) -> None:
    text = json.dumps(report, ensure_ascii=False) if arguments.json else "\n".join(lines)
    sys.stdout.write(text + "\n")
