"""Signed heads, those who countersigned them, and what witnesses kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519

from .report import SLACK, Report
from .signatures import Keys, binary, stamped, verify_signature

RECORD = {"body", "signature", "hash", "cosignatures", "timestamp"}


@dataclass(frozen=True)
class Head:
    """A signed head: the tree's size and root, and what the numbers of the table were at that moment."""

    body: str
    size: int
    root: bytes
    at: datetime
    key: str
    previous: str
    log: str
    algorithm: str
    drawn: int
    complete: int
    numbers: str

    @classmethod
    def parse(cls, body: str) -> Head:
        known = json.loads(body)
        known |= {"root": bytes.fromhex(known["root"]), "at": moment(known["at"])}
        return cls(body=body, **known)

    @property
    def digest(self) -> str:
        """What the next head names as its previous one."""
        return hashlib.sha256(self.body.encode()).hexdigest()


def moment(text: str) -> datetime:
    """An ISO moment in UTC."""
    return datetime.fromisoformat(text)


def check_heads(
    records: Sequence[Mapping[str, Any]], keys: Keys, witnesses: Mapping[str, str], report: Report
) -> list[Head]:
    """Heads whose own signature holds, in order; chain, witnesses' signatures and timestamps are checked on the way."""
    known = {name: ed25519.Ed25519PublicKey.from_public_bytes(binary(key)) for name, key in witnesses.items()}
    good: list[Head] = []
    before: Head | None = None
    for record in records:
        if not set(record) <= RECORD:
            raise ValueError("a head bears what does not belong to it")
        head = Head.parse(record["body"])
        if before and (head.previous != before.digest or head.size <= before.size or head.at < before.at):
            report.add("head.chain", f"the head of {head.size} leaves does not follow that of {before.size}")
        if keys.signs(head.key, head.at, record):
            good.append(head)
        else:
            report.add("head.signature", f"the signature of the head of {head.size} leaves does not hold")
        for cosignature in record.get("cosignatures", ()):
            _check_cosignature(cosignature, head, known, report)
        if record.get("timestamp"):
            _check_timestamp(binary(record["timestamp"]), head, report)
        before = head
    report.heads = len(records)
    return good


def _check_cosignature(record: Mapping[str, str], head: Head, known: Mapping[str, Any], report: Report) -> None:
    told = json.loads(record["body"])
    name, key = told["witness"], known.get(told["witness"])
    holds = key is not None and verify_signature(key, binary(record["signature"]), record["body"].encode())
    if not holds or told["head"] != head.digest or told["size"] != head.size:
        report.add("witness.signature", f"witness {name} did not sign the head of {head.size} leaves")
    elif moment(told["at"]) < head.at - SLACK:
        report.add("head.time", f"witness {name} saw the head of {head.size} leaves before the time it bears")
    else:
        report.witnesses[name] = report.witnesses.get(name, 0) + 1


def _check_timestamp(token: bytes, head: Head, report: Report) -> None:
    try:
        imprint, at = stamped(token)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        report.add("timestamp", f"the timestamp of the head of {head.size} leaves does not hold: {error}")
        return
    if imprint.hex() != head.digest:
        report.add("timestamp", f"the timestamp of the head of {head.size} leaves stamps something else")
    elif at < head.at - SLACK:
        report.add("head.time", f"the head of {head.size} leaves was stamped before the time it bears")
    report.timestamps += 1


@dataclass
class Witness:
    """What a witness kept: the heads it accepted and the leaf hashes they cover."""

    name: str
    records: list[dict[str, Any]]
    hashes: bytes

    @classmethod
    def read(cls, folder: Path) -> Witness:
        """From its folder of state, or a copy of it."""
        records = [json.loads(line) for line in (folder / "heads.jsonl").read_text().splitlines()]
        return cls(
            json.loads((folder / "name.json").read_text())["name"], records, (folder / "leaves.bin").read_bytes()
        )

    def heads(self, keys: Keys) -> list[Head]:
        """Those the ledger's key signed: a witness that lies proves nothing."""
        told = [(Head.parse(each["body"]), each) for each in self.records]
        return [head for head, record in told if keys.signs(head.key, head.at, record)]
