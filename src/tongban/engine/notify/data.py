"""Messages to people and offices, and the ways they travel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tongban.base.kernel.data import Ref, Text

MESSAGE = "notify.message"


class Urgency(StrEnum):
    """How a message stands in the inbox. An urgent one also goes where the recipient did not ask for it."""

    NORMAL = "normal"
    URGENT = "urgent"


class State(StrEnum):
    """Where a delivery stands. ``skipped``: nobody to send it to; ``failed``: tried in vain, visible, to be
    retried."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Kind:
    """One kind of message. ``title`` never holds facts: it is the subject of mails, where nothing personal
    belongs. ``text`` is read in the inbox, ``brief`` in mails and short messages; both take facts as
    ``%(name)s``, and in ``brief`` the ``personal`` ones are masked. ``channels`` besides the inbox are used
    unless the person said no."""

    key: str
    title: Text
    text: Text
    brief: Text = ""
    personal: tuple[str, ...] = ()
    urgency: Urgency = Urgency.NORMAL
    channels: tuple[str, ...] = ("mail", "sms")


@dataclass(frozen=True)
class Message:
    """A message as its reader sees it, in the reader's language. ``link`` is a path on the reader's own
    site."""

    id: str
    kind: str
    recipient: Ref
    title: str
    text: str
    link: str
    urgency: Urgency
    created_at: datetime
    read_at: datetime | None
    read_by: str

    @property
    def ref(self) -> Ref:
        """The message as others name it."""
        return Ref(MESSAGE, self.id)


@dataclass(frozen=True)
class Page:
    """Some messages, newest first; ``next`` is the ``after`` of the following page, empty at the end."""

    messages: tuple[Message, ...]
    next: str


@dataclass(frozen=True)
class Delivery:
    """One message on its way through one channel."""

    id: str
    channel: str
    recipient: Ref | None
    address: str
    subject: str
    text: str
    state: State
    attempts: int
    error: str
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True)
class Preference:
    """What a person wants besides the inbox. ``off`` are the channels they said no to."""

    email: str
    off: frozenset[str]
    language: str


@dataclass(frozen=True)
class Channel:
    """A way out. ``address`` finds where a person is reached ("" means: not this way); ``send`` hands the
    text over and raises when that failed. Neither is called inside a transaction that writes."""

    key: str
    title: Text
    address: Callable[[Ref, Preference], str]
    send: Callable[[Delivery], None]


Facts = Mapping[str, Any]
