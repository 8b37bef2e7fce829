"""What the processes of a node remember of the line, and how long things are kept."""

from __future__ import annotations

import os
from datetime import timedelta

from django.db.models import Q

from tongban.base.kernel.api import now, system

from .data import ENDED, Kind, Stage
from .models import In, InBody, Known, Out, OutBody, Part, Query, Refused, Seen

KEEP = timedelta(days=int(os.environ.get("TONGBAN_TRANSPORT_KEEP_DAYS", "30")))  # bodies after their end, for replay
PARTS = timedelta(days=7)
LOGS = timedelta(days=int(os.environ.get("TONGBAN_TRANSPORT_LOG_DAYS", "1095")))  # queries and refusals


def line(up: bool, text: str) -> None:
    """Write down how the line stands, when that changes."""
    value = {"up": up, "text": text}
    with system():
        if not Known.objects.filter(name="line", value=value).exists():
            Known.objects.update_or_create(name="line", defaults={"value": value, "at": now()})


def era(seen: str) -> bool:
    """Whether the hub's stream is another one than this node last saw."""
    with system():
        before = Known.objects.filter(name="era").first()
        if before is None or before.value != seen:
            Known.objects.update_or_create(name="era", defaults={"value": seen, "at": now()})
        return before is not None and before.value != seen


def clear() -> None:
    """Drop bodies after their time; the rows about them stay for good."""
    moment = now()
    ended = [str(stage) for stage in ENDED]
    with system():
        over = Q(stage__in=ended) | Q(stage=Stage.SENT, kind=Kind.RECEIPT)
        old = Out.objects.filter(over, at__lt=moment - KEEP)
        OutBody.objects.filter(message__in=old.values("id")).delete()
        done = In.objects.filter(at__lt=moment - KEEP, stage__in=ended)
        InBody.objects.filter(passage__in=done.values("id")).delete()
        Part.objects.filter(at__lt=moment - PARTS).delete()
        Query.objects.filter(at__lt=moment - LOGS).delete()
        Refused.objects.filter(at__lt=moment - LOGS).delete()
        Seen.objects.filter(at__lt=moment - KEEP).delete()
