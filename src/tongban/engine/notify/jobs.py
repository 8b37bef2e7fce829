"""The job that sends."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from .actions import send


@app.task(name="notify:send", queue="notify", retry=RetryStrategy(max_attempts=8, exponential_wait=3))
def send_delivery(delivery: str) -> None:
    """Send one delivery; tried eight times over about an hour, then it stays failed and visible."""
    send(delivery)
