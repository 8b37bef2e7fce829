"""Telling systems that somebody signed out; the nightly tidying."""

from __future__ import annotations

from oauth2_provider.models import clear_expired
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from tongban.base.kernel.api import system

from . import connections, sign_out, signing


@app.task(name="openid:tell", queue="events", retry=RetryStrategy(max_attempts=8, exponential_wait=3))
def tell(connection: str) -> None:
    sign_out.tell(connection)


# UTC: ten past three at night in China
@app.periodic(cron="10 19 * * *")
@app.task(name="openid:tidy", queue="nightly", queueing_lock="openid:tidy")
def tidy(timestamp: int) -> None:
    """Renew signing keys; delete codes, tokens and connections that are over."""
    with system():
        signing.renew()
        clear_expired()
        connections.forget_old()
