"""The nightly tidying."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import codes, limits
from .sessions import SessionStore


# UTC: five past three at night in China
@app.periodic(cron="5 19 * * *")
@app.task(name="identity:tidy", queue="nightly", queueing_lock="identity:tidy")
def tidy(timestamp: int) -> None:
    """Delete sessions, codes and counters that are over; none of them is a record of anything."""
    codes.forget_old()
    limits.forget_old()
    SessionStore.clear_expired()
