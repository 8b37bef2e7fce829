"""Working off the inbox: handler, inbox row and receipt in one transaction, so an effect happens exactly once (R10)."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import (
    Invalid,
    NotFound,
    Ref,
    Refused,
    Registry,
    TongbanError,
    canonical,
    emit,
    now,
    system,
)
from tongban.base.ledger import api as ledger

from .data import ENDED, MESSAGE, BadRow, Kind, Message, MessageQuarantined, Outcome, Stage
from .models import In, InBody, Lane, Out
from .peers import find_peer
from .sealing import Rejected, read, unpacked
from .sending import RECEIPT, WAKE_IN, lane, send, wake

log = logging.getLogger("tongban.transport")

Handler = Callable[[Message], Outcome]
businesses: Registry[tuple[Handler, bool]] = Registry("businesses of messages")

TRIES = 6
LEASE = timedelta(seconds=15)  # a process that died with rows in hand gives them back after this
GAP = timedelta(seconds=90)  # how long an ordered lane waits for a missing number
ROWS = 1_000  # bad rows named in a receipt


def receives(business: str, *, ordered: bool = False) -> Callable[[Handler], Handler]:
    """Register what is done with messages of a business. The handler runs inside the transaction that also writes the
    inbox row and the receipt; it may run again after a failure, never after success. `Refused` and `Invalid` become a
    refusal receipt; any other error is tried again, then quarantined. `ordered`: a message older than one already
    processed in its lane is refused ("late"), and a gap is waited for."""

    def add(handler: Handler) -> Handler:
        businesses.register(business, (handler, ordered))
        return handler

    return add


def backoff(tries: int) -> timedelta:
    """Growing pauses with jitter, 10 minutes at most."""
    return timedelta(seconds=min(600.0, 2.0 * 4 ** min(tries, 10)) * random.uniform(0.5, 1.5))


_CLAIM = """
UPDATE transport_inbox SET due = %(lease)s, tries = tries + 1 WHERE id IN (
    SELECT id FROM transport_inbox WHERE due <= %(now)s AND id = ANY(ARRAY(
        SELECT one.id FROM transport_peer peer CROSS JOIN LATERAL (
            SELECT id, priority, row_number() OVER (ORDER BY priority, id) AS turn FROM transport_inbox
            WHERE sender = peer.node AND due <= %(now)s ORDER BY priority, id LIMIT %(most)s
        ) one WHERE NOT peer.blocked ORDER BY one.priority, one.turn LIMIT %(most)s
    )) FOR UPDATE SKIP LOCKED
) RETURNING id, tries, priority, sender
"""


def claim(most: int = 8) -> list[tuple[int, int]]:
    """Take rows that are due, peers in turn; committed before they are worked on, so that a message that kills its
    process is counted too. Gives id and number of this try."""
    moment = now()
    with system(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": moment, "lease": moment + LEASE, "most": most})
        rows = sorted(cursor.fetchall())
    turns: Counter[tuple[int, str]] = Counter()
    ordered = []
    for id_, tries, priority, sender in rows:
        turns[priority, sender] += 1
        ordered.append((priority, turns[priority, sender], id_, tries))
    return [(id_, tries) for _priority, _turn, id_, tries in sorted(ordered)]


def work(most: int = 8) -> int:
    """Claim and handle some rows; how many."""
    rows = claim(most)
    for id_, tries in rows:
        handle(id_, tries)
    return len(rows)


def handle(id_: int, tries: int) -> None:
    """One message in one transaction."""
    with system():
        row = In.objects.select_for_update().filter(id=id_, due__isnull=False).first()
        if row is None or row.tries != tries:
            return  # somebody else has it
        if tries > TRIES:
            _quarantine(row, row.text or "it ended the process that worked on it")
            return
        try:
            with transaction.atomic():
                outcome = _outcome(row)
        except Waits as waits:
            In.objects.filter(id=id_).update(due=waits.until, tries=tries - 1)
            return
        except TongbanError as refused:
            outcome = refusal(refused)
        except Exception as error:
            _failed(row, error)
            return
        _settled(row, outcome)


class Waits(Exception):
    """Not its turn yet."""

    def __init__(self, until: datetime) -> None:
        self.until = until


def _outcome(row: In) -> Outcome:
    if row.business not in businesses:
        return Outcome(Stage.REFUSED, "unknown_business")
    handler, ordered = businesses.get(row.business)
    if ordered and row.number and (answer := _turn(row)):
        return answer
    return handler(opened(row))


def _turn(row: In) -> Outcome | None:
    """Wait for what comes before in an ordered lane, or refuse what comes too late; None when it is its turn."""
    name = lane(row.kind, row.business, row.resource)
    Lane.objects.get_or_create(peer=row.sender, lane=name, outward=False)
    known = Lane.objects.select_for_update().get(peer=row.sender, lane=name, outward=False)
    if row.number <= known.number:
        return Outcome(Stage.REFUSED, "late")
    if row.number > known.number + 1 and now() < row.at + GAP:
        raise Waits(now() + timedelta(seconds=0.5))
    known.number = row.number
    known.save(update_fields=["number"])
    return None


def opened(row: In) -> Message:
    """The message of an inbox row."""
    content = bytes(InBody.objects.get(passage=row.id).content)
    envelope = read(row.envelope.encode())
    try:
        return Message(envelope, unpacked(envelope.packing, content))
    except Rejected as rejected:
        raise Refused(_("The body cannot be unpacked."), rejected.code) from None


def refusal(error: TongbanError) -> Outcome:
    """What a handler's refusal tells the sender."""
    rows: tuple[BadRow, ...] = ()
    if isinstance(error, Invalid):
        rows = tuple(BadRow(0, "invalid", item, str(text)) for item, text in error.errors.items())
    code = error.code or (
        "invalid" if isinstance(error, Invalid) else "not_found" if isinstance(error, NotFound) else "refused"
    )
    return Outcome(Stage.REFUSED, code, rows, str(error.message))


