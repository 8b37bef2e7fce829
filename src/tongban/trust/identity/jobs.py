"""The nightly tidying."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import codes, limits
from .authority import sightings
from .authority.reviews import expire_reviews
from .reorganisation.actions import apply_due
from .sessions import SessionStore


# UTC: five past three at night in China
@app.periodic(cron="5 19 * * *")
@app.task(name="identity:tidy", queue="nightly", queueing_lock="identity:tidy")
def tidy(timestamp: int) -> None:
    """Delete sessions, codes and counters that are over; none of them is a record of anything."""
    codes.forget_old()
    expire_reviews()
    sightings.forget_old()
    limits.forget_old()
    SessionStore.clear_expired()


@app.periodic(cron="7 * * * *")
@app.task(name="identity:reorganisations", queue="nightly", queueing_lock="identity:reorganisations")
def reorganisations(timestamp: int) -> None:
    """Apply the approved reorganisations whose day has come."""
    apply_due()


@app.task(name="identity:reorganise", queue="events", retry=RetryStrategy(max_attempts=8, exponential_wait=3))
def reorganise(id: str) -> None:
    """Apply one that was approved on or after its day."""
    apply_due(id)
