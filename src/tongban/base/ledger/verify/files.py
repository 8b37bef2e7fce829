"""The three things one can be given: an export of the ledger, an evidence package, a receipt."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from .heads import Head, Witness, check_heads, moment
from .leaves import Leaves, check_numbers, compare, roots
from .report import SLACK, Report
from .signatures import Keys
from .tree import SIZE, Tree, digest, root_of_path


def verify_ledger(
    manifest: Mapping[str, Any],
    records: Sequence[Mapping[str, Any]],
    lines: Iterable[bytes],
    sealed: bytes,
    witnesses: Sequence[Witness] = (),
    anchors: Sequence[x509.Certificate] = (),
) -> Report:
    """Check leaves against sealed hashes, hashes against heads, heads against signatures and witnesses."""
    begin, algorithm = int(manifest["begin"]), str(manifest["algorithm"])
    report = Report("ledger", str(manifest["log"]), begin)
    keys = Keys(manifest["keys"], anchors, report)
    heads = check_heads(records, keys, manifest["witnesses"], report)
    report.last = json.loads(records[-1]["body"]) if records else {}
    if any((head.log, head.algorithm) != (report.log, algorithm) for head in heads):
        report.add("head.log", "heads of another ledger are among these")
    if records and begin + len(sealed) // SIZE != report.last["size"]:
        report.add("tree.size", f"the last head seals {report.last['size']} leaves, the hashes end elsewhere")
    read = Leaves()
    read.read(lines, algorithm, heads, report)
    report.leaves = len(read.places)
    check_numbers(read, begin, manifest["numbers"], heads, report)
    frontier = [bytes.fromhex(each) for each in manifest["frontier"]]
    own = roots(sealed, Tree(algorithm, frontier, begin), heads, report, begin)
    authority = sealed
    for witness in witnesses:
        theirs, seen = witness.hashes[begin * SIZE :], witness.heads(keys)
        broken = _compare_witness(witness.name, seen, theirs, heads, sealed, begin, moment(manifest["made"]), report)
        if (broken or not own) and roots(witness.hashes, Tree(algorithm), seen, None, 0):
            authority = theirs + sealed[len(theirs) :]
    compare(read, authority, begin, report)
    for one, other in itertools.combinations(witnesses, 2):
        _compare_histories(one, other, keys, report)
    return report


def _compare_witness(
    name: str,
    seen: Sequence[Head],
    theirs: bytes,
    heads: Sequence[Head],
    sealed: bytes,
    begin: int,
    made: datetime,
    report: Report,
) -> bool:
    """Whether this witness contradicts what is here: another head of the same size, or leaves that are here no more."""
    ours, last = {head.size: head.digest for head in heads}, heads[-1].size if heads else 0
    for head in seen:
        if begin < head.size <= last and ours.get(head.size) != head.digest:
            at = _first_difference(theirs, sealed)
            text = f"witness {name} was shown another history: its head of {head.size} leaves is not the one here"
            report.add("head.fork", text, None if at is None else begin + at)
            return True
    if seen and seen[-1].size > last and seen[-1].at <= made + SLACK:
        text = f"rolled back: witness {name} saw {seen[-1].size} leaves at {seen[-1].at.isoformat()}, {last} are left"
        report.add("head.rollback", text, last)
        return True
    return False


def _compare_histories(one: Witness, other: Witness, keys: Keys, report: Report) -> None:
    """Two witnesses that were shown different histories."""
    theirs = {head.size: head.digest for head in other.heads(keys)}
    if any(theirs.get(head.size, head.digest) != head.digest for head in one.heads(keys)):
        at = _first_difference(one.hashes, other.hashes)
        report.add("head.fork", f"witnesses {one.name} and {other.name} were shown different histories", at)


def _first_difference(one: bytes, other: bytes) -> int | None:
    common = range(0, min(len(one), len(other)), SIZE)
    return next((at // SIZE for at in common if one[at : at + SIZE] != other[at : at + SIZE]), None)


def verify_receipt(
    receipt: Mapping[str, Any], anchors: Sequence[x509.Certificate], report: Report | None = None
) -> Report:
    """One leaf: its event, its path to a root, the head over that root."""
    report = report or Report("receipt")
    keys = Keys(receipt["keys"], anchors, report)
    heads = check_heads([receipt["head"]], keys, receipt["witnesses"], report)
    report.last = json.loads(receipt["head"]["body"])
    report.log = report.last["log"]
    if heads:
        _check_path(receipt, heads[0], report)
    return report


def _check_path(leaf: Mapping[str, Any], head: Head, report: Report) -> None:
    index, hash_ = int(leaf["index"]), bytes.fromhex(leaf["leaf"])
    if "event" in leaf and digest(head.algorithm)(b"\x00" + leaf["event"].encode()) != hash_:
        report.add("leaf.altered", f"leaf {index} was altered", index, leaf.get("seq"))
    try:
        root = root_of_path(head.algorithm, hash_, index, head.size, [bytes.fromhex(each) for each in leaf["path"]])
    except ValueError as error:
        report.add("leaf.path", f"the path of leaf {index} does not fit: {error}", index, leaf.get("seq"))
    else:
        if root != head.root:
            report.add("leaf.path", f"leaf {index} is not under the root that was signed", index, leaf.get("seq"))
    report.leaves += 1


class Folder:
    """An unpacked package, read like a packed one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def namelist(self) -> list[str]:
        return [str(each.relative_to(self.path)) for each in self.path.rglob("*") if each.is_file()]


