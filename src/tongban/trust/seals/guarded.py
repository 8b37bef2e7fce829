"""Asking the child process (`child`) about foreign files, and what is trusted when it judges them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

from .verdicts import Reason, Report, Verdict, from_json

_SOURCE = Path(__file__).parents[3]
SECONDS = 15
"""Time of the processor for one file; by the clock on the wall twice as much, for a machine that is busy."""

MEMORY = 1536 * 1024 * 1024
"""Address space for one file in bytes; about 400 MB of it are the libraries."""

LARGEST = 100 * 1024 * 1024
"""Bytes of a file on the command line; what comes over the web is smaller."""


@dataclass(frozen=True)
class Anchors:
    """Certificates in DER: roots to believe, others to build chains with; and revocation lists.

    `purpose` of signers' certificates: seal, or publish (packs).
    """

    roots: tuple[bytes, ...] = ()
    others: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    purpose: str = "seal"


class Examiner:
    """A child process that answers about one file after the other; use it in a `with` block."""

    def __init__(self, anchors: Anchors, moment: datetime, seconds: int = SECONDS, memory: int = MEMORY) -> None:
        self._anchors, self._moment, self._seconds, self._memory = anchors, moment, seconds, memory
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Examiner:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def examine(self, content: bytes, beside: bytes | None = None, name: str = "") -> Report:
        """The verdict on one file. Whatever the file does to its reader, this returns."""
        if len(content) + len(beside or b"") > LARGEST:
            return Report(Verdict.UNREADABLE, Reason("too_large", {"limit": LARGEST // 1024 // 1024}))
        try:
            return self._ask(content, beside)
        except (OSError, ValueError, KeyError, TypeError):  # the child itself is gone; start anew for the next file
            self._stop()
            return Report(Verdict.UNREADABLE, Reason("too_much_work"))

    def _ask(self, content: bytes, beside: bytes | None) -> Report:
        child = self._started()
        assert child.stdin is not None and child.stdout is not None
        parts: list[tuple[str, bytes]] = [("file", content)]
        if beside is not None:
            parts.append(("file", beside))
        parts += [("root", one) for one in self._anchors.roots]
        parts += [("other", one) for one in self._anchors.others]
        parts += [("crl", one) for one in self._anchors.crls]
        question = {
            "kinds": [kind for kind, _part in parts],
            "lengths": [len(part) for _kind, part in parts],
            "moment": self._moment.isoformat(),
            "seconds": self._seconds,
            "memory": self._memory,
            "purpose": self._anchors.purpose,
        }
        child.stdin.write(json.dumps(question).encode() + b"\n")
        for _kind, part in parts:
            child.stdin.write(part)
        child.stdin.flush()
        return from_json(json.loads(child.stdout.readline()))

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            # -P: nothing is imported from the folder somebody happens to stand in. No secrets of the environment.
            command = [sys.executable, "-P", "-m", f"{__package__}.child"]
            known = {"PYTHONPATH": str(_SOURCE), "LC_ALL": "C.UTF-8"}
            self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/", env=known)
        return self._child

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        for pipe in (child.stdin, child.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                pass
        try:
            child.wait(timeout=1)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
