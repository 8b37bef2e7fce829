"""Showing heads to witnesses. A witness that is away or behind is a state to look at; it never stops work."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db import transaction

from tongban.base.kernel.api import TongbanError, emit, now
from tongban.base.kernel.egress import call
from tongban.base.ledger import api as ledger
from tongban.base.ledger.data import SealedHead, Witness, verify_signature

from .data import LedgerBroken, WatchState
from .heads import signers
from .models import Cosignature, Watch

AT_ONCE = 20_000  # leaves in one request
TURNS = 200  # requests to one witness in one go
PATIENCE = 60.0  # for a whole answer
LARGEST = 4 << 30  # bytes: every leaf of the ledger


def addresses() -> dict[str, str]:
    """The witnesses by name: `TONGBAN_WITNESSES` ("one=http://host:port,two=..."), else those this machine runs."""
    configured = os.environ.get("TONGBAN_WITNESSES")
    if configured:
        return dict(each.strip().split("=", 1) for each in configured.split(",") if "=" in each)
    path = Path(settings.TONGBAN_HOME) / "witness" / "addresses.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def hand_over() -> None:
    """Bring every witness up to the newest head, as far as it lets us."""
    for name, url in addresses().items():
        row, _made = Watch.objects.get_or_create(name=name, defaults={"url": url})
        if row.url != url:
            row.url = url
            row.save(update_fields=["url"])
        try:
            _bring(row)
        except (TongbanError, OSError, ValueError, KeyError) as error:
            _note(row, WatchState.UNREACHABLE, f"{type(error).__name__}: {error}")


def _bring(row: Watch) -> None:
    told = json.loads(_ask(row.url, "GET", "/")[1])
    if row.key and told["key"] != row.key:
        _note(row, WatchState.CHANGED, "the witness has another key than when it was first met", alarm=True)
        return
    row.key = told["key"]
    at = int(told["size"])
    ours = ledger.head_of(at) if at else None
    latest = ledger.latest_head()
    if at and (ours is None or ours.digest != told["head"]):
        if latest is None or latest.size < at or _show(row, latest, at):  # shown, it keeps our head as proof
            _note(row, WatchState.FORK, f"the witness signed a head of {at} leaves that is not here", alarm=True)
        return
    for _turn in range(TURNS):
        head = _next_head(at)
        if head is None:
            break
        if not _show(row, head, at):
            return
        at = head.size
    row.size = at
    _note(row, WatchState.FOLLOWS, "")


def _next_head(at: int) -> SealedHead | None:
    """The largest head that one request can carry, or the very next one."""
    near = ledger.heads_before(at + AT_ONCE + 1, limit=1)
    if near and near[0].size > at:
        return near[0]
    following = ledger.heads(at, limit=1)
    return following[0] if following else None


def _show(row: Watch, head: SealedHead, old: int) -> bool:
    shown = {
        "record": head.record,
        "chain": signers()[head.key],
        "old": old,
        "proof": [each.hex() for each in ledger.consistency_proof(old, head.size)],
        "leaves": base64.b64encode(ledger.leaf_hashes(old, head.size)).decode(),
    }
    status, body = _ask(row.url, "POST", "/heads", json.dumps(shown).encode())
    answer = json.loads(body)
    if status == 409 and answer["error"] == "fork":
        _note(row, WatchState.FORK, answer["text"], alarm=True)
    elif status != 200:
        _note(row, WatchState.REFUSES, str(answer.get("text") or answer.get("error")))
    elif not _signed(row, head, answer):
        _note(row, WatchState.CHANGED, "the witness's signature does not hold", alarm=True)
    else:
        Cosignature.objects.get_or_create(size=head.size, witness=row.name, defaults=answer)
        return True
    return False


def _signed(row: Watch, head: SealedHead, answer: dict[str, str]) -> bool:
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(row.key))
    told = json.loads(answer["body"])
    holds = verify_signature(key, base64.b64decode(answer["signature"]), answer["body"].encode())
    return holds and (told["witness"], told["head"]) == (row.name, head.digest)


def _note(row: Watch, state: WatchState, detail: str, *, alarm: bool = False) -> None:
    known = Watch.objects.filter(name=row.name).values_list("state", flat=True).first()
    with transaction.atomic():
        row.state, row.detail = state, detail[:300]
        if state is WatchState.FOLLOWS:
            row.at = now()
        row.save()
        if alarm and known != state:
            emit(LedgerBroken(f"witness.{state}", f"{row.name}: {detail}"))


def _ask(url: str, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    where = (urlsplit(url).netloc,)  # a witness's address is configured, not data
    kind = {"Content-Type": "application/json"} if body else {}
    answer = call(
        url.rstrip("/") + path,
        method=method,
        body=body,
        headers=kind,
        hosts=where,
        inside=where,
        seconds=PATIENCE,
        largest=LARGEST,
    )
    return answer.status, answer.body


def remembered(name: str, url: str) -> Witness:
    """What a witness keeps, fetched for a check. `EgressFailed` when it does not answer."""
    told: Any = json.loads(_ask(url, "GET", "/")[1])
    lines = _ask(url, "GET", "/heads.jsonl")[1].splitlines()
    return Witness(
        str(told.get("name", name)), [json.loads(line) for line in lines], _ask(url, "GET", "/leaves.bin")[1]
    )