def _failed(row: In, error: Exception) -> None:
    words = f"{type(error).__name__} in {_place(error)}"
    log.warning("message %s of %s: %s, try %d", row.message, row.sender, words, row.tries)
    if row.tries >= TRIES:
        _quarantine(row, words)
    else:
        In.objects.filter(id=row.id).update(due=now() + backoff(row.tries - 1), text=words)


def _place(error: Exception) -> str:
    """File and line of the failure; messages of errors may carry people's data (T41)."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "?"


def _quarantine(row: In, words: str) -> None:
    moment = now()
    In.objects.filter(id=row.id).update(stage=Stage.QUARANTINED, due=None, at=moment, text=words, code="failed")
    ledger.write("transport.message.quarantined", Ref(MESSAGE, row.message), sender=row.sender, reason=words)
    _answer(row, Outcome(Stage.STORED, "quarantined"))
    emit(MessageQuarantined(row.message, row.sender, row.business))


def retry(sender: str, id_: str, by: Ref | None = None) -> None:
    """Staff let a quarantined message be worked on again; `Refused` when it is not in quarantine."""
    with system():
        held = In.objects.filter(sender=sender, message=id_, stage=Stage.QUARANTINED)
        if not held.update(stage=Stage.STORED, due=now(), tries=0, at=now(), code="", text=""):
            raise Refused(_("This message is not in quarantine."))
        ledger.write("transport.message.retried", Ref(MESSAGE, id_), by=by, sender=sender)
        wake(WAKE_IN)


def settle(sender: str, id_: str, outcome: Outcome) -> None:
    """Tell the end of a message whose handler gave `STORED` because its work goes on elsewhere."""
    with system():
        row = In.objects.select_for_update().filter(sender=sender, message=id_).first()
        if row is None:
            raise NotFound
        if row.stage not in ENDED:
            _settled(row, outcome)


def _settled(row: In, outcome: Outcome) -> None:
    """The inbox row, the record and the receipt, in the handler's transaction."""
    moment = now()
    named = [asdict(bad) for bad in outcome.rows[:ROWS]]
    In.objects.filter(id=row.id).update(
        stage=outcome.stage, code=outcome.code, text=outcome.text, rows=named, due=None, at=moment
    )
    if row.kind == Kind.RECEIPT:
        return
    ledger.write(
        "transport.message.handled",
        Ref(MESSAGE, row.message),
        sender=row.sender,
        business=row.business,
        stage=str(outcome.stage),
        code=outcome.code,
        bad_rows=len(outcome.rows),
    )
    _answer(row, outcome)


def _answer(row: In, outcome: Outcome) -> None:
    if (peer := find_peer(row.sender)) and not peer.blocked:
        answer(row.sender, row.message, row.trace, outcome)


def answer(to: str, about: str, trace: str, outcome: Outcome) -> None:
    """Queue a signed receipt."""
    body = canonical(
        {
            "stage": outcome.stage,
            "code": outcome.code,
            "text": outcome.text,
            "rows": [asdict(bad) for bad in outcome.rows[:ROWS]],
        }
    )
    send(to, Kind.RECEIPT, RECEIPT, body, priority=1, about=about, trace=trace)


def answer_again(sender: str, about: str) -> None:
    """The sender asks again: our receipt got lost, or everything is replayed. It is told once more, at most every 20
    seconds, in a new receipt: one that it has already would change nothing there."""
    last = Out.objects.filter(receiver=sender, kind=Kind.RECEIPT, about=about).order_by("-created").first()
    if last and last.at < now() - timedelta(seconds=20):
        row = In.objects.get(sender=sender, message=about)
        rows = tuple(BadRow(**bad) for bad in row.rows)
        answer(sender, about, row.trace, Outcome(Stage(row.stage), row.code, rows, row.text))
