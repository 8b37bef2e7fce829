"""The calendar's nightly checks."""

from __future__ import annotations

from procrastinate.contrib.django import app

from tongban.base.kernel.api import system

from .checks import coverage_check, recompute_check


@app.periodic(cron="10 18 * * *")  # UTC: ten past two at night in China
@app.task(name="calendars:check", queue="nightly", queueing_lock="calendars:check")
def nightly_check(timestamp: int) -> None:
    """Compare stored deadlines with their events; a difference fails the job, so that an administrator sees
    it."""
    with system():
        coverage_check()
        differences = recompute_check()
    if differences:
        raise RuntimeError(f"{len(differences)} deadlines do not agree with their events")
