"""Reads: what waits, what came, what was refused, how the line and each peer stand."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound

from .data import BadRow, Kind, Lag, Line, Message, Passage, Query, Refusal, Stage
from .handling import opened
from .models import In, Known, Out
from .models import Peer as PeerRow
from .models import Query as QueryRow
from .models import Refused as RefusedRow
from .peers import peers

PAGE = 50


def outbox(
    *, peer: str = "", stage: Stage | None = None, business: str = "", before: datetime | None = None, most: int = PAGE
) -> list[Passage]:
    """What went or is to go, receipts left out, latest change first; `before` is the `at` of the last line shown."""
    rows = Out.objects.exclude(kind=Kind.RECEIPT)
    chosen = {"receiver": peer, "stage": stage, "business": business, "at__lt": before}
    rows = rows.filter(**{name: value for name, value in chosen.items() if value}).order_by("-at", "-id")
    return [_out(row) for row in rows[:most]]


def inbox(
    *, peer: str = "", stage: Stage | None = None, business: str = "", before: datetime | None = None, most: int = PAGE
) -> list[Passage]:
    """What came, receipts left out, latest change first; `stage=Stage.QUARANTINED` is what waits for staff."""
    rows = In.objects.exclude(kind=Kind.RECEIPT)
    chosen = {"sender": peer, "stage": stage, "business": business, "at__lt": before}
    rows = rows.filter(**{name: value for name, value in chosen.items() if value}).order_by("-at", "-id")
    return [_in(row) for row in rows[:most]]


def passage(id_: str) -> Passage:
    """One message of the outbox or inbox; `NotFound`."""
    if out := Out.objects.filter(id=id_).first():
        return _out(out)
    if came := In.objects.filter(message=id_).first():
        return _in(came)
    raise NotFound


def message(id_: str, sender: str = "") -> Message:
    """A received message opened again, while its body is kept; only for the system, which row security sees to.
    `NotFound`."""
    found = In.objects.filter(message=id_, **({"sender": sender} if sender else {})).first()
    if found is None:
        raise NotFound
    return opened(found)


def lags() -> list[Lag]:
    """How every peer stands."""
    going = (
        Out.objects.exclude(kind=Kind.RECEIPT)
        .filter(stage__in=(Stage.WAITING, Stage.SENT, Stage.RECEIVED, Stage.STORED))
        .values_list("receiver", "stage")
        .annotate(count=Count("id"), oldest=Min("created"))
    )
    came = (
        In.objects.filter(stage__in=(Stage.STORED, Stage.QUARANTINED))
        .values_list("sender", "stage")
        .annotate(count=Count("id"))
    )
    out: dict[tuple[str, str], tuple[int, datetime]] = {(row[0], row[1]): (row[2], row[3]) for row in going}
    in_: dict[tuple[str, str], int] = {(row[0], row[1]): row[2] for row in came}
    heard = dict(PeerRow.objects.values_list("node", "heard"))
    found = []
    for peer in peers():
        mine = {stage: value for (node, stage), value in out.items() if node == peer.node}
        waiting = mine.get(Stage.WAITING, (0, None))[0]
        found.append(
            Lag(
                peer,
                waiting,
                sum(value[0] for value in mine.values()) - waiting,
                in_.get((peer.node, Stage.STORED), 0),
                in_.get((peer.node, Stage.QUARANTINED), 0),
                min((value[1] for value in mine.values()), default=None),
                heard[peer.node],
            )
        )
    return found


def line() -> Line:
    """How the line to the hub stood when that last changed."""
    words = {
        "no server answers": _("The exchange hub cannot be reached."),
        "the line is down": _("The connection to the exchange hub broke."),
        "the hub is not ready": _("The exchange hub is reached but not ready yet."),
    }
    row = Known.objects.filter(name="line").first()
    if row is None:
        return Line(False, _("There has been no connection to the exchange hub yet."), None)
    return Line(bool(row.value["up"]), words.get(row.value["text"], ""), row.at)


def refusals(*, sender: str = "", most: int = PAGE) -> list[Refusal]:
    """Frames that were not taken, latest first."""
    rows = RefusedRow.objects.filter(**({"sender": sender} if sender else {})).order_by("-id")[:most]
    return [Refusal(row.at, row.code, row.sender, row.message, row.text) for row in rows]


def queries(*, peer: str = "", grant: str = "", most: int = PAGE) -> list[Query]:
    """Queries asked and answered here, latest first."""
    chosen = {name: value for name, value in {"peer": peer, "grant": grant}.items() if value}
    return [
        Query(
            row.message, row.peer, row.outward, row.business, row.resource, row.grant, row.trace, row.at,
            Stage(row.stage), row.code, row.milliseconds,
        )
        for row in QueryRow.objects.filter(**chosen).order_by("-id")[:most]
    ]  # fmt: skip


def _out(row: Out) -> Passage:
    return _passage(row, row.id, row.receiver)


def _in(row: In) -> Passage:
    return _passage(row, row.message, row.sender)


def _passage(row: In | Out, id_: str, peer: str) -> Passage:
    return Passage(
        id=id_,
        peer=peer,
        kind=Kind(row.kind),
        business=row.business,
        resource=row.resource,
        grant=row.grant,
        priority=row.priority,
        number=row.number,
        size=row.size,
        created=row.created,
        expires=row.expires,
        stage=Stage(row.stage),
        code=row.code,
        text=row.text,
        rows=tuple(BadRow(**bad) for bad in row.rows),
        tries=row.tries,
        due=row.due,
        at=row.at,
        trace=row.trace,
        about=row.about,
    )
