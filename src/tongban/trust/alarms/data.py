"""The nouns of watching: rules over what the ledger records, and the alarms they raise (TRUST-11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tongban.base.kernel.data import Event, Ref, Text

ALARM = "alarms.alarm"


@dataclass(frozen=True)
class Rule:
    """`least` leaves of these kinds within `minutes`, by one person (`by`), about one thing (`subject`) or altogether
    (""), are an alarm. `advice` says what to do first."""

    key: str
    title: Text
    kinds: tuple[str, ...]
    minutes: int
    least: int
    group: str = ""
    grave: bool = False
    advice: Text = ""


@dataclass(frozen=True)
class Alarm:
    """What a rule found: how often, since when, about whom or what. `closed_by` has looked at it and says why it is
    over."""

    id: str
    rule: str
    title: Text
    advice: Text
    grave: bool
    subject: str
    count: int
    first: datetime
    last: datetime
    note: str
    closed_by: Ref | None
    closed_at: datetime | None

    @property
    def ref(self) -> Ref:
        """How the ledger names it."""
        return Ref(ALARM, self.id)


@dataclass(frozen=True)
class AlarmRaised(Event):
    """Something has to be looked at."""

    kind = "alarms.raised"
    alarm: Ref
    rule: str
    count: int
