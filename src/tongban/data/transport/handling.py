"""Working off the inbox: handler, inbox row and receipt in one transaction, so an effect happens exactly once (R10)."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import transaction
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

from .bodies import in_body, run
from .data import ENDED, MESSAGE, BadRow, Kind, Message, MessageQuarantined, Outcome, Stage
from .models import In, Lane
from .peers import recent_peer
from .sealing import Rejected, read, unpacked
from .sending import RECEIPT, WAKE_IN, lane, put, wake

log = logging.getLogger("tongban.transport")

Handler = Callable[[Message], Outcome]
businesses: Registry[tuple[Handler, bool]] = Registry("businesses of messages")

TRIES = 6
MOST = 4  # claimed at a time: more would leave other hands idle
LEASE = timedelta(seconds=15)  # a process that died with rows in hand gives them back after this
GAP = timedelta(seconds=90)  # how long an ordered lane waits for a missing number
MOMENT = 0.2  # seconds: a transaction takes up another message for so long
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
            WHERE sender = peer.node AND due <= %(now)s AND tries = 0 ORDER BY priority, id LIMIT %(most)s
        ) one WHERE NOT peer.blocked ORDER BY one.priority, one.turn LIMIT %(most)s
    ) || ARRAY(
        SELECT id FROM transport_inbox JOIN transport_peer ON node = sender AND NOT blocked
        WHERE due <= %(now)s AND tries > 0 ORDER BY priority, id LIMIT 1
    )) FOR UPDATE SKIP LOCKED
) RETURNING tries > 1, priority, sender, kind, business, resource, id, tries
"""

Heap = list[tuple[int, int]]


def claim(most: int = MOST) -> list[Heap]:
    """Take rows that are due, peers in turn; committed before they are worked on, so that a message that kills its
    process is counted too. Gives id and number of this try, those of one lane together, urgent and short heaps first;
    what was tried before is alone, or it could take others with it."""
    moment = now()
    heaps: dict[tuple[object, ...], Heap] = {}
    with system():
        for *lane, id_, tries in sorted(run(_CLAIM, {"now": moment, "lease": moment + LEASE, "most": most})):
            heaps.setdefault(tuple(lane), []).append((id_, tries))
    return [heap for _lane, heap in sorted(heaps.items(), key=lambda each: (*each[0][:2], len(each[1])))]


def work(heap: Heap) -> None:
    """Handle all of a heap."""
    while heap:
        heap = handle(heap)


def handle(heap: Heap) -> Heap:
    """As many messages of one lane in one transaction as fit into a moment; those that are left. Each works or fails
    by itself."""
    began = time.monotonic()
    with system():
        due = In.objects.select_for_update().filter(id__in=dict(heap), due__isnull=False)
        rows = {row.id: row for row in due.order_by("id")}
        ended: dict[Outcome, list[In]] = {}
        for done, (id_, tries) in enumerate(heap):
            if done and time.monotonic() > began + MOMENT:
                break
            row = rows.get(id_)
            if row and row.tries == tries and (outcome := _handled(row)):  # or somebody else has it
                ended.setdefault(outcome, []).append(row)
        else:
            done = len(heap)
        for outcome, alike in ended.items():
            _settled(alike, outcome)
    return heap[done:]


def _handled(row: In) -> Outcome | None:
    """What became of a message; None where that is not settled yet."""
    if row.tries > TRIES:
        _quarantine(row, row.text or "it ended the process that worked on it")
        return None
    try:
        with transaction.atomic():
            return _outcome(row)
    except Waits as waits:
        In.objects.filter(id=row.id).update(due=waits.until, tries=row.tries - 1)
    except TongbanError as refused:
        return refusal(refused)
    except Exception as error:
        _failed(row, error)
    return None


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
    content = in_body(row.id)
    if content is None:
        raise NotFound
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
    words = f"{type(error).__name__} in {place(error)}"
    log.warning("message %s of %s: %s, try %d", row.message, row.sender, words, row.tries)
    if row.tries >= TRIES:
        _quarantine(row, words)
    else:
        In.objects.filter(id=row.id).update(due=now() + backoff(row.tries - 1), text=words)


def place(error: Exception) -> str:
    """File and line of the failure; messages of errors may carry people's data (T41)."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "?"


def _quarantine(row: In, words: str) -> None:
    moment = now()
    In.objects.filter(id=row.id).update(stage=Stage.QUARANTINED, due=None, at=moment, text=words, code="failed")
    ledger.write("transport.message.quarantined", Ref(MESSAGE, row.message), sender=row.sender, reason=words)
    _answer([row], Outcome(Stage.STORED, "quarantined"))
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
            _settled([row], outcome)


def _settled(rows: Sequence[In], outcome: Outcome) -> None:
    """The inbox rows, the records and the receipt of messages of one sender that ended alike, in the handlers'
    transaction."""
    moment = now()
    named = [asdict(bad) for bad in outcome.rows[:ROWS]]
    In.objects.filter(id__in=[row.id for row in rows]).update(
        stage=outcome.stage, code=outcome.code, text=outcome.text, rows=named, due=None, at=moment
    )
    if rows[0].kind == Kind.RECEIPT:
        return
    for row in rows:
        ledger.write(
            "transport.message.handled",
            Ref(MESSAGE, row.message),
            sender=row.sender,
            business=row.business,
            stage=str(outcome.stage),
            code=outcome.code,
            bad_rows=len(outcome.rows),
        )
    _answer(rows, outcome)


def _answer(rows: Sequence[In], outcome: Outcome) -> None:
    sender = rows[0].sender
    if (peer := recent_peer(sender)) and not peer.blocked:
        answer(sender, [row.message for row in rows], rows[0].trace, outcome)


def answer(to: str, about: Sequence[str], trace: str, outcome: Outcome) -> None:
    """Queue a signed receipt for messages that ended alike."""
    body = canonical(
        {
            "stage": outcome.stage,
            "code": outcome.code,
            "text": outcome.text,
            "rows": [asdict(bad) for bad in outcome.rows[:ROWS]],
            "also": list(about[1:]),
        }
    )
    put(to, Kind.RECEIPT, RECEIPT, body, priority=1, about=about[0], trace=trace)


def answer_again(sender: str, about: str) -> None:
    """The sender asks again: our receipt got lost, or everything is replayed. It is told once more, at most every 20
    seconds, in a new receipt: one that it has already would change nothing there."""
    told = In.objects.filter(sender=sender, message=about, at__lt=now() - timedelta(seconds=20))
    for row in told.select_for_update():
        rows = tuple(BadRow(**bad) for bad in row.rows)
        answer(sender, [about], row.trace, Outcome(Stage(row.stage), row.code, rows, row.text))
        told.update(at=now())
