"""A witness: a process of its own, best on another machine, that remembers the heads it was shown and refuses a fork.

It knows nothing of the database. In its folder: `heads.jsonl` (heads it signed, one a line, only ever appended),
`leaves.bin` (the leaf hashes under them, so that a changed leaf can be named), `refused.jsonl` (heads that contradict
what it saw, as proof), `name.json`, `key.pem` (its Ed25519 key), `ledger.json` (the ledger it watches, pinned at first
sight: name and root certificate).
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Mapping
from datetime import UTC
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tongban.base.kernel.api import now
from tongban.base.ledger.data import Head, Keys, Report, Tree, consistent

LARGEST = 8 * 1024 * 1024  # bytes of a request


class Contradiction(Exception):
    """The head does not continue what this witness has seen."""


class Behind(Exception):
    """The proof begins elsewhere than this witness is."""


class Book:
    """What a witness remembers."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.lock = folder, threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self.name = self._own("name.json", {"name": name})["name"]
        self.key = self._key()
        lines = self._read("heads.jsonl").splitlines()
        self.head = Head.parse(json.loads(lines[-1])["body"]) if lines else None
        self.size = self.head.size if self.head else 0
        self.tree = self._grown()

    def _own(self, file: str, first: Mapping[str, str]) -> dict[str, str]:
        path = self.folder / file
        if not path.exists():
            path.write_text(json.dumps(first))
        return dict(json.loads(path.read_text()))

    def _read(self, file: str) -> bytes:
        path = self.folder / file
        return path.read_bytes() if path.exists() else b""

    def _key(self) -> Ed25519PrivateKey:
        path = self.folder / "key.pem"
        if not path.exists():
            made = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            path.touch(mode=0o600)
            path.write_bytes(made)
        key = serialization.load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, Ed25519PrivateKey)
        return key

    def _grown(self) -> Tree:
        """The tree over the hashes kept. A crash may have left hashes whose head was not written: they are cut off."""
        tree = Tree(self.head.algorithm if self.head else "sha256")
        kept = self._read("leaves.bin")[: self.size * 32]
        (self.folder / "leaves.bin").write_bytes(kept) if kept else None
        tree.extend(kept)
        if self.head and (tree.size != self.size or tree.root() != self.head.root):
            raise RuntimeError(f"the state in {self.folder} was changed: its leaves do not give its last head")
        return tree

    @property
    def told(self) -> dict[str, Any]:
        """Who this is and how far it has seen."""
        public = self.key.public_key().public_bytes_raw()
        return {
            "name": self.name,
            "key": base64.b64encode(public).decode(),
            "log": self.head.log if self.head else "",
            "size": self.size,
            "head": self.head.digest if self.head else "",
            "refused": len(self._read("refused.jsonl").splitlines()),
        }

    def accept(self, shown: Mapping[str, Any]) -> dict[str, str]:
        """Sign a head that continues the last one. `Contradiction`, `Behind`, or `ValueError` for nonsense."""
        with self.lock:
            record = {name: str(shown["record"][name]) for name in ("body", "signature", "hash")}
            head = Head.parse(record["body"])
            self._known_signer(head, record, shown["chain"])
            if head.size <= self.size:
                return self._seen(head, record)
            if int(shown["old"]) != self.size:
                raise Behind
            leaves = base64.b64decode(shown["leaves"], validate=True)
            self._check(head, record, [bytes.fromhex(each) for each in shown["proof"]], leaves)
            return self._sign(head, record, leaves)

    def _known_signer(self, head: Head, record: Mapping[str, Any], chain: list[str]) -> None:
        report = Report()
        keys = Keys({head.key: chain}, (), report)
        root = x509.load_der_x509_certificate(base64.b64decode(chain[-1])).fingerprint(hashes.SHA256()).hex()
        if report.findings or not keys.signs(head.key, head.at, record):
            raise ValueError("the head is not signed by the key it names")
        if self._own("ledger.json", {"log": head.log, "root": root}) != {"log": head.log, "root": root}:
            raise ValueError("this is another ledger, or another authority, than the one this witness watches")

    def _seen(self, head: Head, record: Mapping[str, str]) -> dict[str, str]:
        for line in reversed(self._read("heads.jsonl").splitlines()):
            known = json.loads(line)
            if known["body"] == record["body"]:
                return dict(known["cosignature"])
            if Head.parse(known["body"]).size == head.size:
                self._refuse(record, f"another head of {head.size} leaves was signed here before")
        raise Behind

    def _check(self, head: Head, record: Mapping[str, str], proof: list[bytes], leaves: bytes) -> None:
        last = self.head
        if last and (head.at < last.at or head.algorithm != last.algorithm):
            self._refuse(record, f"the head of {head.size} leaves is older than that of {last.size}")
        if last and not consistent(head.algorithm, last.size, last.root, head.size, head.root, proof):
            self._refuse(record, f"the head of {head.size} leaves does not continue that of {last.size}")
        grown = Tree(head.algorithm, [node for _level, node in self.tree.stack], self.size)
        grown.extend(leaves)
        if len(leaves) != (head.size - self.size) * 32 or grown.root() != head.root:
            raise ValueError("the leaves do not lead to the head")
        self.grown = grown

    def _refuse(self, record: Mapping[str, str], why: str) -> None:
        self._append("refused.jsonl", json.dumps({**record, "why": why}).encode() + b"\n")
        raise Contradiction(why)

    def _sign(self, head: Head, record: dict[str, str], leaves: bytes) -> dict[str, str]:
        at = now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")  # its own machine's clock, not the database's
        told = {"at": at, "head": head.digest, "log": head.log, "size": head.size, "witness": self.name}
        body = json.dumps(told, sort_keys=True, separators=(",", ":"))
        cosignature = {"body": body, "signature": base64.b64encode(self.key.sign(body.encode())).decode()}
        self._append("leaves.bin", leaves)
        self._append("heads.jsonl", json.dumps({**record, "cosignature": cosignature}).encode() + b"\n")
        self.head, self.size, self.tree = head, head.size, self.grown
        return cosignature

    def _append(self, file: str, data: bytes) -> None:
        with (self.folder / file).open("ab") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())


def server(book: Book, host: str, port: int) -> ThreadingHTTPServer:
    """The witness at an address: `GET /` tells who and how far, `GET /heads.jsonl` and `/leaves.bin` give what it
    keeps, `POST /heads` shows it a head (409 with `fork` or `behind`)."""

    class Answers(BaseHTTPRequestHandler):
        timeout = 10
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path in ("/heads.jsonl", "/leaves.bin", "/refused.jsonl"):
                with book.lock:
                    self._answer(200, book._read(self.path[1:]))
            elif self.path == "/":
                self._answer(200, json.dumps(book.told).encode())
            else:
                self._answer(404, b"{}")

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if self.path != "/heads" or not 0 < length <= LARGEST:
                self.close_connection = True
                self._answer(413, b'{"error":"size"}')
                return
            status, answer = self._accepted(self.rfile.read(length))
            self._answer(status, json.dumps(answer).encode())

        def _accepted(self, body: bytes) -> tuple[int, dict[str, Any]]:
            try:
                return 200, book.accept(json.loads(body))
            except Contradiction as why:
                return 409, {"error": "fork", "text": str(why), **book.told}
            except Behind:
                return 409, {"error": "behind", **book.told}
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                return 400, {"error": "refused", "text": str(error)}

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/octet-stream" if ".bin" in self.path else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Silent: what matters is in the folder."""

    return ThreadingHTTPServer((host, port), Answers)