def verify_evidence(package: zipfile.ZipFile | Folder, anchors: Sequence[x509.Certificate]) -> Report:
    """Files against the manifest, events against the head. The manifest's own signature is for openssl (verify.sh)."""
    manifest = json.loads(package.read("manifest.json"))
    report = Report("evidence")
    for name, wanted in manifest["files"].items():
        if name not in package.namelist():
            report.add("file.missing", f"{name} is missing")
        elif hashlib.sha256(package.read(name)).hexdigest() != wanted:
            report.add("file.altered", f"{name} was altered")
    for name in set(package.namelist()) - set(manifest["files"]) - {"manifest.json", "manifest.json.p7s"}:
        report.add("file.extra", f"{name} does not belong to the package")
    proof = json.loads(package.read("proofs/head.json"))
    keys = Keys(proof["keys"], anchors, report)
    heads = check_heads([proof["head"]], keys, proof["witnesses"], report)
    report.last = json.loads(proof["head"]["body"])
    report.log = report.last["log"]
    for line in package.read("events.jsonl").splitlines() if heads else ():
        _check_path(json.loads(line), heads[0], report)
    return report


def verify_file(path: Path, witnesses: Sequence[Path] = (), trust: Path | None = None) -> Report:
    """The report over a file of any of the three kinds. `ValueError` when it is none of them."""
    anchors = x509.load_pem_x509_certificates(trust.read_bytes()) if trust else []
    try:
        kept = [Witness.read(folder) for folder in witnesses]
        if path.is_dir():
            return verify_evidence(Folder(path), anchors)
        if not zipfile.is_zipfile(path):
            return verify_receipt(json.loads(path.read_text()), anchors)
        with zipfile.ZipFile(path) as package:
            if "export.json" not in package.namelist():
                return verify_evidence(package, anchors)
            records = [json.loads(line) for line in package.read("heads.jsonl").splitlines()]
            with io.BufferedReader(cast(io.RawIOBase, package.open("leaves.jsonl")), 1 << 20) as lines:
                manifest, sealed = json.loads(package.read("export.json")), package.read("hashes.bin")
                return verify_ledger(manifest, records, lines, sealed, kept, anchors)
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OSError,
        zipfile.BadZipFile,
        UnsupportedAlgorithm,
    ) as error:
        raise ValueError(f"{path} cannot be read: {type(error).__name__} {error}") from error
