"""How often grants between nodes are used: batches and files by their envelopes, questions by the provider's word."""

from __future__ import annotations

import contextlib
import json

from tongban.base.kernel.api import NotFound, Refused
from tongban.data.catalogue import api as catalogue
from tongban.data.transport.api import receives
from tongban.data.transport.data import Business, Message, Outcome, Passed

from .models import Subscription

MOST = 10_000  # questions under one grant in one message: far more than a quota lets through


def passed(event: Passed) -> None:
    """A batch or file went under a grant. How many rows it holds the centre cannot see."""
    _count(event.sender, event.grant, 1, 0)


@receives(Business.USED)
def told(message: Message) -> Outcome:
    """A provider's node answered questions under grants."""
    try:
        uses = json.loads(message.body)["uses"]
        said = [(str(one["grant"]), int(one["uses"]), int(one["rows"])) for one in uses]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise Refused(code="unreadable") from None
    if any(not 1 <= times <= MOST or rows < 0 for _grant, times, rows in said):
        raise Refused(code="unreadable")
    for grant, times, rows in said:
        _count(message.envelope.sender, grant, times, rows)
    return Outcome()


def _count(provider: str, grant: str, uses: int, rows: int) -> None:
    """Nobody can use up the grants of others."""
    if Subscription.objects.filter(grant=grant, provider=provider).exists():
        with contextlib.suppress(NotFound):
            catalogue.count_use(grant, rows, uses)
