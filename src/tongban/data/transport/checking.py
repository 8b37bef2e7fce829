"""Whether a frame may be taken (T8, T9): each reason has a code, and a frame that may not changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from tongban.base.kernel.api import now

from .data import Envelope, Own, Peer
from .sealing import LARGEST, PART, Frame, Rejected, card, open_part, read, signed_by

SKEW = timedelta(minutes=5)  # between the clocks of two offices
OLDEST = timedelta(days=90)  # a node may have been off for long; what is older was held back by somebody
PARTS = -(-LARGEST // PART)

FindPeer = Callable[[str], Peer | None]


def judged(frame: Frame, own: Own, find: FindPeer, line: str = "") -> Envelope:
    """The envelope of a frame that may be opened; `Rejected` with the code otherwise. `line` is the sender that the
    hub vouches for by the frame's subject."""
    envelope = read(frame.envelope)
    if not frame.signature:
        raise Rejected("unsigned", envelope)
    peer = find(envelope.sender)
    if peer is None:
        raise Rejected("stranger", envelope)
    if peer.blocked:
        raise Rejected("blocked", envelope)
    pinned = card(peer.certificate)
    if envelope.certificate != pinned.fingerprint or envelope.office != peer.office:
        raise Rejected("certificate", envelope)
    if not signed_by(frame, pinned):
        raise Rejected("signature", envelope)
    if line and line != envelope.sender:
        raise Rejected("line", envelope, proven=True)
    if code := _timely(envelope, pinned.valid_from, pinned.valid_until) or _fitting(envelope, own, frame):
        raise Rejected(code, envelope, proven=True)
    return envelope


def _timely(envelope: Envelope, valid_from: datetime, valid_until: datetime) -> str:
    moment = now()
    if envelope.created > moment + SKEW:
        return "clock"
    if envelope.expires and envelope.expires <= moment:
        return "expired"
    if envelope.created < moment - OLDEST:
        return "too_old"
    # A message may be older than the certificate it is closed with now: it waited while its sender renewed.
    return "" if valid_from - SKEW <= moment and envelope.created <= valid_until else "certificate_expired"


def _fitting(envelope: Envelope, own: Own, frame: Frame) -> str:
    if envelope.to != own.node:
        return "readdressed"
    if envelope.total > PARTS or len(frame.body) > PART + 64:
        return "too_large"
    return "" if 1 <= envelope.sequence <= envelope.total else "unreadable"


def open_frame(frame: Frame, own: Own, find: FindPeer, line: str = "") -> tuple[Envelope, bytes]:
    """The judged envelope and its plain part."""
    envelope = judged(frame, own, find, line)
    return envelope, open_part(own, envelope, frame)
