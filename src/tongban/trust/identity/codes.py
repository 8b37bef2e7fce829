"""One-time codes: six digits, five tries, five minutes, one use (T15). The same work for unknown accounts
(T14)."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Refused, Registry, new_id, now, system

from .data import CodeMessage, CodeSender
from .limits import forgive, limited
from .models import OneTimeCode, Person
from .personal import keyed, normal

# Filled by engine/notify: how a code travels (demo: the SMS outbox). Every sender is called for every code.
code_senders: Registry[CodeSender] = Registry("code_senders")

MINUTES = 5
TRIES = 5
TOO_MANY = _("Too many attempts. Please wait a few minutes and try again.")


def issue_code(purpose: str, contact: str, person: Person | None, network: str, to: str = "") -> str:
    """Send a code and give the ticket it must come back with. `contact` is what was typed: phone or number.

    The phone is the account's own; `to` is for a phone that has no account yet. Without either a code is
    made that nobody gets, so that the answer and its time tell nothing. `Refused` (code `too_many`) past
    the limits.
    """
    index = keyed("contact", f"{purpose}:{normal(contact)}")
    over = [
        limited(f"code:{purpose}:{index}", 5, 3600),
        limited(f"code:network:{network}", 300, 3600),
        limited("code:all", 600, 60),
    ]
    if any(over):
        raise Refused(TOO_MANY, code="too_many")
    ticket, code = new_id(), f"{secrets.randbelow(1_000_000):06d}"
    with system():  # nobody is signed in yet
        OneTimeCode.objects.create(
            public_id=ticket,
            purpose=purpose,
            contact_index=index,
            person=person,
            code_hash=_hash(ticket, code),
            until=now() + timedelta(minutes=MINUTES),
        )
    target = person.phone if person else to
    message = CodeMessage(target, code, purpose, MINUTES, person.ref if person else None)
    for _key, send in code_senders.items():
        send(message)
    return ticket


def redeem_code(ticket: str, purpose: str, code: str, network: str) -> OneTimeCode | None:
    """The code's row if this is the one right and first use; else None, whatever the reason. Counts the
    try."""
    if limited(f"redeem:{network}", 60, 600) or limited("redeem:all", 3000, 60):
        raise Refused(TOO_MANY, code="too_many")
    with system():
        row = _redeemed(ticket, purpose, code)
    if row is not None:
        forgive(f"redeem:{network}")
    return row


def _redeemed(ticket: str, purpose: str, code: str) -> OneTimeCode | None:
    open_ = OneTimeCode.objects.filter(public_id=ticket, purpose=purpose, used=None, until__gt=now())
    if not open_.filter(tries__lt=TRIES).update(tries=F("tries") + 1):
        return None
    row = OneTimeCode.objects.select_related("person").filter(public_id=ticket).first()
    if row is None or not hmac.compare_digest(row.code_hash, _hash(ticket, code.strip())):
        return None
    # Of any number of parallel right codes exactly one update finds `used` empty.
    return row if open_.update(used=now()) else None


def forget_old() -> int:
    """Delete codes a day after they ended; gives their number."""
    gone, _kinds = OneTimeCode.objects.filter(until__lt=now() - timedelta(days=1)).delete()
    return gone


def _hash(ticket: str, code: str) -> str:
    return keyed("code", f"{ticket}:{code}")
