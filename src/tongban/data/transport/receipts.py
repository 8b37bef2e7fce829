"""What a receiver's signed receipt changes at the sender."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta

from tongban.base.kernel.api import Ref, emit, now
from tongban.base.ledger import api as ledger

from .data import ENDED, MESSAGE, BadRow, Message, Outcome, ReceiptCame, Stage
from .handling import backoff
from .models import Out

# Refusals that may be different next time: the line or a change of certificates spoiled it, not the sender's words.
PASSING = frozenset({"altered", "cipher", "certificate_expired", "clock"})
TRIES = 5
ASK_AGAIN = timedelta(hours=1)  # a receiver that has it in hand is asked for the end this often


def apply(message: Message) -> Outcome:
    """Move our messages to where the receiver says they are. Idempotent; late receipts never undo an end."""
    try:
        told = json.loads(message.body)
        stage, code, text = Stage(told["stage"]), str(told["code"])[:40], str(told["text"])[:2000]
        rows = [BadRow(int(row["row"]), str(row["code"]), str(row["item"]), str(row["text"])) for row in told["rows"]]
        about = [message.envelope.about, *(str(id_) for id_ in told.get("also", ()))]
    except (ValueError, KeyError, TypeError, AttributeError):
        return Outcome(Stage.REFUSED, "unreadable")
    ours = Out.objects.select_for_update().filter(id__in=about, receiver=message.envelope.sender).order_by("id")
    if not ours:
        return Outcome(Stage.REFUSED, "unknown_message")
    if stage not in (Stage.RECEIVED, Stage.STORED, *ENDED):
        return Outcome()
    if stage is Stage.REFUSED and code == "expired":
        stage = Stage.EXPIRED
    again: list[Out] = []
    ended: list[Out] = []
    for out in ours:
        if out.stage in (Stage.PROCESSED, Stage.REFUSED):
            continue
        passing = stage is Stage.REFUSED and code in PASSING and out.tries < TRIES
        (again if passing else ended).append(out)
    named = [asdict(bad) for bad in rows]
    for out in again:
        _moved([out], stage=Stage.WAITING, due=now() + backoff(out.tries), code=code, text=text, rows=named)
    _moved(ended, stage=stage, due=None if stage in ENDED else now() + ASK_AGAIN, code=code, text=text, rows=named)
    for out in ended:
        tell(out)
    return Outcome()


def _moved(outs: Sequence[Out], **changes: object) -> None:
    changes["at"] = now()
    Out.objects.filter(id__in=[out.id for out in outs]).update(**changes)
    for out in outs:
        for name, value in changes.items():
            setattr(out, name, value)


def tell(out: Out) -> None:
    """Write down and tell the rooms above how far a message of ours has come."""
    ledger.write(
        "transport.message.receipt",
        Ref(MESSAGE, out.id),
        receiver=out.receiver,
        stage=str(out.stage),
        code=out.code,
        bad_rows=len(out.rows),
    )
    emit(ReceiptCame(out.id, out.receiver, out.business, str(out.stage), out.code))
