"""Both ends tell the same story, or a person settles it (R10). The comparison itself is transport's, once a day."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import SHANGHAI, Invalid, now, today
from tongban.base.ledger.api import write
from tongban.data.transport import api as transport
from tongban.data.transport.data import Business, Kind, language
from tongban.trust.identity.api import Actor

from .data import Day
from .enrolling import access_node
from .models import Settled


def days(node: str = "", back: int = 31) -> list[Day]:
    """The comparisons of the last days, newest first; of one node, or of all."""
    since = today() - timedelta(days=back)
    notes = {(row.node_id, row.day): row.note for row in Settled.objects.filter(day__gte=since)}
    return [
        Day(
            one.peer,
            one.day,
            one.equal,
            sum(one.here.counts.values()),
            sum(one.there.counts.values()),
            tuple((d.id, d.here, d.there) for d in one.differences[:200]),
            notes.get((one.peer, one.day), ""),
        )
        for one in transport.agreements(since)
        if not node or one.peer == node
    ]


def settle(actor: Actor, key: str, day: date, note: str) -> None:
    """Somebody has looked into a day that differs; what was found is kept with it."""
    if len(note.strip()) < 4:
        raise Invalid({"note": _("Please write what was found and done.")})
    with transaction.atomic():
        row = access_node(actor, key)
        facts = {"note": note.strip()[:300], "by": str(actor.person), "at": now()}
        Settled.objects.update_or_create(node=row, day=day, defaults=facts)
        write("exchange.day.settled", row.ref, by=actor.by, day=day.isoformat())


def replay(actor: Actor, key: str, since: date) -> int:
    """Send a node once more what we sent it since that day, and ask it to do the same for us. Ids stay, so what an end
    has already works no second time. Gives the number of ours."""
    if not today() - timedelta(days=366) <= since <= today():
        raise Invalid({"since": _("Please give a day of the last year.")})
    start = datetime.combine(since, time.min, SHANGHAI)
    with transaction.atomic():
        row = access_node(actor, key)
        again = transport.replay(key, start)
        body = json.dumps(language.Replay(since=start.isoformat())).encode()
        transport.send(key, Kind.CONTROL, Business.REPLAY, body, priority=3)
        write("exchange.node.replayed", row.ref, by=actor.by, since=since.isoformat(), messages=again)
    return again
