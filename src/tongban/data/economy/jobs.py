"""Scheduled entries of the economy."""

from __future__ import annotations

from procrastinate.contrib.django import app

from tongban.base.kernel.api import system

from .actions import release_due


@app.periodic(cron="* * * * *")
@app.task(name="economy:release", queue="default", queueing_lock="economy:release")
def release_figures(timestamp: int) -> None:
    """Figures whose hour has come become public."""
    with system():
        release_due()
