"""What arrives at this node, by business. Who sent it and that it is whole, transport has seen to (T9 to T11)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from tongban.base.kernel.api import SHANGHAI, Refused
from tongban.base.ledger.api import write
from tongban.data.transport import api as transport
from tongban.data.transport.data import CENTRE, Business, Message, Outcome, Peer, language

from . import grants, models
from .answering import answer, compare
from .beating import health
from .delivering import take_in
from .files import take_piece
from .requesting import leaf_of


def join() -> None:
    """This process is a node: from now on it takes what nodes take."""
    for business, handler in {
        Business.PEERS: _of_centre(_peers),
        Business.GRANT: _of_centre(lambda message, body: grants.hold(body, message.envelope.created)),
        Business.GRANT_ENDED: _of_centre(lambda message, body: grants.end(body, message.envelope.created)),
        Business.CORRECTION: _of_centre(_correction),
        Business.REPLAY: _of_centre(_replay),
        Business.SELF_TEST: _self_test,
        Business.QUERY: answer,
        Business.COMPARE: compare,
    }.items():
        transport.receives(business)(handler)
    transport.receives(Business.BATCH, ordered=True)(take_in)
    transport.receives(Business.FILE)(take_piece)


def _of_centre(take: Callable[[Message, Any], None]) -> Callable[[Message], Outcome]:
    """What only the centre may say."""

    def handler(message: Message) -> Outcome:
        if message.envelope.sender != CENTRE:
            raise Refused(_("Only the centre may say this."), "not_centre")
        try:
            take(message, _body(message))
        except (KeyError, TypeError, ValueError):
            raise Refused(_("The message cannot be understood."), "shape") from None
        return Outcome()

    return handler


def _self_test(message: Message) -> Outcome:
    if message.envelope.sender != CENTRE:
        raise Refused(_("Only the centre may ask this."), "not_centre")
    return Outcome(body=json.dumps(health()).encode())


def _body(message: Message) -> dict[str, Any]:
    try:
        found = json.loads(message.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused(_("The message cannot be understood."), "shape")
    return found


def _peers(_message: Message, body: language.Peers) -> None:
    adopt_peers(body["peers"])


def adopt_peers(listed: list[language.Listed]) -> None:
    """Know these nodes, and talk to no other any more. The centre's own certificate may change by its own word."""
    named = {CENTRE, transport.own().node}
    for one in listed:
        if one["node"] == transport.own().node:
            continue
        named.add(one["node"])
        blocked = bool(one["blocked"]) and one["node"] != CENTRE
        transport.trust(Peer(one["node"], one["office"], one["title"], leaf_of(one["certificate"]), blocked=blocked))
    for known in transport.peers():
        if known.node not in named and not known.blocked:
            transport.block(known.node)


def _correction(message: Message, body: language.Correction) -> None:
    models.Correction.objects.get_or_create(
        message=message.envelope.id,
        defaults={
            "resource": str(body["resource"]),
            "objection": str(body["objection"]),
            "body": {"key": body["key"], "values": body["values"]},
        },
    )
    write("node.correction.received", message.envelope.ref, resource=str(body["resource"]))


def _replay(_message: Message, body: language.Replay) -> None:
    """The centre lost what it had and asks for it again."""
    since = datetime.fromisoformat(str(body["since"]))
    transport.replay(CENTRE, since if since.tzinfo else since.replace(tzinfo=SHANGHAI))
