"""What transport itself does with messages: receipts about ours, and the daily statements of the other ends."""

from __future__ import annotations

from tongban.base.kernel.api import Refused

from .data import Message, Outcome
from .ends import STATEMENT, compare
from .handling import receives
from .receipts import apply
from .sending import RECEIPT


@receives(RECEIPT)
def receipt_came(message: Message) -> Outcome:
    return apply(message)


@receives(STATEMENT)
def statement_came(message: Message) -> Outcome:
    try:
        return compare(message)
    except (ValueError, KeyError, TypeError):
        raise Refused(code="unreadable") from None
