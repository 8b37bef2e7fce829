"""The process that reads foreign files. It learns everything through standard input, has no network and no database,
and answers each question from a child of its own, which may use so much time and memory and no more (T21, T22).

A question is a line of JSON and the bytes it announces; the answer is a line of JSON."""

from __future__ import annotations

import gc
import json
import logging
import os
import resource
import select
import sys
import time
from contextlib import suppress
from datetime import datetime
from typing import Any, BinaryIO

from asn1crypto import x509

from .chains import Trust
from .examining import examine
from .verdicts import Reason, Report, Verdict, to_json

OVER = Report(Verdict.UNREADABLE, Reason("too_much_work"))


def main() -> None:
    """Answer until the end of input."""
    logging.disable(logging.CRITICAL)
    sys.setrecursionlimit(2000)
    gc.freeze()
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while line := questions.readline():
        asked = json.loads(line)
        parts = [questions.read(length) for length in asked["lengths"]]
        answers.write(_answer(asked, parts) + b"\n")
        answers.flush()


def _answer(asked: dict[str, Any], parts: list[bytes]) -> bytes:
    """Fork, and wait no longer than allowed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _work(asked, parts, os.fdopen(writing, "wb"))
    os.close(writing)
    try:
        told = _read(reading, 2 * asked["seconds"])
    finally:
        os.close(reading)
        _end(child)
    return told or _encoded(OVER)


def _end(child: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(child, 9)
    os.waitpid(child, 0)


def _read(reading: int, seconds: float) -> bytes:
    """What the child says before its time is over; nothing if it did not come to the end of its line."""
    told, until = b"", time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and select.select([reading], [], [], left)[0]:
        piece = os.read(reading, 65536)
        if not piece:
            break
        told += piece
    return told[:-1] if told.endswith(b"\n") else b""


def _work(asked: dict[str, Any], parts: list[bytes], out: BinaryIO) -> None:
    """In the grandchild: limits, the verdict, the end. Nothing raised here gets any further."""
    status = 1
    try:
        _limit(asked["seconds"], asked["memory"])
        roots, others, crls, files = _sorted(asked["kinds"], parts)
        trust = Trust(datetime.fromisoformat(asked["moment"]), roots, others, crls, asked["purpose"])
        report = _reported(files, trust)
        out.write(_encoded(report) + b"\n")
        out.flush()
        status = 0
    finally:
        os._exit(status)  # whatever was raised; the parent says what silence means


def _reported(files: list[bytes], trust: Trust) -> Report:
    try:
        return examine(files[0], trust, files[1] if len(files) > 1 else None)
    except MemoryError:
        return OVER
    except Exception as error:
        return Report(Verdict.UNREADABLE, Reason("damaged", {"detail": type(error).__name__}))


def _limit(seconds: int, memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds + 1, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))


def _sorted(
    kinds: list[str], parts: list[bytes]
) -> tuple[tuple[x509.Certificate, ...], tuple[x509.Certificate, ...], tuple[bytes, ...], list[bytes]]:
    named: dict[str, list[bytes]] = {"root": [], "other": [], "crl": [], "file": []}
    for kind, part in zip(kinds, parts, strict=True):
        named[kind].append(part)
    loaded = [tuple(map(x509.Certificate.load, named[kind])) for kind in ("root", "other")]
    return loaded[0], loaded[1], tuple(named["crl"]), named["file"]


def _encoded(report: Report) -> bytes:
    return json.dumps(to_json(report), ensure_ascii=False, default=_plain).encode("utf-8", "replace")


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


if __name__ == "__main__":
    main()
