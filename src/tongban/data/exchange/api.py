"""Front door of the exchange centre."""

from .certifying import fingerprint
from .enrolling import enrol, invite, invite_again
from .nodes import block, close, unblock
from .queries import flows, node, nodes, reach, subscriptions
from .questions import ask
from .reconciling import replay

__all__ = [
    "ask",
    "block",
    "close",
    "enrol",
    "fingerprint",
    "flows",
    "invite",
    "invite_again",
    "node",
    "nodes",
    "reach",
    "replay",
    "subscriptions",
    "unblock",
]
