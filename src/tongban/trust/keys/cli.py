"""`tongban ca ...` and `tongban keys ...`; the site gives them a database that answers."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Run = Callable[[argparse.Namespace], int]
Report = dict[str, Any]
Verb = Callable[[argparse.Namespace], Report]


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser], run: Run) -> None:
    """Adds `ca` and `keys`; `run` calls `execute` where Django is ready."""
    ca = _group(commands, "ca", "the certificate authority")
    init = _verb(ca, "init", "make root and issuing authority; repeating changes nothing", _init, run)
    init.add_argument("--suite", choices=("international", "gm"), default="international", help="gm: SM2 with SM3")
    init.add_argument("--provider", choices=("software", "pkcs11", "gm"), default="", help="where the keys live")
    init.add_argument("--title", default="", help="name of the authority, else the region's")
    new = _verb(ca, "renew", "a new issuing authority under the same root", _renew, run)
    new.add_argument("--suite", choices=("international", "gm"), default="international")
    new.add_argument("--provider", choices=("software", "pkcs11", "gm"), default="")
    _verb(ca, "roots", "the trusted roots, as PEM", _roots, run)
    outside = _verb(ca, "import", "trust another authority's root", _import, run)
    outside.add_argument("file", type=Path, metavar="FILE", help="its certificate, DER or PEM")
    outside.add_argument("--title", required=True)
    outside.add_argument("--delegation", default="", help="the document that charges it")
    _verb(ca, "lists", "sign the revocation lists that are due", _lists, run)
    policy = _verb(ca, "policy", "publish a version of a certificate policy", _policy, run)
    policy.add_argument("line", choices=("commercial", "ordinary"))
    policy.add_argument("version")
    policy.add_argument("file", type=Path, metavar="FILE", help="its text, UTF-8")

    keys = _group(commands, "keys", "the key management centre")
    _verb(keys, "list", "keys with purpose, owner and state", _list, run)
    rotate = _verb(keys, "rotate", "a new key in place of one that the installation keeps for itself", _rotate, run)
    rotate.add_argument("key", metavar="KEY")
    new = _verb(keys, "rotate-class", "a new data key for a class of personal fields", _rotate_class, run)
    new.add_argument("key_class", metavar="CLASS")
    new.add_argument("--algorithm", choices=("aes-256-gcm", "sm4-gcm"), default="aes-256-gcm")
    _verb(keys, "reseal", "seal again, under the current data keys, what older ones hold", _reseal, run)
    _verb(keys, "check", "whether providers and the key-encrypting key can be used", _check, run)
    _verb(keys, "rotate-kek", "a new key-encrypting key, and all keys wrapped with it", _rotate_kek, run)
    _verb(keys, "rewrap", "wrap with the first key of the ring what an older one holds", _rewrap, run)
    _verb(keys, "forget-kek", "take older key-encrypting keys out of the ring", _forget, run)


def execute(arguments: argparse.Namespace) -> int:
    """Do it and print what was done; exit status 1 when `ok` is false."""
    report: Report = {"ok": True, **arguments.report(arguments)}
    if arguments.json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in _lines(report)))
    return 0 if report["ok"] else 1


def _lines(report: Report) -> Iterator[str]:
    for name, value in report.items():
        if name == "ok":
            continue
        if name == "pem":
            yield str(value).rstrip()
        elif isinstance(value, list):
            yield from (" ".join(map(str, one.values())) if isinstance(one, dict) else str(one) for one in value)
        else:
            yield f"{name}: {value}"


def _group(commands: Any, name: str, text: str) -> Any:
    parser = commands.add_parser(name, help=text, description=text)
    return parser.add_subparsers(dest="verb", metavar="VERB", required=True)


def _verb(group: Any, name: str, text: str, report: Verb, run: Run) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = group.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run, report=report)
    return parser


def _init(arguments: argparse.Namespace) -> Report:
    from .authority import initialise

    made = initialise(suite=arguments.suite, provider=arguments.provider, title=arguments.title)
    return {"authority": made.id, "title": made.title}


def _renew(arguments: argparse.Namespace) -> Report:
    from .authority import succeed

    made = succeed(suite=arguments.suite, provider=arguments.provider)
    return {"authority": made.id, "title": made.title}


def _roots(_arguments: argparse.Namespace) -> Report:
    from asn1crypto import pem

    from .authority import trust_roots

    return {"pem": b"".join(pem.armor("CERTIFICATE", der) for der in trust_roots()).decode()}


def _import(arguments: argparse.Namespace) -> Report:
    from .authority import import_root

    return {"authority": import_root(arguments.file.read_bytes(), arguments.title, delegation=arguments.delegation)}


def _lists(_arguments: argparse.Namespace) -> Report:
    from .status import make_due_lists

    return {"signed": make_due_lists()}


def _policy(arguments: argparse.Namespace) -> Report:
    from .data import PolicyLine
    from .policies import publish_policy

    publish_policy(PolicyLine(arguments.line), arguments.version, arguments.file.read_text("utf-8"))
    return {"published": f"{arguments.line} {arguments.version}"}


def _list(_arguments: argparse.Namespace) -> Report:
    from .life import keys

    fields = ("id", "purpose", "state", "algorithm", "provider", "owner", "title", "escrowed")
    return {"keys": [{name: str(getattr(one, name)) for name in fields} for one in keys()]}


def _rotate(arguments: argparse.Namespace) -> Report:
    from .life import rotate

    return {"key": rotate(arguments.key).id}


def _rotate_class(arguments: argparse.Namespace) -> Report:
    from .data import Algorithm
    from .fields import rotate_class

    return {"number": rotate_class(arguments.key_class, algorithm=Algorithm(arguments.algorithm))}


def _reseal(_arguments: argparse.Namespace) -> Report:
    from .reseal import reseal

    done = reseal()
    return {"ok": not done["broken"], **done}


def _check(_arguments: argparse.Namespace) -> Report:
    from .kek import kek_problem
    from .providers import providers

    found = {f"provider {name}": provider.problem() or "ready" for name, provider in providers.items()}
    problem = kek_problem()
    return {"ok": not problem, "key-encrypting key": problem or "ready", **found}


def _rotate_kek(_arguments: argparse.Namespace) -> Report:
    from .rewrap import rotate_kek

    return {"rewrapped": rotate_kek()}


def _rewrap(_arguments: argparse.Namespace) -> Report:
    from .rewrap import rewrap

    return {"rewrapped": rewrap()}


def _forget(_arguments: argparse.Namespace) -> Report:
    from .rewrap import forget_old

    return {"forgotten": forget_old()}
