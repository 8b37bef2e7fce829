"""Giving the ledger away: an export that can be judged without us."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import load_der_x509_certificate

from tongban.base.kernel.api import now

from .data import Report, SealedHead, Witness
from .queries import event_texts, frontier, heads, leaf_hashes, log_name, numbers_at, sealed_numbers
from .verify.files import verify_ledger, verify_shown

CHUNK = 5_000
Records = Callable[[Sequence[SealedHead]], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Parts:
    """What an export holds; the arguments of `verify.files.verify_ledger`."""

    manifest: Mapping[str, Any]
    records: Sequence[Mapping[str, Any]]
    lines: Iterator[bytes]
    sealed: bytes


def export_parts(
    records: Records,
    keys: Mapping[str, Sequence[str]],
    witnesses: Mapping[str, str],
    begin: int = 0,
    end: int | None = None,
) -> Parts:
    """The leaves between two heads (sizes `begin` and `end`), as they are now.

    `records` gives each head with what others signed about it; `keys` are certificate chains by key, `witnesses`
    public keys by name (both base64 DER or raw).
    """
    chain = heads(begin, end)
    last = chain[-1].size if chain else begin
    name, algorithm = log_name()
    manifest = {
        "format": "tongban-ledger-1",
        "log": name,
        "algorithm": algorithm,
        "begin": begin,
        "numbers": numbers_at(begin),
        "frontier": [each.hex() for each in frontier(begin)],
        "keys": keys,
        "witnesses": witnesses,
        "made": now().isoformat(),
    }
    return Parts(manifest, records(chain), _lines(begin, last), leaf_hashes(begin, last))


def _lines(begin: int, end: int) -> Iterator[bytes]:
    """One line per place of the tree; the event is `null` where the table has no such leaf any more."""
    for at in range(begin, end, CHUNK):
        numbers = sealed_numbers(at, min(at + CHUNK, end))
        events = dict(event_texts(numbers))
        for index, seq in enumerate(numbers, at):
            yield b'{"event":%s,"index":%d,"seq":%d}\n' % (events.get(seq, b"null"), index, seq)


def verify_parts(parts: Parts, witnesses: Sequence[Witness] = ()) -> Report:
    """Judge an export without writing it down: the verifier's own code."""
    return verify_ledger(parts.manifest, parts.records, parts.lines, parts.sealed, witnesses)


def judge_receipt(content: bytes, roots: Sequence[bytes]) -> Report:
    """Judge a receipt that somebody shows, JSON or PDF; `roots` are certificates (DER) to trust. `ValueError` when
    unreadable."""
    try:
        return verify_shown(content, [load_der_x509_certificate(each) for each in roots])
    except (KeyError, TypeError, AttributeError, RecursionError, UnsupportedAlgorithm) as error:
        raise ValueError("this is no receipt") from error


def export(path: Path, parts: Parts) -> None:
    """Write an export as a zip file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr("export.json", json.dumps(parts.manifest))
        package.writestr("heads.jsonl", "".join(json.dumps(each) + "\n" for each in parts.records))
        package.writestr("hashes.bin", parts.sealed, zipfile.ZIP_STORED)
        with package.open("leaves.jsonl", "w", force_zip64=True) as leaves:
            for line in parts.lines:
                leaves.write(line)
