"""What one can be given: an export of the ledger, an evidence package, a receipt, a PDF that carries its proof."""

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

from .document import parted
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
    receipt: Mapping[str, Any], anchors: Sequence[x509.Certificate], witnesses: Sequence[Witness] = ()
) -> Report:
    """One leaf or several: their events, their paths to a root, the head over that root; and what witnesses kept."""
    report = Report("receipt")
    keys = Keys(receipt["keys"], anchors, report)
    heads = check_heads([receipt["head"]], keys, receipt["witnesses"], report)
    report.last = json.loads(receipt["head"]["body"])
    report.log = report.last["log"]
    for leaf in receipt.get("leaves", [receipt]) if heads else ():
        _check_path(leaf, heads[0], report)
        for witness in witnesses:
            theirs = witness.hashes[int(leaf["index"]) * SIZE :][:SIZE]
            if theirs and theirs != _hash(leaf["leaf"]):
                text = f"witness {witness.name} was shown another history: it knows another leaf {leaf['index']}"
                report.add("head.fork", text, int(leaf["index"]))
    return report


def verify_document(content: bytes, anchors: Sequence[x509.Certificate], witnesses: Sequence[Witness] = ()) -> Report:
    """A PDF with a proof in it: the proof, and that a leaf of it holds the digest of this PDF."""
    original, proof = parted(content)
    report = verify_receipt(proof, anchors, witnesses)
    report.kind = "document"
    sealed = [json.loads(leaf["event"])["facts"].get("digest") for leaf in proof["leaves"]]
    if hashlib.sha256(original).hexdigest() not in sealed:
        report.add("file.altered", "the document is not the one that was sealed")
    return report


def _hash(text: str) -> bytes:
    """A hash in its one canonical writing; `ValueError` for any other, so that no changed byte passes."""
    value = bytes.fromhex(text)
    if value.hex() != text:
        raise ValueError("a hash that is not canonical")
    return value


def _check_path(leaf: Mapping[str, Any], head: Head, report: Report) -> None:
    index, hash_ = int(leaf["index"]), _hash(leaf["leaf"])
    if "event" in leaf:
        if digest(head.algorithm)(b"\x00" + leaf["event"].encode()) != hash_:
            report.add("leaf.altered", f"leaf {index} was altered", index, leaf.get("seq"))
        event = json.loads(leaf["event"])
        report.entries.append({"leaf": index, **{name: event.get(name) for name in ("at", "kind", "subject")}})
    try:
        root = root_of_path(head.algorithm, hash_, index, head.size, [_hash(each) for each in leaf["path"]])
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


def verify_shown(content: bytes, anchors: Sequence[x509.Certificate], witnesses: Sequence[Witness] = ()) -> Report:
    """What somebody shows: a PDF with a proof, or a receipt (JSON)."""
    if content.startswith(b"%PDF-"):
        return verify_document(content, anchors, witnesses)
    return verify_receipt(json.loads(content), anchors, witnesses)


def verify_file(path: Path, witnesses: Sequence[Path] = (), trust: Path | None = None) -> Report:
    """The report over a file of any of these kinds. `ValueError` when it is none of them."""
    anchors = x509.load_pem_x509_certificates(trust.read_bytes()) if trust else []
    try:
        kept = [Witness.read(folder) for folder in witnesses]
        if path.is_dir():
            return verify_evidence(Folder(path), anchors)
        if not zipfile.is_zipfile(path):
            return verify_shown(path.read_bytes(), anchors, kept)
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
        RecursionError,
        zipfile.BadZipFile,
        UnsupportedAlgorithm,
    ) as error:
        raise ValueError(f"{path} cannot be read: {type(error).__name__} {error}") from error
