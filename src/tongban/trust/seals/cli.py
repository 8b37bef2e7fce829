"""`tongban seal verify`: who sealed these files, when, and what changed since. Needs no installation."""

from __future__ import annotations

import argparse
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .guarded import LARGEST, Anchors, Examiner
from .reasons import said
from .verdicts import Change, Reason, Report, Signature, Verdict

DETACHED = (".p7s", ".p7m", ".p7", ".sig", ".cms", ".pkcs7", ".p7b", ".pem", ".der", ".asc", ".tsr", ".tst")
WORDS = {
    Verdict.VALID: "valid",
    Verdict.UNTRUSTED: "valid but signer not trusted",
    Verdict.ALTERED: "altered",
    Verdict.BROKEN: "broken",
    Verdict.UNSIGNED: "unsigned",
    Verdict.UNREADABLE: "unreadable",
}


def register(commands: Any) -> None:
    """Add `seal` to the command line."""
    seal = commands.add_parser("seal", help="electronic seals: verify signed PDF and CMS files")
    verbs = seal.add_subparsers(dest="verb", metavar="VERB", required=True)
    verify = verbs.add_parser(
        "verify",
        help="one verdict per file",
        description="One line per file: valid, valid but signer not trusted, altered, broken, unsigned or unreadable, "
        "with the reason. Exit status 0 if all are valid, 1 otherwise, 2 for wrong usage.",
    )
    verify.add_argument("files", metavar="FILE", nargs="+", help="PDF, or CMS signature (DER, PEM, S/MIME)")
    verify.add_argument("--trust", metavar="CA.pem", action="append", default=[], help="trusted roots; may be repeated")
    verify.add_argument(
        "--content", metavar="FILE", help="what a detached signature signs; default: the file beside it"
    )
    verify.add_argument("--json", action="store_true", help="one JSON object per line")
    verify.set_defaults(run=lambda args: _verify(args, verify))


def _verify(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    if args.content and len(args.files) > 1:
        parser.error("--content goes with one FILE")
    if args.content and not Path(args.content).is_file():
        parser.error(f"--content {args.content}: no such file")
    anchors = _given(args.trust, parser) if args.trust else _own()
    from tongban.base.kernel.api import now

    fine = True
    with Examiner(anchors, now()) as examiner:
        for name, report in _reports(args, examiner):
            fine = fine and report.verdict is Verdict.VALID
            line = json.dumps(as_json(name, report), ensure_ascii=False) if args.json else _line(name, report)
            sys.stdout.write(_printable(line) + "\n")
            sys.stdout.flush()
    return 0 if fine else 1


def _printable(line: str) -> str:
    """File names may hold bytes that are no text, and a terminal may not show Chinese."""
    encoding = sys.stdout.encoding or "utf-8"
    return line.encode(encoding, "backslashreplace").decode(encoding)


def _reports(args: argparse.Namespace, examiner: Examiner) -> Iterator[tuple[str, Report]]:
    for name in args.files:
        content = _read(Path(name))
        if isinstance(content, Reason):
            yield name, Report(Verdict.UNREADABLE, content)
            continue
        yield name, examiner.examine(content, _beside(Path(name), args.content))


def _read(path: Path) -> bytes | Reason:
    try:
        known = os.stat(path)
        if not stat.S_ISREG(known.st_mode):
            return Reason("not_a_file")
        if known.st_size > LARGEST:
            return Reason("too_large", {"limit": LARGEST // 1024 // 1024})
        return path.read_bytes()
    except PermissionError:
        return Reason("no_permission")
    except (OSError, ValueError):
        return Reason("missing")


def _beside(path: Path, given: str | None) -> bytes | None:
    """The content of a detached signature: FILE beside FILE.p7s, or the only other file of that name."""
    if given:
        content = _read(Path(given))
        return content if isinstance(content, bytes) else None
    if path.suffix.lower() not in DETACHED:
        return None
    stem = path.with_suffix("")
    candidates = [stem] if stem.is_file() else _of_stem(stem, path)
    if len(candidates) != 1:
        return None
    content = _read(candidates[0])
    return content if isinstance(content, bytes) else None


def _of_stem(stem: Path, path: Path) -> list[Path]:
    try:
        return [
            one
            for one in path.parent.iterdir()
            if one.stem == stem.name and one.suffix.lower() not in DETACHED and one.is_file()
        ]
    except OSError:
        return []


def _given(names: list[str], parser: argparse.ArgumentParser) -> Anchors:
    """The certificates in the files of --trust; whoever names a file trusts all that is in it."""
    from pyhanko.keys import load_certs_from_pemder_data

    roots: list[bytes] = []
    for name in names:
        try:
            found = [one.dump() for one in load_certs_from_pemder_data(Path(name).read_bytes())]
        except (OSError, ValueError, TypeError, KeyError) as error:
            parser.error(f"--trust {name}: {error}")
        if not found:
            parser.error(f"--trust {name}: no certificate in it")
        roots += found
    return Anchors(tuple(roots))


def _own() -> Anchors:
    """The installation's roots, if there is one that answers; otherwise nobody is trusted."""
    try:
        import django

        django.setup()
        from .verifying import anchors

        return anchors()
    except Exception:
        return Anchors()


# What is printed


def as_json(name: str, report: Report) -> dict[str, Any]:
    """The machine's line; keys and values are documented in the room's README."""
    return {
        "file": name,
        "verdict": report.verdict.value,
        "reason": said(report.reason),
        "code": report.reason.code,
        "kind": report.kind,
        "signatures": [_signature(one) for one in report.signatures],
    }


def _signature(one: Signature) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "signer": one.signer,
        "organisation": one.organisation,
        "issuer": one.issuer,
        "serial": one.serial,
        "time": one.time.isoformat() if one.time else None,
        "time_source": one.time_source,
        "algorithm": one.algorithm,
        "coverage": one.coverage,
        "changes": [_change(change) for change in one.changes],
        "verdict": one.verdict.value,
        "reason": said(one.reason),
        "code": one.reason.code,
        "notes": [said(note) for note in one.notes],
        "field": one.field,
    }


def _change(change: Change) -> dict[str, Any]:
    return {"page": change.page or None, "what": said(change.what), "allowed": change.allowed}


def _line(name: str, report: Report) -> str:
    notes = sorted({said(note) for one in report.signatures for note in one.notes})
    name = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)  # one line, whatever a file is called
    return f"{name}: {WORDS[report.verdict]}: {' '.join([said(report.reason), *notes])}"
