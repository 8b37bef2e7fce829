"""G10: the ledger. Append with four writers while the sealer works each second; verify an export; change single bytes.

Ours: `ledger.write` and a commit per leaf, a sealer in a process of its own. Limit: the same row by a plain INSERT into a
plain table with a key, and a commit. Floor: one hash chain, where each writer locks the last row to name its hash.
Verifying is timed over an export file of 100,000 leaves, by the program that auditors get; beside it the bare hashing.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .installation import installation
from .measure import Result, say

WRITERS, ROUNDS, LEAVES, CHANGES = 4, 9, 100_000, 200
SLICE, SLICES = 0.15, 10  # seconds; both are written in turns, so that a busy machine slows both
FACTS = {"office": "01h2xcejqtf2nbrexx3vqjhp41", "outcome": "grant", "n": 7}

TABLES = """
CREATE TABLE plain_leaf (seq bigserial PRIMARY KEY, at timestamptz, kind text, subject_kind text, subject_id text,
    "by" text, facts jsonb);
CREATE TABLE chain_leaf (LIKE plain_leaf INCLUDING ALL, leaf bytea);
INSERT INTO chain_leaf (at, leaf) VALUES (now(), sha256(''));
GRANT ALL ON plain_leaf, chain_leaf TO tongban_app;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO tongban_app;
"""
PLAIN = (
    'INSERT INTO plain_leaf (at, kind, subject_kind, subject_id, "by", facts) '
    "VALUES (clock_timestamp(), %s, %s, %s, %s, %s::jsonb)"
)
CHAIN = (
    'INSERT INTO chain_leaf (at, kind, subject_kind, subject_id, "by", facts, leaf) '
    "SELECT clock_timestamp(), %s, %s, %s, %s, %s::jsonb, sha256(l.leaf || %s) FROM "
    "(SELECT leaf FROM chain_leaf ORDER BY seq DESC LIMIT 1) l"
)
MANY = """
INSERT INTO ledger_leaf (kind, subject_kind, subject_id, "by", facts)
SELECT 'hall.case.decided', 'hall.case', 'case' || i, 'identity.person:p1', %s::jsonb FROM generate_series(1, %s) i
"""


def main() -> int:
    if sys.argv[1:] == ["sealer"]:
        return sealer()
    with installation():
        from django.db import connection, transaction

        from tongban.base.kernel.api import Ref, canonical, new_id
        from tongban.base.ledger import api as ledger
        from tongban.site.database import connect_owner

        with connect_owner() as owner:
            owner.execute(TABLES)
        by, body, leaf = Ref("identity.person", "p1"), canonical(FACTS).decode(), hashlib.sha256(b"x").digest()

        def ours() -> None:
            with transaction.atomic():
                ledger.write("hall.case.decided", Ref("hall.case", new_id()), by=by, **FACTS)

        def insert(statement: str, *more: bytes, lock: bool = False) -> Callable[[], None]:
            def run() -> None:
                with transaction.atomic(), connection.cursor() as cursor:
                    if lock:
                        cursor.execute("SELECT pg_advisory_xact_lock(10)")
                    cursor.execute(statement, ["hall.case.decided", "hall.case", new_id(), str(by), body, *more])

            return run

        result = Result("g10", "leaves/s", "append >= 0.9 of plain insert; verify >= 50,000/s; every change found")
        result.floor = {"one locked hash chain": []}
        sealing = subprocess.Popen([sys.executable, "-m", "bench.g10", "sealer"], stdin=subprocess.PIPE)
        time.sleep(5)
        plain = insert(PLAIN)
        for each in (ours, plain):
            rate(each, 1.0)  # warm
        for number in range(ROUNDS):
            took = {ours: 0.0, plain: 0.0}
            for turn in range(SLICES):
                for work in (ours, plain) if turn % 2 else (plain, ours):
                    took[work] += rate(work) / SLICES
            result.ours.append(took[ours])
            result.limit.append(took[plain])
            if number % 3 == 0:
                result.floor["one locked hash chain"].append(rate(insert(CHAIN, leaf, lock=True), 1.0))
            say(f"g10 round {number + 1}: ours {result.ours[-1]:.0f}/s, plain insert {result.limit[-1]:.0f}/s")
        time.sleep(3)
        left = ledger.unsealed()
        sealing.communicate(b"")
        verify, hashing, found = verifying(connection, transaction)
        result.extra = {
            "verify": round(verify),
            "bare hashing": round(hashing),
            "changes found": found,
            "unsealed": left,
        }
        met = verify >= 50_000 and found == f"{CHANGES}/{CHANGES}" and left == 0
        return 0 if result.finish(lambda ratio, _floor: ratio >= 0.9 and met) else 1


pool = ThreadPoolExecutor(WRITERS)  # each thread keeps its connection


def rate(work: Callable[[], None], seconds: float = SLICE) -> float:
    """Commits a second of four writers together."""
    begin = time.perf_counter()

    def write() -> int:
        count = 0
        while time.perf_counter() < begin + seconds:
            work()
            count += 1
        return count

    count = sum(each.result() for each in [pool.submit(write) for _ in range(WRITERS)])
    return count / (time.perf_counter() - begin)


def sealer() -> int:
    """Seal each second until told to end."""
    import select

    import django

    django.setup()
    from tongban.trust.witness import api as witness

    while not select.select([sys.stdin], [], [], 1.0)[0]:
        witness.seal_leaves()
    return 0


def verifying(connection: Any, transaction: Any) -> tuple[float, float, str]:
    """Leaves a second of the verifier and of bare hashing; and how many changed bytes were found."""
    from tongban.base.ledger.verify.files import verify_file
    from tongban.trust.witness import api as witness

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(MANY, [json.dumps(FACTS), LEAVES])
    while witness.seal_leaves():
        pass
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.zip"
        told = witness.export_period(path)
        rates, bare = [], []
        for _round in range(3):
            start = time.perf_counter()
            report = verify_file(path)
            rates.append(told["leaves"] / (time.perf_counter() - start))
            assert report.valid and report.leaves == told["leaves"], report.findings[:3]
            bare.append(bare_hashing(path))
        return sorted(rates)[1], sorted(bare)[1], changed(path, Path(folder) / "changed.zip")


def bare_hashing(path: Path) -> float:
    """The least a verifier could do: read each line, two hashes a leaf."""
    start, count = time.perf_counter(), 0
    with zipfile.ZipFile(path) as package, io.BufferedReader(package.open("leaves.jsonl"), 1 << 20) as lines:
        for line in lines:
            hashlib.sha256(hashlib.sha256(line).digest()).digest()
            count += 1
    return count / (time.perf_counter() - start)


def changed(path: Path, other: Path) -> str:
    """Flip single bits anywhere in the last leaves, the hashes and the heads of an export: each must be found."""
    from tongban.base.ledger import api as ledger
    from tongban.base.ledger.verify.files import verify_file
    from tongban.trust.witness import api as witness

    witness.seal_leaves()
    before = ledger.latest_head()
    assert before is not None
    from django.db import transaction

    from tongban.base.kernel.api import Ref

    for number in range(20):
        with transaction.atomic():
            ledger.write("hall.case.decided", Ref("hall.case", f"last{number}"), **FACTS)
    witness.seal_leaves()
    witness.export_period(path, before.at.replace(microsecond=min(999_999, before.at.microsecond + 1)))
    with zipfile.ZipFile(path) as package:
        members = {name: package.read(name) for name in package.namelist()}
    found, chance = 0, random.Random(10)
    for _turn in range(CHANGES):
        name = chance.choice(["leaves.jsonl", "leaves.jsonl", "hashes.bin", "heads.jsonl"])
        content = bytearray(members[name])
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        with zipfile.ZipFile(other, "w") as package:
            for member, data in members.items():
                package.writestr(member, bytes(content) if member == name else data)
        try:
            found += not verify_file(other).valid
        except ValueError:
            found += 1
    return f"{found}/{CHANGES}"


if __name__ == "__main__":
    sys.exit(main())
