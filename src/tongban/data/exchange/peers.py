"""Who may talk to whom: the centre tells every live node its peers and their certificates, signed (T9)."""

from __future__ import annotations

import json

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tongban.data.transport import api as transport
from tongban.data.transport.data import CENTRE, Business, Kind, Peer, language

from .data import LIVE, NodeState
from .models import Node


def centre() -> language.Listed:
    """The centre's own node, set up on first need."""
    own = transport.ensure_own(CENTRE, CENTRE, str(_("Data centre")))
    return language.Listed(
        node=own.node, office=own.office, title=own.title, certificate=own.certificate, blocked=False
    )


def listed() -> list[language.Listed]:
    """Every node that has a certificate, with whether it is blocked: what a node needs to judge a message."""
    return [centre(), *_nodes()]


def _nodes() -> list[language.Listed]:
    return [
        language.Listed(
            node=row.key,
            office=row.office_code,
            title=row.title,
            certificate=leaf_of(row.certificate),
            blocked=row.state in (NodeState.BLOCKED, NodeState.CLOSED),
        )
        for row in _known()
    ]


def tell_all() -> None:
    """The centre trusts exactly these, and every live node is sent the list. In the caller's transaction, so that a
    blocked node is blocked everywhere or nowhere. One at a time: of two nodes that enrol at the same moment, neither
    would be in the list that the other's enrolment sends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('exchange:peers'))")
    everyone = _nodes()
    for one in everyone:
        transport.trust(Peer(one["node"], one["office"], one["title"], one["certificate"], one["blocked"]))
    body = json.dumps(language.Peers(peers=[centre(), *everyone]), ensure_ascii=False).encode()
    for row in _known().filter(state__in=LIVE):
        transport.send(row.key, Kind.CONTROL, Business.PEERS, body, priority=1)


def leaf_of(chain: str) -> str:
    """The first certificate of a PEM chain: the one that is pinned."""
    end = "-----END CERTIFICATE-----"
    return chain[: chain.index(end) + len(end)] + "\n"


def _known() -> QuerySet[Node]:
    return Node.objects.exclude(certificate="").order_by("key")
