"""Daily reconciliation: both ends state what went between them, and compare (standards 3.4: counts and hashes)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet

from tongban.base.kernel.api import SHANGHAI, canonical, system, today

from .data import ENDED, Agreement, Difference, Digest, Kind, Message, Outcome, Own, Stage
from .models import Agreement as AgreementRow
from .models import In, Known, Out
from .own import own
from .peers import peers
from .sending import send

STATEMENT = "transport.statement"
LONGEST = 50_000  # ids in a statement; beyond that only counts and hash are compared
OPEN = "open"


def statement(peer: str, day: date, *, outward: bool) -> dict[str, str]:
    """Every message of that day (by the sender's clock, Asia/Shanghai) with its end, or "open". Messages that never
    reached the other end are left out: it cannot know them."""
    start = datetime.combine(day, time.min, SHANGHAI)
    span = (start, start + timedelta(days=1))
    if outward:
        sent = Out.objects.filter(receiver=peer, created__gte=span[0], created__lt=span[1])
        rows = sent.exclude(kind=Kind.RECEIPT).exclude(stage__in=(Stage.EXPIRED, Stage.WAITING))
        return {id_: _end(stage) for id_, stage in rows.values_list("id", "stage")}
    came = In.objects.filter(sender=peer, created__gte=span[0], created__lt=span[1]).exclude(kind=Kind.RECEIPT)
    return {id_: _end(stage) for id_, stage in came.values_list("message", "stage")}


def _end(stage: str) -> str:
    return stage if stage in ENDED else OPEN


def digest(peer: str, day: date, *, outward: bool = True) -> Digest:
    """Our statement in short: counts, and SHA-256 over the sorted ids with their ends."""
    return _digest(statement(peer, day, outward=outward), peer, day, outward)


def _digest(known: dict[str, str], peer: str, day: date, outward: bool) -> Digest:
    lines = "".join(f"{id_} {end}\n" for id_, end in sorted(known.items()))
    ends = (own().node, peer) if outward else (peer, own().node)
    return Digest(*ends, day, dict(Counter(known.values())), hashlib.sha256(lines.encode()).hexdigest())


def difference(here: dict[str, str], there: dict[str, str]) -> list[Difference]:
    """What two statements say differently."""
    wrong = sorted(id_ for id_ in here.keys() | there.keys() if here.get(id_) != there.get(id_))
    return [Difference(id_, here.get(id_, ""), there.get(id_, "")) for id_ in wrong]


def tell_yesterday(own: Own) -> None:
    """Once a day, state to every peer what we sent it yesterday; it compares, and does the same for us."""
    day = today() - timedelta(days=1)
    with system():
        known, _made = Known.objects.select_for_update().get_or_create(name="stated", defaults={"value": ""})
        if known.value == day.isoformat():
            return
        for peer in peers():
            if not peer.blocked and peer.node != own.node:
                state(peer.node, day)
        Known.objects.filter(name="stated").update(value=day.isoformat())


def state(peer: str, day: date) -> str:
    """Send our statement of what we sent this peer on that day."""
    said = statement(peer, day, outward=True)
    body = {
        "day": day,
        "digest": asdict(_digest(said, peer, day, True)),
        "said": said if len(said) <= LONGEST else None,
    }
    return send(peer, Kind.CONTROL, STATEMENT, canonical(body), priority=8)


def compare(message: Message) -> Outcome:
    """Compare a peer's statement of what it sent with our inbox, and keep the result; a difference is told back."""
    told = json.loads(message.body)
    peer, day = message.envelope.sender, date.fromisoformat(told["day"])
    here = statement(peer, day, outward=False)
    there = {str(id_): str(end) for id_, end in (told["said"] or {}).items()}
    mine = _digest(here, peer, day, False)
    theirs = Digest(peer, own().node, day, dict(told["digest"]["counts"]), str(told["digest"]["hash"]))
    wrong = difference(here, there) if told["said"] is not None else []
    AgreementRow.objects.update_or_create(
        peer=peer,
        day=day,
        outward=False,
        defaults={
            "equal": mine.hash == theirs.hash,
            "here": _plain(mine),
            "there": _plain(theirs),
            "differences": [asdict(one) for one in wrong],
            "at": message.envelope.created,
        },
    )
    return Outcome(Stage.PROCESSED, "" if mine.hash == theirs.hash else "different", text=f"{len(wrong)}")


def _plain(one: Digest) -> dict[str, object]:
    return {**asdict(one), "day": one.day.isoformat()}


def agreements(since: date) -> list[Agreement]:
    """Results of the comparisons of days since then, latest first."""
    rows: QuerySet[AgreementRow] = AgreementRow.objects.filter(day__gte=since).order_by("-day", "peer")
    return [
        Agreement(
            row.peer,
            row.day,
            row.outward,
            row.equal,
            Digest(**{**row.here, "day": row.day}),
            Digest(**{**row.there, "day": row.day}),
            tuple(Difference(**one) for one in row.differences),
            row.at,
        )
        for row in rows
    ]
