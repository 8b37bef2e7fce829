"""Front door of the messages."""

from .actions import prefer, read, read_all, retry, send, send_text, tell
from .channels import channels
from .kinds import kinds
from .queries import failed, message, messages, outbox, preference, unread

__all__ = [
    "channels",
    "failed",
    "kinds",
    "message",
    "messages",
    "outbox",
    "prefer",
    "preference",
    "read",
    "read_all",
    "retry",
    "send",
    "send_text",
    "tell",
    "unread",
]
