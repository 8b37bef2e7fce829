"""What a receiver's signed receipt changes at the sender."""

from __future__ import annotations

import json
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
    """Move our message to where the receiver says it is. Idempotent; late receipts never undo an end."""
    try:
        told = json.loads(message.body)
        stage, code, text = Stage(told["stage"]), str(told["code"])[:40], str(told["text"])[:2000]
        rows = [BadRow(int(row["row"]), str(row["code"]), str(row["item"]), str(row["text"])) for row in told["rows"]]
    except (ValueError, KeyError, TypeError):
        return Outcome(Stage.REFUSED, "unreadable")
    out = Out.objects.select_for_update().filter(id=message.envelope.about, receiver=message.envelope.sender).first()
    if out is None:
        return Outcome(Stage.REFUSED, "unknown_message")
    if out.stage in (Stage.PROCESSED, Stage.REFUSED) or stage not in (Stage.RECEIVED, Stage.STORED, *ENDED):
        return Outcome()
    out.code, out.text, out.at = code, text, now()
    out.rows = [{"row": bad.row, "code": bad.code, "item": bad.item, "text": bad.text} for bad in rows]
    if stage is Stage.REFUSED and code in PASSING and out.tries < TRIES:
        out.stage, out.due = Stage.WAITING, now() + backoff(out.tries)
        out.save()
        return Outcome()
    if stage is Stage.REFUSED and code == "expired":
        stage = Stage.EXPIRED
    out.stage, out.due = stage, None if stage in ENDED else now() + ASK_AGAIN
    out.save()
    tell(out)
    return Outcome()


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
