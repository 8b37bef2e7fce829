"""Scheduled entries of results."""

from __future__ import annotations

from procrastinate.contrib.django import app

from tongban.base.kernel.api import system

from .watching import watch


@app.periodic(cron="40 0 * * *")  # UTC: twenty to nine in China, when offices open
@app.task(name="results:watch", queue="nightly", queueing_lock="results:watch")
def watch_results(timestamp: int) -> None:
    """Results that are about to miss their day, or have missed it."""
    with system():
        watch()
