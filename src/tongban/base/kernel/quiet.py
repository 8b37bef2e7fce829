"""Work under way, and the rare moment in which there must be none: a reorganisation, say.

Every request and job holds `SHARED` for its transaction, taken before any row. Who needs quiet takes it `alone()`: that
waits until all of them are over and holds back those that come, so nobody acts with one foot in the old state. Taken
first by everybody, it can deadlock with no row lock.
"""

from __future__ import annotations

from django.db import OperationalError, connection
from django.utils.translation import gettext_lazy as _

from .data import Refused

_KEY = 74_201
SHARED = f"pg_advisory_xact_lock_shared({_KEY})"


def alone(seconds: int = 10) -> None:
    """Wait until no other work is under way and keep it so until this transaction ends; `Refused` after `seconds`."""
    if not connection.in_atomic_block:
        raise RuntimeError("quiet lasts for a transaction, and there is none")
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{int(seconds)}s'")
            cursor.execute(f"SELECT pg_advisory_xact_lock({_KEY})")
            cursor.execute("SET LOCAL lock_timeout = 0")
    except OperationalError:
        raise Refused(_("Other work takes too long to end. Please try again in a quiet hour."), code="busy") from None
