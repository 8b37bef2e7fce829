"""The outbox: what is to go to other nodes, in the transaction that decided it (R9)."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused, new_id, now, system

from .bodies import WAKE_OUT, keep_out
from .data import Kind, Stage
from .models import Out, OutBody
from .peers import find_peer
from .sealing import LARGEST, packed

RECEIPT = "transport.receipt"
NUMBERED = (Kind.DATA, Kind.CONTROL, Kind.FILE)
WAKE_IN = "transport_in"


def send(
    to: str,
    kind: Kind,
    business: str,
    body: bytes,
    *,
    resource: str = "",
    grant: str = "",
    schema: str = "",
    priority: int = 5,
    expires: datetime | None = None,
    trace: str = "",
    about: str = "",
) -> str:
    """Put a message into the outbox, in the caller's transaction, and give its id. It is sent again and again until
    the receiver's signed receipt says what became of it, or until `expires` (`ReceiptCame` tells). Priority 1 goes
    first, 9 last. `Refused`: unknown or blocked node, body too large."""
    peer = find_peer(to)
    if peer is None:
        raise Refused(_("Node %s is not known here.") % to, "stranger")
    if peer.blocked:
        raise Refused(_("Node %s is blocked.") % to, "blocked")
    with system():
        return put(
            to, kind, business, body, resource=resource, grant=grant, schema=schema, priority=priority,
            expires=expires, trace=trace, about=about,
        )  # fmt: skip


def put(
    to: str, kind: Kind, business: str, body: bytes, *, resource: str = "", grant: str = "", schema: str = "",
    priority: int = 5, expires: datetime | None = None, trace: str = "", about: str = "",
) -> str:  # fmt: skip
    """As `send`, to a node that may be written to, inside `system`."""
    packing, content = packed(body)
    if len(content) > LARGEST:
        raise Refused(_("A message holds at most %d MB.") % (LARGEST >> 20), "too_large")
    moment = now()
    out = Out.objects.create(
        id=new_id(),
        receiver=to,
        kind=kind,
        business=business,
        resource=resource,
        grant=grant,
        schema=schema,
        priority=priority,
        number=_number(to, lane(kind, business, resource)) if kind in NUMBERED else 0,
        created=moment,
        expires=expires,
        trace=trace or new_id(),
        about=about,
        size=len(content),
        stage=Stage.WAITING,
        due=moment,
        at=moment,
        packing=packing,
    )
    keep_out(out.id, content)
    return out.id


def lane(kind: str, business: str, resource: str) -> str:
    """What has an order among itself between two nodes."""
    return f"{kind}/{business}/{resource}"


def _number(peer: str, lane: str) -> int:
    """The next number of a lane. Whoever sends in the same lane waits for this transaction, so numbers have no gaps
    and follow the order of commits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO transport_lane (peer, lane, outward, number) VALUES (%s, %s, true, 1) "
            "ON CONFLICT (peer, lane, outward) DO UPDATE SET number = transport_lane.number + 1 RETURNING number",
            [peer, lane],
        )
        return int(cursor.fetchone()[0])


def wake(channel: str) -> None:
    """Tell the loops when this transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [channel])


def replay(to: str, since: datetime) -> int:
    """Send everything since then once more, under the same ids: for a node that lost what it had. What the receiver
    still knows works no second time. Gives the number of messages; expired ones, and those whose body is no longer
    kept, are left out."""
    kept = Exists(OutBody.objects.filter(message=OuterRef("id")))
    rows = Out.objects.filter(receiver=to, created__gte=since).filter(kept)
    rows = rows.exclude(kind=Kind.RECEIPT).exclude(stage=Stage.EXPIRED)
    moment = now()
    with system():
        # Earlier tries do not count, or the receipt would be waited for an hour; one does, for the hub had them.
        done = rows.update(stage=Stage.WAITING, due=moment, at=moment, tries=1)
        wake(WAKE_OUT)
    return done


def cancel(id_: str) -> bool:
    """Take back a message that the hub has not taken yet; whether that was still possible."""
    with system():
        open_ = Out.objects.filter(id=id_, stage=Stage.WAITING, tries=0)
        return bool(open_.update(stage=Stage.EXPIRED, code="cancelled", due=None, at=now()))
