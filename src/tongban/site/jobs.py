"""Scheduled entries of the house itself."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import clock


@app.periodic(cron="* * * * *")
@app.task(name="site:clock", queue="nightly", queueing_lock="site:clock")
def watch_clock(timestamp: int) -> None:
    """Once a minute: do program and database still agree on the time? (T46)"""
    clock.watch()
