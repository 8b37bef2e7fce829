"""The nightly check of stored content."""

from __future__ import annotations

from procrastinate.contrib.django import app

from tongban.base.kernel.api import system

from .actions import check_fixity, sweep


@app.periodic(cron="40 18 * * *")  # UTC: twenty to three at night in China
@app.task(name="files:fixity", queue="nightly", queueing_lock="files:fixity")
def nightly_fixity(timestamp: int) -> None:
    """Sweep leftovers and hash a part of the store; damage fails the job, so that an administrator sees it."""
    with system():
        sweep()
        damaged = check_fixity()
    if damaged:
        raise RuntimeError(f"{len(damaged)} stored files are damaged or gone")
