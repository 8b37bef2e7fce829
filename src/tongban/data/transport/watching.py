"""The centre's view: who sends whom how much, from envelopes alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Max, Sum

from tongban.base.kernel.api import emit, now, system

from .data import CENTRE, Flow, Kind, Passed
from .models import Seen
from .sealing import Rejected, read


def note(found: Sequence[tuple[bytes, int]]) -> None:
    """Write down envelopes that passed the hub, with the sizes of their sealed bodies. The rooms above hear of what
    went under a grant, once however often it passed."""
    rows: dict[str, Seen] = {}
    for data, size in found:
        try:
            one = read(data)
        except Rejected:
            continue
        if one.sequence == 1:
            facts = {
                name: getattr(one, name) for name in ("kind", "business", "sender", "to", "resource", "grant", "about")
            }
            rows[one.id] = Seen(message=one.id, size=size * one.total, at=now(), **facts)
    with system():
        known = Seen.objects.filter(message__in=rows).values_list("message", flat=True)
        fresh = [row for id_, row in rows.items() if id_ not in set(known)]
        Seen.objects.bulk_create(fresh, ignore_conflicts=True)
        for row in fresh:
            if row.grant and row.kind in (Kind.DATA, Kind.FILE) and row.to != CENTRE:
                emit(Passed(row.message, row.sender, row.to, row.grant))


def flows(since: datetime) -> list[Flow]:
    """What went from node to node since then, by sender and receiver; receipts do not count."""
    seen = Seen.objects.filter(at__gte=since).exclude(kind=Kind.RECEIPT).values("sender", "to")
    rows = seen.annotate(messages=Count("message"), size=Sum("size"), last=Max("at")).order_by("sender", "to")
    return [Flow(row["sender"], row["to"], row["messages"], row["size"], row["last"]) for row in rows]
