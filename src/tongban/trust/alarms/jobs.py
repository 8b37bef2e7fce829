"""Scheduled entry: the rules once a minute."""

from __future__ import annotations

from procrastinate.contrib.django import app

from tongban.base.kernel.api import system

from . import actions


@app.periodic(cron="* * * * * 30")
@app.task(name="alarms:watch", queue="default", queueing_lock="alarms:watch")
def watch(timestamp: int) -> None:
    """Compare what was recorded lately with what is an alarm."""
    with system():
        actions.watch()
