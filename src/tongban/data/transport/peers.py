"""The nodes this one talks with: whose certificate signs for whom, and who may not talk here any more (T9, T10)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused
from tongban.base.ledger import api as ledger

from . import models
from .data import PEER, Peer
from .sealing import card

RECENT = 1.0  # seconds
_recent: dict[str, tuple[float, Peer | None]] = {}
_looking = threading.Lock()


@contextmanager
def _changed() -> Iterator[None]:
    with transaction.atomic():
        yield
    _recent.clear()


def _shown(row: models.Peer) -> Peer:
    return Peer(row.node, row.office, row.title, row.certificate, row.blocked, row.quota)


def peers() -> list[Peer]:
    """All known nodes, blocked ones too."""
    return [_shown(row) for row in models.Peer.objects.order_by("node")]


def peer(node: str) -> Peer:
    """One known node; `NotFound`."""
    if found := find_peer(node):
        return found
    raise NotFound


def find_peer(node: str) -> Peer | None:
    """One known node, or none."""
    row = models.Peer.objects.filter(node=node).first()
    return _shown(row) if row else None


def recent_peer(node: str) -> Peer | None:
    """As `find_peer`, for what comes a thousand times a second: what another process changed is seen a second later.
    One thread looks again, the others take what is known."""
    known = _recent.get(node)
    if known and known[0] > time.monotonic() - RECENT:
        return known[1]
    if known and _looking.locked():
        return known[1]
    with _looking:
        known = _recent[node] = time.monotonic(), find_peer(node)
    return known[1]


def trust(peer: Peer, by: Ref | None = None) -> None:
    """Pin a peer's certificate: from now on its key, and no other, signs for that node. `Invalid` certificate. What is
    not received yet is encrypted to the new certificate when it is sent again. A quota set by `limit` stays."""
    try:
        fingerprint = card(peer.certificate).fingerprint
    except (ValueError, TypeError, Invalid):
        raise Invalid({"certificate": _("This is no certificate that a node can have.")}) from None
    with _changed():
        known = {
            "office": peer.office,
            "title": peer.title,
            "certificate": peer.certificate,
            "fingerprint": fingerprint,
            "blocked": peer.blocked,
        }
        models.Peer.objects.update_or_create(
            node=peer.node, defaults=known, create_defaults={**known, "quota": peer.quota}
        )
        facts = {"office": peer.office, "certificate": fingerprint, "blocked": peer.blocked}
        ledger.write("transport.peer.trusted", Ref(PEER, peer.node), by=by, **facts)


def block(node: str, by: Ref | None = None) -> None:
    """Take nothing more from this node, answer it nothing and send it nothing; what it sent before waits."""
    _mark(node, True, by)


def unblock(node: str, by: Ref | None = None) -> None:
    """Talk with it again."""
    _mark(node, False, by)


def _mark(node: str, blocked: bool, by: Ref | None) -> None:
    with _changed():
        if not models.Peer.objects.filter(node=node).update(blocked=blocked):
            raise NotFound
        ledger.write(f"transport.peer.{'blocked' if blocked else 'unblocked'}", Ref(PEER, node), by=by)


def limit(node: str, quota: int, by: Ref | None = None) -> None:
    """How many messages a minute this node may send here from now on; a question counts as one. `NotFound`, and
    `Invalid` under `quota` below 1."""
    if quota < 1:
        raise Invalid({"quota": _("At least one message a minute; to take nothing from it, block it.")})
    with _changed():
        if not models.Peer.objects.filter(node=node).update(quota=quota):
            raise NotFound
        ledger.write("transport.peer.limited", Ref(PEER, node), by=by, quota=quota)


def forget(node: str, by: Ref | None = None) -> None:
    """Take a node that never sent or was sent anything off the list; `Refused` otherwise: block it."""
    with _changed():
        used = models.Out.objects.filter(receiver=node).exists() or models.In.objects.filter(sender=node).exists()
        if used:
            raise Refused(_("Messages have gone between this node and here. It can be blocked, not removed."))
        if not models.Peer.objects.filter(node=node).delete()[0]:
            raise NotFound
        ledger.write("transport.peer.forgotten", Ref(PEER, node), by=by)
