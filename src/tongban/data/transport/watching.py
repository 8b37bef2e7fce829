"""The centre's view: who sends whom how much, from envelopes alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Max, Sum

from tongban.base.kernel.api import now, system

from .data import Flow, Kind
from .models import Seen
from .sealing import Rejected, read


def note(found: Sequence[tuple[bytes, int]]) -> None:
    """Write down envelopes that passed the hub, with the sizes of their sealed bodies."""
    rows = []
    for data, size in found:
        try:
            one = read(data)
        except Rejected:
            continue
        if one.sequence == 1:
            facts = {
                name: getattr(one, name) for name in ("kind", "business", "sender", "to", "resource", "grant", "about")
            }
            rows.append(Seen(message=one.id, size=size * one.total, at=now(), **facts))
    with system():
        Seen.objects.bulk_create(rows, ignore_conflicts=True)


def flows(since: datetime) -> list[Flow]:
    """What went from node to node since then, by sender and receiver; receipts do not count."""
    seen = Seen.objects.filter(at__gte=since).exclude(kind=Kind.RECEIPT).values("sender", "to")
    rows = seen.annotate(messages=Count("message"), size=Sum("size"), last=Max("at")).order_by("sender", "to")
    return [Flow(row["sender"], row["to"], row["messages"], row["size"], row["last"]) for row in rows]
