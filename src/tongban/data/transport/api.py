"""Front door of transport: messages between offices' nodes."""

from .asking import ask
from .ends import agreements, difference, digest, statement
from .handling import receives, retry, settle
from .lines import certify_line, line_key
from .own import ensure_own, fresh_own, own, set_up
from .peers import block, forget, limit, peer, peers, trust, unblock
from .queries import inbox, lags, line, message, outbox, passage, queries, refusals
from .running import run
from .sending import cancel, replay, send
from .watching import flows

__all__ = [
    "agreements",
    "ask",
    "block",
    "cancel",
    "certify_line",
    "difference",
    "digest",
    "ensure_own",
    "flows",
    "forget",
    "fresh_own",
    "inbox",
    "lags",
    "limit",
    "line",
    "line_key",
    "message",
    "outbox",
    "own",
    "passage",
    "peer",
    "peers",
    "queries",
    "receives",
    "refusals",
    "replay",
    "retry",
    "run",
    "send",
    "set_up",
    "settle",
    "statement",
    "trust",
    "unblock",
]
