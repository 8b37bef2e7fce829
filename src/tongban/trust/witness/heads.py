"""Signing heads, stamping them, and giving each head with everything others signed about it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tongban.base.kernel.api import now
from tongban.base.ledger import api as ledger
from tongban.base.ledger.data import FORMAT, Proof, SealedHead, Signed
from tongban.trust.keys import api as keys
from tongban.trust.keys.data import Purpose

from .models import Cosignature, Signer, Stamp, Watch

BATCH = 20_000  # leaves under one head at most
ROUNDS = 50  # heads one call makes at most, when many leaves have waited


def seal_leaves() -> int:
    """Seal what waits, under a head for every `BATCH` leaves; gives how many leaves. Asks for no lock that a writer
    holds, and leaves what is written meanwhile to the next call."""
    sealed = 0
    for _round in range(ROUNDS):
        before = ledger.latest_head()
        head = ledger.seal(_signer, BATCH)
        taken = head.size - (before.size if before else 0) if head else 0
        sealed += taken
        if taken < BATCH:
            break
    return sealed


def _signer() -> tuple[str, Callable[[bytes], Signed]]:
    key = keys.ensure_key(Purpose.LEDGER).id
    _remember(key)

    def sign(body: bytes) -> Signed:
        made = keys.sign(key, body)
        return Signed(made.value, made.hash_name)

    return key, sign


def _remember(key: str) -> None:
    """Keep the key's chain: heads must be checkable when the certificate is renewed or gone."""
    if not Signer.objects.filter(key=key).exists():
        chain = [base64.b64encode(der).decode() for der in keys.signing_certificate(key)]
        Signer.objects.get_or_create(key=key, defaults={"chain": chain})


def stamp_head() -> bool:
    """Have the newest head stamped by the timestamp authority (RFC 3161), unless it is already."""
    head = ledger.latest_head()
    if head is None or Stamp.objects.filter(size=head.size).exists():
        return False
    token = keys.timestamp(bytes.fromhex(head.digest))
    Stamp.objects.create(size=head.size, token=token, at=now())
    return True


def records(heads: Sequence[SealedHead]) -> list[dict[str, Any]]:
    """Heads, the smallest first, with what witnesses and the timestamp authority signed about them."""
    span = (heads[0].size, heads[-1].size) if heads else (0, 0)
    signed: dict[int, list[dict[str, str]]] = {}
    for row in Cosignature.objects.filter(size__range=span).order_by("size", "witness"):
        signed.setdefault(row.size, []).append({"body": row.body, "signature": row.signature})
    stamps = {row.size: base64.b64encode(bytes(row.token)).decode() for row in Stamp.objects.filter(size__range=span)}
    return [
        {**head.record, "cosignatures": signed.get(head.size, []), "timestamp": stamps.get(head.size, "")}
        for head in heads
    ]


def signers() -> Mapping[str, list[str]]:
    """Certificate chains by key."""
    return {row.key: list(row.chain) for row in Signer.objects.order_by("key")}


def witness_keys() -> Mapping[str, str]:
    """Public keys of the witnesses by name."""
    return {row.name: row.key for row in Watch.objects.exclude(key="").order_by("name")}


def vouched(size: int) -> SealedHead | None:
    """The smallest head over `size` leaves or more that a witness signed, else the first over them."""
    row = Cosignature.objects.filter(size__gte=size).order_by("size").first()
    found = ledger.heads(row.size - 1 if row else size - 1, limit=1)
    return found[0] if found else None


def newest_vouched() -> SealedHead | None:
    """The newest head that a witness signed, else the newest."""
    row = Cosignature.objects.order_by("-size").first()
    return (ledger.head_of(row.size) if row else None) or ledger.latest_head()


def receipt(seq: int) -> dict[str, Any] | None:
    """All that is needed to check one leaf without us (R6), as JSON; None while it is not sealed.

    The event itself is not in it: whoever may see it adds it (`with_event`).
    """
    proofs = _proofs([seq])
    if proofs is None:
        return None
    return {"format": "tongban-receipt-1", **proofs[0].record, **_around(proofs[0].head)}


def document_proof(seqs: Sequence[int]) -> dict[str, Any] | None:
    """The same over some leaves with their events, small enough for a PDF (no timestamp); None while not all are
    sealed."""
    proofs = _proofs(seqs)
    if proofs is None:
        return None
    texts = dict(ledger.event_texts(seqs))
    leaves = [{**proof.record, "event": texts[proof.seq].decode()} for proof in proofs]
    for leaf in leaves:
        del leaf["seq"]  # nothing signed by itself says the number
    around = _around(proofs[0].head)
    around["head"]["timestamp"] = ""
    return {"format": FORMAT, "leaves": leaves, **around}


def _proofs(seqs: Sequence[int]) -> list[Proof] | None:
    """Each leaf under the first head over all of them that a witness signed."""
    places = [place for seq in seqs if (place := ledger.place(seq)) is not None]
    head = vouched(max(places) + 1) if places and len(places) == len(seqs) else None
    found = [proof for seq in seqs if (proof := ledger.receipt(seq, head.size))] if head else []
    return found if found and len(found) == len(seqs) else None


def _around(head: SealedHead) -> dict[str, Any]:
    """A head with what others signed about it, and the keys to check that."""
    record = records([head])[0]
    signed = {json.loads(each["body"])["witness"] for each in record["cosignatures"]}
    return {
        "head": record,
        "keys": {key: chain for key, chain in signers().items() if key == head.key},
        "witnesses": {name: key for name, key in witness_keys().items() if name in signed},
    }


def with_event(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """The receipt with the text of its event: for those the leaf concerns."""
    [(_seq, text)] = ledger.event_texts([int(receipt["seq"])])
    return {**receipt, "event": text.decode()}
