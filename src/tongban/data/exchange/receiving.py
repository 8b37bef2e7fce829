"""What the centre takes from nodes. A sender is who signed: transport has seen to it before any of this runs (T9)."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused, now
from tongban.data.transport.api import receives
from tongban.data.transport.data import Business, Message, Outcome, language

from . import deliveries, enrolling, filing, nodes


@receives(Business.HEARTBEAT)
def heartbeat(message: Message) -> Outcome:
    """A node is there, and how it does."""
    nodes.heard(message.envelope.sender, _told(message))
    return Outcome()


@receives(Business.BATCH, ordered=True)
def batch(message: Message) -> Outcome:
    """Rows for the centre. In order: an older state of a row must not come after a newer one."""
    return deliveries.accept(message)


@receives(Business.FILE)
def file(message: Message) -> Outcome:
    """A file that a department keeps itself, under a grant of mode file."""
    return filing.accept(message)


@receives(Business.RENEW)
def renew(message: Message) -> Outcome:
    """A node's next certificate, for whoever signed with the present one."""
    told = _told(message)
    answer = enrolling.renew(message.envelope.sender, str(told.get("csr", "")), str(told.get("line_csr", "")))
    return Outcome(body=json.dumps(answer).encode())


@receives(Business.SELF_TEST)
def self_test(message: Message) -> Outcome:
    """A node asks whether we hear it: our time, by which it sees its clock."""
    return Outcome(body=json.dumps(language.Moment(at=now().isoformat())).encode())


def _told(message: Message) -> dict[str, Any]:
    try:
        told = json.loads(message.body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Refused(_("This message cannot be read."), "unreadable")
    return told
