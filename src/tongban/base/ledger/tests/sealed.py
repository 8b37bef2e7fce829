"""What the tests of the tree share: a signing key with its certificate, leaves, and the verdict over an export."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection, transaction

from tongban.base.kernel.api import Ref
from tongban.base.ledger import api as ledger
from tongban.base.ledger.data import Report, SealedHead, Signed
from tongban.base.ledger.sealing import Sign, seal
from tongban.base.ledger.verify.files import verify_ledger
from tongban.base.ledger.verify.heads import Witness

KEY = "k1"


@cache
def signing_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def certificate() -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ledger")])
    day = timedelta(days=1)
    made = x509.CertificateBuilder(name, name, signing_key().public_key(), x509.random_serial_number())
    made = made.not_valid_before(datetime.now(UTC) - day).not_valid_after(datetime.now(UTC) + day)
    der = made.sign(signing_key(), hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    return base64.b64encode(der).decode()


def sign(body: bytes) -> Signed:
    return Signed(signing_key().sign(body, ec.ECDSA(hashes.SHA256())), "sha256")


def signer() -> tuple[str, Sign]:
    return KEY, sign


def write(count: int, name: str = "c") -> None:
    with transaction.atomic():
        for number in range(count):
            ledger.write("hall.case.decided", Ref("hall.case", f"{name}{number}"), n=number, opinion="同意")


def sealed(*counts: int) -> list[SealedHead]:
    """Leaves in this many batches, a head over each."""
    heads = []
    for number, count in enumerate(counts):
        write(count, f"b{number}c")
        head = seal(signer)
        assert head is not None
        heads.append(head)
    return heads


def witness(name: str = "one") -> Witness:
    """A witness that has just been shown everything."""
    records = [head.record for head in ledger.heads()]
    return Witness(name, records, ledger.leaf_hashes(0, ledger.latest_head().size))  # type: ignore[union-attr]


def verdict(*witnesses: Witness, begin: int = 0, end: int | None = None) -> Report:
    parts = ledger.export_parts(lambda heads: [head.record for head in heads], {KEY: [certificate()]}, {}, begin, end)
    return verify_ledger(parts.manifest, parts.records, parts.lines, parts.sealed, witnesses)


def told(report: Report) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.leaf) for finding in report.findings]


def superuser(*statements: str, parameters: Sequence[Any] = ()) -> None:
    """As somebody who owns the database server: triggers do not stop them."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement, parameters or None)
        cursor.execute("SET LOCAL session_replication_role = origin")
