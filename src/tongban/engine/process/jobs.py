"""The scheduled entry of timers."""

from __future__ import annotations

from procrastinate.contrib.django import app

from .actions import fire_due


@app.periodic(cron="* * * * * */10")
@app.task(name="process:timers", queue="nightly", queueing_lock="process:timers")
def timers(timestamp: int) -> None:
    """Fire what is due. Missed runs need no catching up: timers are rows and wait (R13)."""
    fire_due()
