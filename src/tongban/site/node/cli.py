"""`tongban node ...`: a department's exchange agent. Exit status: 0 done and well, 1 refused or not well, 2 usage."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `node`."""
    node = commands.add_parser("node", help="a department's exchange agent: its sources out, others' data in")
    verbs = node.add_subparsers(dest="verb", metavar="VERB", required=True)

    def verb(name: str, words: str, what: Callable[[argparse.Namespace], int], *, plain: bool = False) -> Any:
        made = verbs.add_parser(name, help=words)
        made.add_argument("--json", action="store_true", help="print JSON")
        made.set_defaults(run=what if plain else lambda arguments: _ready(what, arguments))
        return made

    enrol = verb("enrol", "become a node with the centre's signed enrolment file", _enrol, plain=True)
    enrol.add_argument("file", type=Path, metavar="FILE")
    enrol.add_argument("--fingerprint", help="of the centre's authority as its page shows it; asked for otherwise")
    enrol.add_argument("--algorithm", choices=("ecdsa-p256", "sm2"), default="ecdsa-p256", help="of the node's own key")
    verb("run", "start the node and keep it up", lambda _arguments: _run(), plain=True)
    verb("status", "sources, sinks, grants, line and what waits", _status)
    verb("check", "look for what is wrong and say it in plain words", _check)
    for kind in ("source", "sink"):
        added = verb(f"add-{kind}", f"put a {kind} file to work, or its new version", _adder(kind))
        added.add_argument("file", type=Path, metavar="FILE")
    removed = verb("remove-source", "end a source", _remove)
    removed.add_argument("name", metavar="NAME")
    once = verb("once", "read sources now, one or all, and deliver what came", _once)
    once.add_argument("name", nargs="?", metavar="NAME")
    once.add_argument("--confirm", action="store_true", help="many rows are gone from the source, and that is right")
    faults = verb("faults", "rows of a source that could not be taken in its last run", _faults)
    faults.add_argument("name", metavar="NAME")
    quota = verb("quota", "let a node send so many messages a minute here (6,000 until said otherwise)", _quota)
    quota.add_argument("node", metavar="NODE")
    quota.add_argument("number", type=int, metavar="NUMBER")
    verb("corrections", "values that were found wrong after an objection", _corrections)


def _ready(what: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    from .database import ready

    with ready():
        from tongban.base.kernel.api import DefinitionError
        from tongban.data.transport.api import own

        own()  # says so where this is no node yet
        try:
            return what(arguments)
        except DefinitionError as wrong:
            _say("\n".join(wrong.findings), {"error": "definition", "findings": list(wrong.findings)}, arguments)
            return 1


def _run() -> int:
    from .running import run

    return run()


def _enrol(arguments: argparse.Namespace) -> int:
    from .database import migrate, ready

    with ready("tongban_owner"):
        migrate()
        from tongban.base.kernel.api import Refused

        from .enrolment import enrol, read

        found = read(arguments.file)
        if not _compared(found.fingerprint, arguments.fingerprint):
            raise Refused("The fingerprint is not the one of the centre: nothing was done.", "fingerprint")
        name = enrol(found, arguments.algorithm)
    _say(f"This is node {name} now. Start it with `tongban node run`.", {"node": name}, arguments)
    return 0


def _compared(found: str, given: str | None) -> bool:
    """Whether a person says that this is the centre's authority."""
    if given is not None:
        return "".join(given.split()).replace(":", "").upper() == found.replace(" ", "")
    sys.stderr.write(f"The file is vouched for by an authority with this fingerprint:\n  {found}\n")
    sys.stderr.write("Is it the one on the centre's page? Type yes: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() == "yes"


def _status(arguments: argparse.Namespace) -> int:
    from tongban.data.node import api as node

    told = node.status()
    lines = [f"{told['node']}: line {'up' if told['line']['up'] else 'down'}, {told['free_mib']} MiB free"]
    for source in told["sources"]:
        lines.append(
            f"source {source['name']}: {source['rows']} rows, {source['state'] or 'not read'} {source['text']}"
        )
    for sink in told["sinks"]:
        lines.append(f"sink {sink['name']}: {sink['rows']} rows, {sink['waiting']} batches wait {sink['trouble']}")
    for peer in told["peers"]:
        lines.append(f"peer {peer['node']}: {peer['waiting'] + peer['sent']} messages on their way")
    _say("\n".join(lines), told, arguments)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from tongban.data.node import api as node

    found = node.check()
    lines = [f"{'ok' if one.well else '!!'}  {one.subject}: {one.text}" for one in found]
    well = all(one.well for one in found)
    _say("\n".join(lines), {"well": well, "findings": [asdict(one) for one in found]}, arguments)
    return 0 if well else 1


def _adder(kind: str) -> Callable[[argparse.Namespace], int]:
    def add(arguments: argparse.Namespace) -> int:
        from tongban.data.node import api as node

        try:
            text, name = arguments.file.read_text("utf-8"), arguments.file.name
        except (OSError, UnicodeDecodeError) as error:
            raise RuntimeError(f"{arguments.file} cannot be read: {type(error).__name__}") from None
        added: Any = (node.add_source if kind == "source" else node.add_sink)(text, name)
        told = {"name": added.name, "resource": added.resource}
        _say(f"{kind} {added.name} for resource {added.resource} is at work", told, arguments)
        return 0

    return add


def _remove(arguments: argparse.Namespace) -> int:
    from tongban.data.node import api as node

    node.remove_source(arguments.name)
    _say(f"source {arguments.name} has ended", {"name": arguments.name}, arguments)
    return 0


def _once(arguments: argparse.Namespace) -> int:
    from tongban.data.node import api as node

    names = [arguments.name] if arguments.name else [source["name"] for source in node.status()["sources"]]
    runs = [node.run_source(name, confirm=arguments.confirm) for name in names]
    delivered = node.deliver()
    lines = [f"{run.source}: {run.state.value}. {run.text}" for run in runs] + [f"{delivered} batches delivered"]
    told = {"runs": [asdict(run) for run in runs], "delivered": delivered}
    _say("\n".join(lines), told, arguments)
    return 0 if all(run.state in ("sent", "nothing") for run in runs) else 1


def _faults(arguments: argparse.Namespace) -> int:
    from tongban.data.node import api as node

    found = node.faults(arguments.name)
    lines = [f"row {fault.row}, {fault.item or 'the row'}: {fault.why}" for fault in found] or ["none"]
    _say("\n".join(lines), [asdict(fault) for fault in found], arguments)
    return 0


def _corrections(arguments: argparse.Namespace) -> int:
    from tongban.data.node import api as node

    found = node.corrections()
    _say("\n".join(json.dumps(one, ensure_ascii=False) for one in found) or "none", found, arguments)
    return 0


def _quota(arguments: argparse.Namespace) -> int:
    from tongban.data.transport import api as transport

    transport.limit(arguments.node, arguments.number)
    told = {"node": arguments.node, "quota": arguments.number}
    _say(f"{arguments.node} may send {arguments.number} messages a minute", told, arguments)
    return 0


def _say(text: str, told: Any, arguments: argparse.Namespace) -> None:
    out = json.dumps(told, ensure_ascii=False, default=str) if arguments.json else text
    sys.stdout.write(f"{out}\n")
